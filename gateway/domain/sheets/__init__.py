"""The sheet in its envelope: its geometry, what the window shows, and what must not stand on it."""
