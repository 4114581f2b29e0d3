"""Operating-system processes: the fork server, one child, and the conversation with it."""
