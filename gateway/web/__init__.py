"""Pages for people and the API for programs."""
