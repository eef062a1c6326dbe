"""Scan deliveries, and the cases that their documents belong to."""
