"""Addresses to which nothing goes any more, and what waits for them."""
