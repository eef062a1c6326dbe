"""What the rows say of one letter, copy, piece or scan: asked by every use case, and nothing here writes."""
