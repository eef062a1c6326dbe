"""Mass mailings (*Serienbriefe*): a table of rows becomes letters."""
