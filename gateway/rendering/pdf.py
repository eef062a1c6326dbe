"""From HTML to PDF/A-2a that is also PDF/UA-1: same input, same bytes, on the same installation.

WeasyPrint gets no network, no files and no system fonts: only the two letter fonts and `data:` pictures. What it
would merely log (a picture that cannot be read, a style it does not know) is an error here, and the finished
bytes are checked once more for fonts and tags.
"""

import base64
import hashlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pikepdf
import pydyf  # type: ignore[import-untyped]

from gateway.errors import RenderError
from gateway.rendering.fonts import (
    FONT_FAMILY,
    default_fonts_dir,
    fonts_version,
    unpacked_fonts,
    without_system_fonts,
)

with warnings.catch_warnings():
    # A machine without any installed font is welcome: none of them would be used.
    warnings.filterwarnings("ignore", message=r"No fonts configured|FontConfig cannot load")
    import weasyprint
    from weasyprint.css import ColorProfile
    from weasyprint.text.ffi import harfbuzz, pango
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

VARIANT = "pdf/a-2a"
STYLE = "letter.css"
FONT_SCHEME = "letter-font:"

_INTENT = "letter-srgb"
"""Name of our output intent. WeasyPrint's own, `srgb`, opens its profile anew for each document and never closes it."""

_SRGB = files("weasyprint.pdf").joinpath("sRGB2014.icc").read_bytes()

_RDF_OPEN = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
_PDF_UA = (
    _RDF_OPEN
    + b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about=""
 xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 to which the document conforms</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
</rdf:RDF>"""
)
"""PDF/UA identifier, and the schema description that PDF/A (ISO 19005-2, 6.6.2.3) asks for it."""
_PDF_UA_URL = "data:application/rdf+xml;base64," + base64.b64encode(_PDF_UA).decode()


class _AssetForbidden(FatalURLFetchingError):  # type: ignore[misc]
    """Something other than a letter font or a data picture was asked for; stops the rendering."""


class _LettersOnly(URLFetcher):  # type: ignore[misc]
    """Serves the two fonts and `data:` addresses, nothing else, and never the network."""

    def __init__(self, fonts: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self._fonts = fonts

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """The bytes behind `url`. Raises `_AssetForbidden` with its scheme only: a path may tell too much."""
        if url.startswith("data:"):
            return super().fetch(url, headers)
        name = url.removeprefix(FONT_SCHEME)
        if url.startswith(FONT_SCHEME) and name in self._fonts:
            return URLFetcherResponse(url, self._fonts[name], {"Content-Type": "font/ttf"})
        raise _AssetForbidden(urlsplit(url).scheme or "relative")


class _Complaints(logging.Handler):
    """Collects what WeasyPrint complains about while one document is made."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.templates: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.templates.append(str(record.msg))


class PdfWriter:
    """Writes letters. Keeps fonts and style between documents; not for use by two threads at once."""

    def __init__(self, *styles: Path, fonts_dir: Path | None = None) -> None:
        """Read `styles` (CSS files, a later one adds to those before it) and the fonts."""
        folder = fonts_dir or default_fonts_dir()
        self._fetcher = _LettersOnly(unpacked_fonts(folder))
        with without_system_fonts():
            self._font_config = FontConfiguration()
        source = "\n".join(style.read_text("utf-8") for style in styles)
        with _complaints_are_errors():
            self._style = weasyprint.CSS(
                string=source, font_config=self._font_config, url_fetcher=self._fetcher
            )
        self.versions: Mapping[str, str] = {
            "weasyprint": weasyprint.__version__,
            "pango": _pango_version(),
            "harfbuzz": _harfbuzz_version(),
            "fonts": fonts_version(folder),
        }

    def write(self, html: str) -> tuple[bytes, int]:
        """The PDF and its number of pages.

        Raises `RenderError`: `asset-forbidden`, `asset-missing`, `style-invalid`, `font-foreign`, `not-tagged`.
        """
        identifier = hashlib.sha256(f"{sorted(self.versions.items())}{html}".encode()).digest()[:16]
        with _complaints_are_errors():
            document = weasyprint.HTML(string=html, url_fetcher=self._fetcher).render(
                font_config=self._font_config,
                stylesheets=[self._style],
                pdf_variant=VARIANT,
                color_profiles={_INTENT: _srgb()},
                output_intent=_INTENT,
            )
            pdf = document.write_pdf(
                pdf_variant=VARIANT,
                pdf_tags=True,
                output_intent=_INTENT,
                pdf_identifier=identifier,
                xmp_metadata=[_PDF_UA_URL],
                finisher=_one_rdf,
            )
        with pikepdf.open(io.BytesIO(pdf)) as written:
            _prove(written, len(document.pages))
            return _packed(written), len(document.pages)


def _srgb() -> ColorProfile:
    """The profile that comes with WeasyPrint, new for each document: one that was written once gives other bytes."""
    return ColorProfile(io.BytesIO(_SRGB), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))


