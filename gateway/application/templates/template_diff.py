"""Comparing two versions of a template: how the sample letter reads, what the sources say, and how the pages look.

Both versions print the same sample, the new one's, if it fits the old one; so that what differs is the template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from gateway.application.services import Services
from gateway.application.templates.linting import sample_request
from gateway.application.templates.publishing import in_folder
from gateway.application.templates.versions import at_hand, find_row, newest
from gateway.domain.templates.text_diff import Row, changed, side_by_side, unified
from gateway.errors import DataInvalid, NotFound
from gateway.ports.renderer import PagePair, RenderRequest, TemplateMeta

FOLDER = "ordner"
"""How people name what lies in the authors' folder."""


@dataclass(frozen=True)
class SourceChange:
    """A file that differs."""

    path: str
    rows: Sequence[Row]
    unified: str


@dataclass(frozen=True)
class TemplateDiff:
    """Everything that differs between two versions of a template."""

    old: TemplateMeta
    new: TemplateMeta
    same_sample: bool
    """False: each version printed its own sample, because the new one's does not fit the old version."""
    before: Sequence[str]
    after: Sequence[str]
    """How the sample letter reads, paragraph by paragraph."""
    sources: Sequence[SourceChange]
    pages: Sequence[PagePair]

    @cached_property
    def rows(self) -> list[Row]:
        """The sample letter's paragraphs side by side, with what surrounds a change."""
        return side_by_side(self.before, self.after, context=1)

    @property
    def unified(self) -> str:
        """The sample letter's paragraphs as a unified diff."""
        return unified(self.before, self.after, self.old.version, self.new.version)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs that anybody could see."""
        return not self.sources and not changed(self.rows) and not any(page.changes for page in self.pages)


def diff_versions(
    services: Services, template: str, old: str | None = None, new: str | None = None
) -> TemplateDiff:
    """Compare two versions; `old` None is the newest published, `new` None what lies in the authors' folder.

    'ordner' names the folder, too. Raises `NotFound` ('template-version-unknown'), `Conflict`
    ('template-not-published'), `RenderError` if one of them cannot be rendered.
    """
    before, after = _published(services, template, old), version_meta(services, template, new)
    ours, theirs, same = _requests(services, before, after)
    document, other = services.renderer.render(ours), services.renderer.render(theirs)
    return TemplateDiff(
        before,
        after,
        same,
        services.renderer.read_paragraphs(ours),
        services.renderer.read_paragraphs(theirs),
        _sources(services, before, after),
        services.renderer.compare(document.pdf, other.pdf),
    )


def version_meta(services: Services, template: str, version: str | None) -> TemplateMeta:
    """A version by its name; None or 'ordner' is what lies in the authors' folder."""
    if version in {None, FOLDER}:
        return in_folder(services, template)
    with services.db.reading() as session:
        row = find_row(session, template, str(version))
        if row is not None:
            return at_hand(services, row)
    present = in_folder(services, template)
    if present.version != version:
        raise NotFound(
            "template-version-unknown",
            f"Die Version {version} der Vorlage „{template}“ gibt es nicht. Alle zeigt: gateway templates list",
        )
    return present


def _published(services: Services, template: str, version: str | None) -> TemplateMeta:
    if version is not None:
        return version_meta(services, template, version)
    with services.db.reading() as session:
        return newest(session, services, template)


def _requests(
    services: Services, old: TemplateMeta, new: TemplateMeta
) -> tuple[RenderRequest, RenderRequest, bool]:
    try:
        services.renderer.validate(old.name, new.sample, old.version)
    except DataInvalid:
        return sample_request(old), sample_request(new), False
    return sample_request(old, data=new.sample), sample_request(new), True


def _sources(services: Services, old: TemplateMeta, new: TemplateMeta) -> list[SourceChange]:
    before = services.renderer.template_sources(old.name, old.version)
    after = services.renderer.template_sources(new.name, new.version)
    found = []
    for path in sorted(before.keys() | after.keys()):
        ours, theirs = before.get(path, "").splitlines(), after.get(path, "").splitlines()
        if ours != theirs:
            rows = side_by_side(ours, theirs, context=2)
            found.append(SourceChange(path, rows, unified(ours, theirs, path, path)))
    return found
