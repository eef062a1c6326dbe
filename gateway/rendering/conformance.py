"""What a print copy may still claim of its documents' PDF/A and PDF/UA conformance.

Paper has no tags: the print copy is made of pages alone, without the structure tree (nine of ten objects of a letter),
and so neither claims PDF/UA nor level A. What remains is level U, or B, if all documents claim the same
part with the same output intent; the codes are in grey, with an embedded font. Otherwise the PDF/A claim goes too: a
claim that is not true is worse than none. That claim is all that the metadata of a print copy say: who prints need not
know title or author. The archived documents stay as they are.

`to_1b` takes a print copy to PDF/A-1b, which some providers ask for: only by leaving out what does not print and
declaring what holds, never by changing a picture, a font or a colour. What would need that is refused.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from itertools import chain

import pikepdf
from fontTools.ttLib import TTFont

from gateway.errors import RenderError
from gateway.rendering import structure

_PART, _LEVEL = "{http://www.aiim.org/pdfa/ns/id/}part", "{http://www.aiim.org/pdfa/ns/id/}conformance"
_OF_OUTPUT_INTENT = (
    *("/Type", "/S", "/OutputCondition", "/OutputConditionIdentifier", "/RegistryName", "/Info"),
    "/DestOutputProfile",
)
_PARTS, _LEVELS = frozenset({"1", "2", "3"}), frozenset({"A", "B", "U"})


def claimed(pdf: pikepdf.Pdf) -> tuple[str, str] | None:
    """(part, level) of PDF/A that the document claims, such as ('2', 'A'), or None."""
    if "/Metadata" not in pdf.Root:
        return None
    # Without `with`: read only, the document's metadata stay as they are, byte for byte.
    xmp = pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False)
    part, level = str(xmp.get(_PART)), str(xmp.get(_LEVEL)).upper()
    return (part, level) if part in _PARTS and level in _LEVELS else None


def common_claim(documents: Sequence[pikepdf.Pdf]) -> tuple[str, str] | None:
    """The highest PDF/A claim that holds for all documents without their structure trees, or None."""
    claims = [claim for claim in map(claimed, documents) if claim is not None]
    same_part = len(claims) == len(documents) and len({part for part, _ in claims}) == 1
    if not same_part or len({_output_intent(document) for document in documents}) != 1:
        return None
    part = claims[0][0]
    keeps_unicode = part != "1" and all(level in {"A", "U"} for _, level in claims)
    return part, "U" if keeps_unicode else "B"


def declare(pdf: pikepdf.Pdf, documents: Sequence[pikepdf.Pdf], claim: tuple[str, str] | None) -> None:
    """Let a print copy made of pages of `documents` claim `claim`, with the output intent that they share."""
    for page in pdf.pages:
        _drop(page.obj, ("/StructParents", "/Tabs"))
    if claim:
        intents = documents[0].Root.get("/OutputIntents", pikepdf.Array())
        pdf.Root.OutputIntents = pikepdf.Array([_copied(pdf, intent) for intent in intents])
        _claim(pdf, claim)


def _copied(pdf: pikepdf.Pdf, intent: pikepdf.Object) -> pikepdf.Object:
    found = {key: intent[key] for key in _OF_OUTPUT_INTENT if key in intent}
    return pikepdf.Dictionary(
        {key: pdf.copy_foreign(value) if value.is_indirect else value for key, value in found.items()}
    )


def _claim(pdf: pikepdf.Pdf, claim: tuple[str, str]) -> None:
    part, level = claim
    xmp = _XMP.format(part=part, level=level).encode("utf-8")
    pdf.Root.Metadata = pdf.make_stream(xmp, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML)


def _output_intent(pdf: pikepdf.Pdf) -> str:
    """A hash of the document's colour profiles; documents with other profiles mean other colours."""
    profiles = (
        intent.DestOutputProfile.read_bytes()
        for intent in pdf.Root.get("/OutputIntents", [])
        if "/DestOutputProfile" in intent
    )
    return hashlib.sha256(b"\0".join(profiles)).hexdigest()


