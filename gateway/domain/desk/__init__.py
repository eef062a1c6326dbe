"""What a person must decide, how long others may be silent before, and what may safely be done."""
