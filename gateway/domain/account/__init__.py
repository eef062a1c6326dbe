"""Every copy accounted for, and proven to anybody."""
