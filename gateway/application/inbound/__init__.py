"""Inbound documents: matched, placed in their cases, moved, and what they answer."""
