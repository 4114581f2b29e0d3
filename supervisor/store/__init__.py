"""What is known of installed plugins and their deliveries: rows of the help desk's database."""
