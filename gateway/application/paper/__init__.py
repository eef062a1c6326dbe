"""The paper behind the scans: kept, recalled, released and destroyed after its term."""
