"""Finished PDFs and enclosures as they come in: how large one may be, and what its letter is called.

Only names and numbers; what is looked at in the file is `rendering.intake`.
"""

FINISHED_PDF = "finished-pdf"
"""Stands where a letter names its template: the document came finished and is never rendered."""

MAX_UPLOAD_BYTES = 20_000_000
"""E-POSTBUSINESS takes no larger letter, so nothing larger is taken in."""
