"""Showing templates: which there are, which version is in force, and what lies in the authors' folder."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, select

from gateway.application.services import Services
from gateway.application.templates.versions import find_rows, newest_row
from gateway.application.templates.withdrawing import ill_letters
from gateway.db.templates import TemplateVersion
from gateway.domain.templates.publishing import VersionState
from gateway.errors import NotFound, RenderError
from gateway.ports.renderer import TemplateMeta

DRAFT = "draft"
"""State of what lies in the authors' folder and was never proposed."""


@dataclass(frozen=True)
class TemplateView:
    """One template."""

    name: str
    title: str
    folder: TemplateMeta | None
    """What lies in the authors' folder; None if nothing does, or nothing usable."""
    fault: str | None
    """Why what lies in the folder cannot be used."""
    in_force: TemplateVersion | None
    """The version that new letters are written from."""
    versions: Sequence[TemplateVersion]
    """Everything that left the authors' desk, newest first."""

    @property
    def state(self) -> str:
        """Of what lies in the folder: a state, or 'draft'; of a template without one, its last version's."""
        if self.folder is None:
            return self.versions[0].state.value if self.versions and not self.fault else DRAFT
        return self.state_of(self.folder.version)

    @property
    def has_draft(self) -> bool:
        """Whether the folder has what was never proposed."""
        return self.folder is not None and self.state == DRAFT

    @property
    def proposed(self) -> list[TemplateVersion]:
        """What waits to be published."""
        return [row for row in self.versions if row.state is VersionState.PROPOSED]

    @property
    def checked(self) -> TemplateVersion | None:
        """The row of what lies in the folder, else of what is in force: it says what the lint found."""
        wanted = self.folder.version if self.folder else self.in_force.version if self.in_force else None
        return next((row for row in self.versions if row.version == wanted), None)

    def state_of(self, version: str) -> str:
        """The state of a version."""
        return next((row.state.value for row in self.versions if row.version == version), DRAFT)


def list_templates(services: Services) -> list[TemplateView]:
    """Every template that lies in the folder or was ever proposed, by name."""
    with services.db.reading() as session:
        known = set(session.exec(select(TemplateVersion.template)).all())
        return [
            _view(session, services, name) for name in sorted(known | {*services.renderer.template_names()})
        ]


def template_view(services: Services, name: str) -> TemplateView:
    """One template. Raises `NotFound`."""
    with services.db.reading() as session:
        view = _view(session, services, name)
    if not view.versions and view.folder is None and view.fault is None:
        raise NotFound("template-unknown", "Diese Vorlage gibt es nicht.")
    return view


def ill_count(services: Services, name: str) -> int:
    """How many letters of withdrawn versions wait to be healed."""
    return len(ill_letters(services, name))


def _view(session: Session, services: Services, name: str) -> TemplateView:
    rows = find_rows(session, name)
    folder, fault = None, None
    try:
        folder = services.renderer.template(name)
    except RenderError as error:
        fault = error.message
    except NotFound:
        pass  # the folder is gone; its letters are rendered from what was kept
    title = folder.title if folder else rows[0].title if rows else name
    return TemplateView(name, title, folder, fault, newest_row(session, name), rows)
