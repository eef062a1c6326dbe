"""Returned mail: recognised, decided about, replaced."""
