"""Findings on a recipient's document, as people and programs see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, select

from gateway.db.letters import LetterFinding
from gateway.domain.findings import Severity


@dataclass(frozen=True)
class FindingView:
    """A finding on a recipient's document."""

    code: str
    severity: Severity
    message: str
    page: int | None
    box_mm: Sequence[float] | None


def findings_of(session: Session, recipient_id: int) -> list[FindingView]:
    """What rendering and preflight found."""
    rows = session.exec(select(LetterFinding).where(LetterFinding.recipient_id == recipient_id)).all()
    return [FindingView(row.code, row.severity, row.message, row.page, row.box_mm) for row in rows]
