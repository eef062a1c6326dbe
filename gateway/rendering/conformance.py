"""What a print copy may still claim of its documents' PDF/A and PDF/UA conformance.

A piece of one document keeps every claim: the codes are artifacts, in grey, with an embedded font. A piece of
several documents loses the structure trees of all (they are not merged), and with them PDF/UA and level A;
what remains is level U, or B, if all documents claim the same part with the same output intent. Otherwise the
PDF/A claim goes too: a claim that is not true is worse than none. Only the print copy is concerned; the archived
documents stay as they are.
"""

import hashlib
from collections.abc import Sequence

import pikepdf

_PART, _LEVEL = "{http://www.aiim.org/pdfa/ns/id/}part", "{http://www.aiim.org/pdfa/ns/id/}conformance"
_UA_KEYS = tuple("{http://www.aiim.org/pdfua/ns/id/}" + key for key in ("part", "amd", "corr", "rev"))


def claimed(pdf: pikepdf.Pdf) -> tuple[str, str] | None:
    """(part, level) of PDF/A that the document claims, such as ('2', 'A'), or None."""
    if "/Metadata" not in pdf.Root:
        return None
    # Without `with`: read only, the document's metadata stay as they are, byte for byte.
    xmp = pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False)
    part, level = xmp.get(_PART), xmp.get(_LEVEL)
    return (str(part), str(level).upper()) if part and level else None


def common_claim(documents: Sequence[pikepdf.Pdf]) -> tuple[str, str] | None:
    """The highest PDF/A claim that holds for all documents without their structure trees, or None."""
    claims = [claim for claim in map(claimed, documents) if claim is not None]
    same_part = len(claims) == len(documents) and len({part for part, _ in claims}) == 1
    if not same_part or len({_output_intent(document) for document in documents}) != 1:
        return None
    part = claims[0][0]
    keeps_unicode = part != "1" and all(level in {"A", "U"} for _, level in claims)
    return part, "U" if keeps_unicode else "B"


def drop_structure(pdf: pikepdf.Pdf, claim: tuple[str, str] | None) -> None:
    """Take the structure tree out of a piece of several documents and claim `claim` instead."""
    for key in ("/StructTreeRoot", "/MarkInfo"):
        if key in pdf.Root:
            del pdf.Root[key]
    for page in pdf.pages:
        for key in ("/StructParents", "/Tabs"):
            if key in page.obj:
                del page.obj[key]
    if "/Metadata" not in pdf.Root:
        return
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        for key in _UA_KEYS + (() if claim else (_PART, _LEVEL)):
            if key in xmp:
                del xmp[key]
        if claim:
            xmp[_PART], xmp[_LEVEL] = claim


def _output_intent(pdf: pikepdf.Pdf) -> str:
    """A hash of the document's colour profiles; documents with other profiles mean other colours."""
    profiles = (
        intent.DestOutputProfile.read_bytes()
        for intent in pdf.Root.get("/OutputIntents", [])
        if "/DestOutputProfile" in intent
    )
    return hashlib.sha256(b"\0".join(profiles)).hexdigest()
