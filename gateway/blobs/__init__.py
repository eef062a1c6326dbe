"""Adapters for document storage, one file each."""
