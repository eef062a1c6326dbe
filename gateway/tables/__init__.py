"""Reading the tables of mass mailings: one file a format."""
