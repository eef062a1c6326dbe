"""Postal addresses: their text, their places, and what a window cannot carry."""
