"""One letter from the case view to its approval."""
