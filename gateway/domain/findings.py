"""Findings: what a check has to say about an address, a document or a delivery."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """Blocks: a letter with an error finding cannot be approved."""
    WARNING = "warning"
    """A person should look."""
    INFO = "info"
    """For the record."""


@dataclass(frozen=True)
class Box:
    """A rectangle on a page in millimetres, origin top left, x to the right, y down."""

    x0_mm: float
    y0_mm: float
    x1_mm: float
    y1_mm: float

    def overlaps(self, other: "Box") -> bool:
        """Whether the two rectangles share area (touching edges do not)."""
        return (
            self.x0_mm < other.x1_mm
            and other.x0_mm < self.x1_mm
            and self.y0_mm < other.y1_mm
            and other.y0_mm < self.y1_mm
        )

    def contains(self, other: "Box", tolerance_mm: float = 0.0) -> bool:
        """Whether `other` lies wholly inside, give or take `tolerance_mm`."""
        return (
            self.x0_mm - tolerance_mm <= other.x0_mm
            and self.y0_mm - tolerance_mm <= other.y0_mm
            and other.x1_mm <= self.x1_mm + tolerance_mm
            and other.y1_mm <= self.y1_mm + tolerance_mm
        )

    def as_list(self) -> list[float]:
        """`[x0, y0, x1, y1]` in mm, rounded to 0.1, as commands and API print it."""
        return [round(value, 1) for value in (self.x0_mm, self.y0_mm, self.x1_mm, self.y1_mm)]


@dataclass(frozen=True)
class Finding:
    """One result of a check: stable kebab-case `code`, German `message` that tells what to do.

    `page` counts from 1; `box` is in mm on that page. Messages carry no names or addresses.
    """

    code: str
    severity: Severity
    message: str
    page: int | None = None
    box: Box | None = None

    def as_json(self) -> dict[str, object]:
        """The shape that commands and API print."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "page": self.page,
            "box_mm": self.box.as_list() if self.box else None,
            "message": self.message,
        }


def has_error(findings: Iterable[Finding]) -> bool:
    """Whether any finding blocks."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def about(what: str, finding: Finding) -> Finding:
    """The same finding on another document than the letter: which one, and where in it, is said in words."""
    where = f" (Seite {finding.page})" if finding.page else ""
    if finding.page and finding.box:
        x0, y0, x1, y1 = (f"{edge:g}".replace(".", ",") for edge in finding.box.as_list())
        where = f" (Seite {finding.page}, x {x0}–{x1}, y {y0}–{y1} mm)"
    return Finding(finding.code, finding.severity, f"{what}{where}: {finding.message}")
