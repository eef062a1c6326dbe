"""How a template reads, for the template lint: the text of a letter with its marked sections, and unknown names.

Unknown names are looked for in the source, so that a branch the sample does not take is looked at too; what only
shows while rendering (a field of a list's item) is found when the sample is composed. Judges nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from html.parser import HTMLParser

import pypdfium2 as pdfium
from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from gateway.domain.templates.template_sample import LetterText
from gateway.ports.renderer import OfficeValues, RenderRequest
from gateway.rendering import reading
from gateway.rendering.catalogue import LETTER, Template

_VOID = frozenset({"br", "img", "meta", "link", "hr", "input", "col"})
_INLINE = frozenset({"strong", "em", "span", "a", "b", "i", "sup", "sub"})
_UNREAD = frozenset({"title", "style"})
_LETTER = frozenset({item.name for item in fields(RenderRequest)} - {"data"})
_OFFICE = frozenset(item.name for item in fields(OfficeValues))
_CONTEXT = frozenset({"letter", "office", "meta", "data", "address", "return_line_pt", "text", "reply_code"})


def letter_text(html: str) -> LetterText:
    """The text of a composed letter and of its sections marked with `data-part`, blanks unified."""
    parser = _Reader()
    parser.feed(html)
    parser.close()
    return LetterText(
        unified("".join(parser.whole)), {name: unified("".join(text)) for name, text in parser.parts.items()}
    )


def paragraphs(html: str) -> list[str]:
    """The text of a composed letter, paragraph by paragraph, however its lines will break."""
    parser = _Reader(between="\n")
    parser.feed(html)
    parser.close()
    return [text for line in "".join(parser.whole).split("\n") if (text := unified(line))]


def page_texts(pdf: bytes) -> list[str]:
    """The text of every page, blanks unified. Raises `DocumentInvalid`."""
    with reading.opened(pdf) as document:
        return [_page_text(page) for page in document]


def _page_text(page: pdfium.PdfPage) -> str:
    return unified(page.get_textpage().get_text_range())


def unified(text: str) -> str:
    """The text with single plain blanks, and without soft hyphens."""
    return " ".join(text.replace("\u00ad", "").split())


class _Reader(HTMLParser):
    """Collects text; a section within a section counts for both."""

    def __init__(self, between: str = " ") -> None:
        super().__init__(convert_charrefs=True)
        self._between = between
        self.whole: list[str] = []
        self.parts: dict[str, list[str]] = {}
        self._open: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self._take(self._between)
        if tag not in _VOID:
            part = dict(attrs).get("data-part")
            self._open.append((tag, part))
            if part is not None:
                self.parts.setdefault(part, [])

    def handle_endtag(self, tag: str) -> None:
        if any(tag == opened for opened, _ in self._open):
            while self._open.pop()[0] != tag:
                pass
        if tag not in _INLINE:
            self._take(self._between)

    def handle_data(self, data: str) -> None:
        if not any(tag in _UNREAD for tag, _ in self._open):
            self._take(data.replace("\n", " "))

    def _take(self, text: str) -> None:
        self.whole.append(text)
        for part in {part for _, part in self._open if part is not None}:
            self.parts[part].append(text)


def unknown_names(environment: Environment, template: Template, modules: Mapping[str, object]) -> list[str]:
    """Names in a template, and in what it takes from `_shared`, that no letter knows; syntax errors with their line."""
    known = {
        "letter": _LETTER,
        "office": _OFFICE,
        "data": frozenset(_properties(template.meta.schema)),
    }
    try:
        sources = list(_sources(environment, f"{template.meta.name}/{LETTER}"))
    except TemplateSyntaxError as error:
        return [f"{error.name or template.meta.name}, Zeile {error.lineno}: {error.message}"]
    found: list[str] = []
    for tree, imported in sources:
        found += _undeclared(tree, environment)
        for use in tree.find_all(nodes.Getattr):
            of = use.node.name if isinstance(use.node, nodes.Name) else ""
            if of in known and use.attr not in known[of] and not (imported and of == "data"):
                found.append(f"{of}.{use.attr}")
        found += [f"|{use.name}" for use in tree.find_all(nodes.Filter) if use.name not in environment.filters]
        found += [f"is {use.name}" for use in tree.find_all(nodes.Test) if use.name not in environment.tests]
        found += [f"text('{module}')" for module in _modules_used(tree) if module not in modules]
    return list(dict.fromkeys(found))


def _sources(
    environment: Environment, name: str, *, imported: bool = False, seen: set[str] | None = None
) -> Iterator[tuple[nodes.Template, bool]]:
    """The template's tree, and those it extends, includes or imports by a fixed name, and whether one is imported.

    Of imported macros nobody knows which are called: what they ask of the data shows when the sample is composed.
    """
    seen = set() if seen is None else seen
    if environment.loader is None or name in seen:
        return
    seen.add(name)
    source, _, _ = environment.loader.get_source(environment, name)
    tree = environment.parse(source, name)
    yield tree, imported
    macros = {item.template.value for item in _imports(tree) if isinstance(item.template, nodes.Const)}
    for other in meta.find_referenced_templates(tree):
        if other is not None:
            yield from _sources(environment, other, imported=imported or other in macros, seen=seen)


def _imports(tree: nodes.Template) -> Iterator[nodes.Import | nodes.FromImport]:
    yield from tree.find_all(nodes.Import)
    yield from tree.find_all(nodes.FromImport)


def _undeclared(tree: nodes.Template, environment: Environment) -> list[str]:
    """Names that nothing in the source defines; jinja takes those that another block sets for undeclared."""
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    own |= {item.target for item in tree.find_all(nodes.Import)}
    own |= {macro.name for macro in tree.find_all(nodes.Macro)}
    for item in tree.find_all(nodes.FromImport):
        own |= {name if isinstance(name, str) else name[1] for name in item.names}
    undeclared = meta.find_undeclared_variables(tree) - own - _CONTEXT - environment.globals.keys()
    return sorted(undeclared - {"self", "super", "caller", "loop"})


def _modules_used(tree: nodes.Template) -> Iterator[str]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "text" and call.args:
            for constant in [call.args[0], *call.args[0].find_all(nodes.Const)]:
                if isinstance(constant, nodes.Const) and re.fullmatch(r"[a-z][a-z0-9-]+", str(constant.value)):
                    yield str(constant.value)


def _properties(schema: Mapping[str, object]) -> Mapping[str, object]:
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}
