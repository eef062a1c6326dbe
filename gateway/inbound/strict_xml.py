"""XML from outside: no document type, so no entities and nothing fetched; not deep, not large. Judges no content."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

MOST_LEVELS = 20
MOST_ELEMENTS = 500_000
"""In memory each is many times as large as it is written."""
MAX_BYTES = 50_000_000


class NotXml(ValueError):
    """The bytes are no XML that is read here; the message says why, in German, without any of their content."""


class _Builder(ElementTree.TreeBuilder):
    """Refuses document types, depth and numbers while the parser runs, before anything could grow."""

    def __init__(self) -> None:
        super().__init__()
        self._levels = 0
        self._elements = 0

    def doctype(self, *_: object) -> None:
        raise NotXml("mit Dokumenttyp")

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._levels += 1
        self._elements += 1
        if self._levels > MOST_LEVELS:
            raise NotXml("zu tief geschachtelt")
        if self._elements > MOST_ELEMENTS:
            raise NotXml("zu viele Elemente")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._levels -= 1
        return super().end(tag)


def parse_xml(content: bytes) -> Element:
    """The root element. Raises `NotXml`."""
    if len(content) > MAX_BYTES:
        raise NotXml("zu groß")
    parser = ElementTree.XMLParser(target=_Builder())  # noqa: S314 - the builder refuses document types
    try:
        parser.feed(content)
        root = parser.close()
    except NotXml:
        raise
    except (ElementTree.ParseError, LookupError, ValueError):
        raise NotXml("kein XML") from None
    return root


def local(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def parts(element: Element) -> dict[str, Element]:
    """Its children by name. Raises `NotXml` if there are two of a name: nobody knows which is meant."""
    found = {local(child.tag): child for child in element}
    if len(found) != len(element):
        raise NotXml("eine Angabe steht zweimal")
    return found


def fields(element: Element) -> dict[str, str]:
    """Attributes, and children with text alone, by name with underscores. Raises `NotXml` for a name that is twice."""
    said = [
        *element.attrib.items(),
        *((child.tag, child.text or "") for child in element if not len(child)),
    ]
    found = {local(name).replace("-", "_"): text.strip() for name, text in said}
    if len(found) != len(said):
        raise NotXml("eine Angabe steht zweimal")
    return found
