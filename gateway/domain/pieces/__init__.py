"""Mail pieces: what goes into one envelope, how it travels, with whom, and what it costs."""
