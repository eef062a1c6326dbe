"""Protocols for what has more than one implementation; values only, no implementation here."""
