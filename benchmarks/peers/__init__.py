"""Programs that rows are compared with. Each runs by itself, and speaks ``protocol``."""
