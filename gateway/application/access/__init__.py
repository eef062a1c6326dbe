"""Who acts, and may they: users, roles and offices, taken over or added, and tokens of other systems."""
