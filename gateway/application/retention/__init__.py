"""What is held, for how long, and how it goes: rules of retention, locks, information about one's own data."""
