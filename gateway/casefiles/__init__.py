"""Adapters for digital case files, one file each."""
