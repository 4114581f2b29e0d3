"""From the outbox to one plugin, in order, at least once; and the record of how it went."""
