"""Returned mail, and addresses to which nothing goes any more."""
