"""Scan deliveries: brought here, proven, taken in or refused, answered."""
