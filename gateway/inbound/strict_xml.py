"""XML from outside: no document type, so no entities and nothing fetched; not deep, not large. Judges no content."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

MOST_LEVELS = 20
MAX_BYTES = 50_000_000


class NotXml(ValueError):
    """The bytes are no XML that is read here; the message says why, in German, without any of their content."""


class _Builder(ElementTree.TreeBuilder):
    """Refuses document types and depth while the parser runs, before anything could grow."""

    def __init__(self) -> None:
        super().__init__()
        self._levels = 0

    def doctype(self, *_: object) -> None:
        raise NotXml("mit Dokumenttyp")

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._levels += 1
        if self._levels > MOST_LEVELS:
            raise NotXml("zu tief geschachtelt")
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
