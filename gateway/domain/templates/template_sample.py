"""What a template lint looks at: a template's sample letter as it reads, for one office, and the form of a rule."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.domain.findings import Finding, Severity

OPERATIVE = "operative"
REASONS = "reasons"
REMEDY_NOTICE = "remedy-notice"
SIGNATURE = "signature"
TWIN_NOTE = "twin-note"
PARTS = frozenset(
    {
        OPERATIVE, REASONS, REMEDY_NOTICE, SIGNATURE, TWIN_NOTE,
        "reply-slip", "legal-consequences", "hearing", "calculation",
    }
)  # fmt: skip
"""What `data-part` may say: sections of a letter that machines look for."""

MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip


@dataclass(frozen=True)
class Issuer:
    """What a letter must show of the office that issues it, and of no other."""

    authority: str
    name: str
    street: str
    postcode: str
    place: str
    phone: str
    email: str
    website: str
    return_line: str

    @property
    def seat(self) -> tuple[str, str]:
        """Street, and postcode with place."""
        return self.street, f"{self.postcode} {self.place}"

    @property
    def marks(self) -> tuple[str, ...]:
        """What tells this office from another."""
        return tuple(
            filter(
                None,
                (
                    self.authority,
                    self.name,
                    self.street,
                    self.phone,
                    self.email,
                    self.website,
                    self.return_line,
                ),
            )
        )


@dataclass(frozen=True)
class LetterText:
    """How a letter reads: all of it, and its marked sections (`data-part`) by name; blanks are unified."""

    whole: str
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """A template's sample letter as it reads for `issuer`.

    `pages` is the text of the printed pages; empty if only the text was made. `others` are offices that must not
    be named, `given` the texts that the sample's data bring along, which may name anything.
    """

    is_decision: bool
    needs_remedy_notice: bool
    issuer: Issuer
    file_number: str
    decision_date: date
    author_name: str
    letter: LetterText
    pages: Sequence[str]
    others: Sequence[Issuer] = ()
    given: Sequence[str] = ()

    def part(self, name: str) -> str:
        """What a marked section says; empty if there is none."""
        return self.letter.parts.get(name, "")

    @property
    def first_page(self) -> str:
        """The printed first page."""
        return self.pages[0] if self.pages else self.letter.whole

    @property
    def letterhead(self) -> str:
        """What stands outside all marked sections: letterhead, window, information block, foot."""
        text = self.letter.whole
        for section in sorted(self.letter.parts.values(), key=len, reverse=True):
            text = text.replace(section, " ") if section else text
        return text

    def on_letterhead(self, *words: str) -> bool:
        """Whether all these words stand in the letterhead, and so on the first page."""
        return all(word in self.letterhead and word in self.first_page for word in words)


@dataclass(frozen=True)
class Rule:
    """A named rule: `faults` yields a German sentence for everything that breaks it."""

    code: str
    severity: Severity
    faults: Callable[[Sample], Iterator[str]]

    def findings(self, sample: Sample) -> list[Finding]:
        """What breaks this rule."""
        return [Finding(self.code, self.severity, fault) for fault in self.faults(sample)]


def german_date(day: date) -> str:
    """`25. August 2026`."""
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"
