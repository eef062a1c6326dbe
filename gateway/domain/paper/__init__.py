"""The paper behind the scans: kept, recalled, destroyed."""
