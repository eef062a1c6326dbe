"""One letter from the case view to its approval, held back or let go."""
