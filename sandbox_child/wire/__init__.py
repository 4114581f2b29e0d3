"""The wire protocol between the supervisor and a child: pure, no I/O, shared by both sides."""
