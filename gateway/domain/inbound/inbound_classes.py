"""Classes of scanned documents, as scan providers name them in their manifests; others are treated as a letter."""

LETTER = "letter"
REPLY_SLIP = "reply-slip"
RETURNED_MAIL = "returned-mail"
"""A letter of ours that could not be delivered."""
CERTIFICATE_OF_SERVICE = "certificate-of-service"
"""A *Zustellungsurkunde* or a *Rückschein*."""
ORIGINAL = "original"
"""Identity papers, savings books and the like: the paper goes back to the citizen."""
UNKNOWN = "unknown"

KNOWN = frozenset({LETTER, REPLY_SLIP, RETURNED_MAIL, CERTIFICATE_OF_SERVICE, ORIGINAL, UNKNOWN})


def known_class(named: str) -> str:
    """The class under which a document is worked on: its own, or letter for one that nobody agreed on."""
    return named if named in KNOWN else LETTER
