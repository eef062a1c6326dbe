"""What letters are made from: templates, their lint, and the tables and figures that fill them."""