@contextmanager
def _complaints_are_errors() -> Iterator[None]:
    logger = logging.getLogger("weasyprint")
    complaints = _Complaints()
    logger.addHandler(complaints)
    try:
        yield
    except _AssetForbidden as refused:
        raise RenderError(
            "asset-forbidden",
            f"Die Vorlage verweist auf etwas außerhalb der Vorlage ({refused}). Erlaubt sind nur eingebettete Bilder.",
        ) from None
    finally:
        logger.removeHandler(complaints)
    if complaints.templates:
        _complain(complaints.templates[0])


def _complain(template: str) -> NoReturn:
    """`template` is the format of WeasyPrint's log line without its values, which may come from a letter."""
    if any(
        word in template for word in ("Failed to load", "cannot be loaded", "Relative URI", "no required alt")
    ):
        raise RenderError(
            "asset-missing", "Ein Bild oder eine Schrift der Vorlage fehlt oder ist nicht lesbar."
        )
    raise RenderError("style-invalid", f"Die Vorlage enthält etwas, das der Satz nicht versteht: „{template}“.")


def _one_rdf(_: object, pdf: pydyf.PDF) -> None:
    """Join the two RDF blocks of the metadata: readers look at the first one only (XMP allows just one)."""
    joint = b"</rdf:RDF>\n" + _RDF_OPEN
    for part in pdf.objects:
        if isinstance(part, pydyf.Stream) and part.extra.get("Type") == "/Metadata":
            content = b"".join(part.stream)
            if content.count(joint) != 1:
                raise RenderError("metadata-unexpected", "Die Metadaten des PDF haben eine unbekannte Form.")
            part.stream = [content.replace(joint, b"")]


def _prove(document: pikepdf.Pdf, pages: int) -> None:
    """Look once more at what was written: our fonts only, embedded, tagged, every page there."""
    if len(document.pages) != pages or "/StructTreeRoot" not in document.Root:
        raise RenderError("not-tagged", "Das erzeugte PDF ist unvollständig. Bitte erneut versuchen.")
    for part in document.objects:
        if isinstance(part, pikepdf.Dictionary) and part.get("/Type") == "/FontDescriptor":
            _prove_font(part)


def _packed(document: pikepdf.Pdf) -> bytes:
    """The same objects and streams, a hundred objects to a pack.

    WeasyPrint packs all objects of a document together, nine of ten of them structure, and whoever wants to print or
    read one page has to unpack them all.
    """
    packed = io.BytesIO()
    document.save(
        packed,
        deterministic_id=True,
        fix_metadata_version=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )
    return packed.getvalue()


def _prove_font(descriptor: pikepdf.Dictionary) -> None:
    family = str(descriptor["/FontName"]).partition("+")[2]
    if not family.startswith(FONT_FAMILY.replace(" ", "-")) or "/FontFile2" not in descriptor:
        raise RenderError("font-foreign", "Das Schreiben verwendet eine andere als die Briefschrift.")


def _pango_version() -> str:
    number = pango.pango_version()
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def _harfbuzz_version() -> str:
    """WeasyPrint binds only the question "at least this version?"; ask upwards, part by part."""
    parts: list[int] = []
    for _ in range(3):
        upwards = (
            value for value in range(200, -1, -1) if harfbuzz.hb_version_atleast(*(*parts, value, 0, 0)[:3])
        )
        parts.append(next(upwards))
    return ".".join(map(str, parts))
