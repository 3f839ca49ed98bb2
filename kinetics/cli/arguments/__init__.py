"""What the command is given."""
