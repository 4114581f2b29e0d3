"""Real mail servers on loopback: SMTP in a process of its own, and Debian's Dovecot for IMAP."""
