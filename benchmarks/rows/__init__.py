"""One small program a row: each has ``measure(bench)`` and returns the rows that it made."""
