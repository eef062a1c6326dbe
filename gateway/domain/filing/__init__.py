"""What belongs into the case file, and what is said about it."""