_DROPPED_OF_PAGE = ("/Annots", "/AA", "/Metadata", "/PieceInfo", "/StructParents", "/Tabs")
_FORBIDDEN_FILTERS = {"/JPXDecode", "/LZWDecode", "/Crypt"}
_NEWEST_ICC = 2
"""PDF 1.4 knows profiles of ICC version 2."""
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 pdfaid:part="{part}" pdfaid:conformance="{level}"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def to_1b(pdf: pikepdf.Pdf) -> None:
    """Make a print copy that claims PDF/A-2 or -3 (or -1) a PDF/A-1b file (ISO 19005-1), to be saved as PDF 1.4.

    Links without trace on paper are left out: they do not print.
    Raises `RenderError` ('pdf-a-1b-impossible') where that is not enough.
    """
    for page in pdf.pages:
        if structure.is_transparent(structure.resources(page)):
            raise _impossible("Transparenz")
        if any(not structure.is_invisible_link(each) for each in page.obj.get("/Annots", [])):
            raise _impossible("Anmerkungen")
        _drop(page.obj, _DROPPED_OF_PAGE)
        _drop_group(page.obj)
        for stream in structure.drawn(structure.resources(page)):
            _check_stream(stream)
            _drop(stream, ("/Metadata", "/PieceInfo", "/StructParents", "/StructParent"))
            _drop_group(stream)
    for profile in _icc_profiles(pdf):
        if profile.read_bytes()[8:9] > bytes([_NEWEST_ICC]):
            raise _impossible("ein Farbprofil neuerer Art")
    for font in _fonts(pdf):
        _declare_font(pdf, font)
    _claim(pdf, ("1", "B"))


def _impossible(what: str) -> RenderError:
    return RenderError(
        "pdf-a-1b-impossible",
        f"Die Druckfassung kann nicht wahrheitsgemäß PDF/A-1b werden, das der Druckdienstleister verlangt ({what}). "
        "Bitte das Dokument als PDF/A-1b oder ohne dieses Merkmal neu erzeugen.",
    )


def _drop(thing: pikepdf.Object, keys: Sequence[str]) -> None:
    for key in keys:
        if key in thing:
            del thing[key]


def _drop_group(thing: pikepdf.Object) -> None:
    """A transparency group without transparency in it changes nothing on paper."""
    if "/Group" in thing and thing.Group.get("/S") == "/Transparency":
        del thing["/Group"]


def _check_stream(stream: pikepdf.Object) -> None:
    if _FORBIDDEN_FILTERS.intersection(structure.filters(stream)):
        raise _impossible("eine Art der Bildpackung, die es dort nicht gibt")
    if int(stream.get("/BitsPerComponent", 8)) > 8:
        raise _impossible("ein Bild mit mehr als 8 Bit je Farbe")
    if any(key in stream for key in ("/OPI", "/Alternates", "/PS", "/OC")) or bool(
        stream.get("/Interpolate", False)
    ):
        raise _impossible("ein Bild, dessen Wiedergabe vom Programm abhängt")


def _resources(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    for page in pdf.pages:
        found = structure.resources(page)
        yield found
        yield from (stream.Resources for stream in structure.drawn(found) if "/Resources" in stream)


def _fonts(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """Every font once, in a stable order."""
    found = chain.from_iterable(part.get("/Font", {}).values() for part in _resources(pdf))
    return list({font.objgen if font.is_indirect else id(font): font for font in found}.values())


def _icc_profiles(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    for intent in pdf.Root.get("/OutputIntents", []):
        if "/DestOutputProfile" in intent:
            yield intent.DestOutputProfile
    spaces = chain.from_iterable(part.get("/ColorSpace", {}).values() for part in _resources(pdf))
    pictures = (
        stream.ColorSpace
        for page in pdf.pages
        for stream in structure.drawn(structure.resources(page))
        if "/ColorSpace" in stream
    )
    for space in chain(spaces, pictures):
        if isinstance(space, pikepdf.Array) and space[0] == "/ICCBased":
            yield space[1]


def _declare_font(pdf: pikepdf.Pdf, font: pikepdf.Object) -> None:
    """PDF/A-1 wants to be told which glyphs a cut down composite font has (6.3.5)."""
    if font.get("/Subtype") != "/Type0":
        return
    inner = font.DescendantFonts[0]
    descriptor = inner.FontDescriptor
    if "/FontFile2" not in descriptor or inner.get("/CIDToGIDMap") != "/Identity":
        if "/CIDSet" not in descriptor:
            raise _impossible("eine Schrift, deren Zeichen nicht erklärt sind")
        return
    with TTFont(io.BytesIO(descriptor.FontFile2.read_bytes()), lazy=True) as face:
        count = face["maxp"].numGlyphs
    bits = (1 << count) - 1 << (-count % 8)
    descriptor.CIDSet = pdf.make_stream(bits.to_bytes((count + 7) // 8, "big"))
