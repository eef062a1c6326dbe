"""From template and data to archived, checked and print-ready PDFs."""
