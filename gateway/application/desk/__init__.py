"""The desk (*Klärungsliste*): what stands still until a person decides, and what the decision does."""
