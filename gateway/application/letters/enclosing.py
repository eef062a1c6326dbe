"""Enclosures (*Anlagen*): added to a letter by hand, by its template or by a rule of the house; signed with it.

An enclosure is taken in like a finished PDF and checked like any page. What was signed is copied for ever; the list
of a letter that is not approved yet may change, and then the letter must be submitted and approved anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, Actor, actor, audit, note_read
from gateway.application.letters.fitting import fit_enclosure, profiles_for, remember_fit, takers_of
from gateway.application.letters.taking import Taken, take_in
from gateway.application.reads.finding import find_letter
from gateway.application.services import Services
from gateway.db.enclosures import LetterEnclosure
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Document, Letter
from gateway.db.people import Office
from gateway.domain.findings import Finding, Severity, about
from gateway.domain.letters.enclosures import EnclosureRule, EnclosureSource
from gateway.domain.letters.letter import EDITABLE, LetterState
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.permission import Action
from gateway.domain.pieces.mailpiece import sheets_for
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import Conflict, DocumentInvalid, NotFound

MAX_TITLE = 120


@dataclass(frozen=True)
class Attached:
    """An enclosure as it is checked: where it comes from, and the stored bytes."""

    title: str
    source: EnclosureSource
    sha256: str
    pages: int
    size_bytes: int
    findings: Sequence[Finding]
    fits: Sequence[PrintProfile]
    """Profiles of the providers that may print it, as far as it fits them."""


@dataclass(frozen=True)
class EnclosureView:
    """An enclosure as people see it."""

    number: int
    title: str
    source: str | None
    sha256: str
    pages: int


def enclose(services: Services, login: str, reference: str, pdf: bytes, title: str) -> int:
    """Add an enclosure to a letter that is not approved; returns its number. The letter becomes a draft again.

    Raises `DocumentInvalid` (what is wrong, with page and place), `Conflict` ('letter-not-editable'),
    `NotPermitted`, `NotFound`.
    """
    title = _title(title)
    with services.db.reading() as session:
        _, letter = _open(session, login, reference)
        office = session.get_one(Office, letter.office_id)
        profiles = profiles_for(session, services, letter, office)
    attached = _attach(services, take_in(services, pdf), title, EnclosureSource.LETTER, profiles)
    if faults := [finding for finding in attached.findings if finding.severity is Severity.ERROR]:
        raise DocumentInvalid(faults[0].code, about(_name(attached.title), faults[0]).message)
    with services.db.transaction() as session:
        who, letter = _open(session, login, reference)
        number = 1 + max((row.number for row in enclosure_rows(session, row_id(letter))), default=0)
        _add(session, services, letter, number, attached, who.login)
        _back_to_draft(session, letter)
        audit(session, services, who.login, "enclosure-added", letter.reference, sha256=attached.sha256)
    return number


def remove_enclosure(services: Services, login: str, reference: str, number: int) -> None:
    """Take an enclosure out that was added by hand; those of templates and rules come back with each submission."""
    with services.db.transaction() as session:
        who, letter = _open(session, login, reference)
        row = next((row for row in enclosure_rows(session, row_id(letter)) if row.number == number), None)
        if row is None or row.source is not EnclosureSource.LETTER:
            raise NotFound(
                "enclosure-unknown", "Diese Anlage gibt es nicht, oder sie gehört fest zum Schreiben."
            )
        session.delete(row)
        _back_to_draft(session, letter)
        audit(session, services, who.login, "enclosure-removed", letter.reference, sha256=row.document_sha256)


def attached_by_rule(
    services: Services, letter: Letter, office: Office, profiles: Sequence[PrintProfile]
) -> list[Attached]:
    """What the letter's template and the rules of the house bring, read and checked now; for rendering.

    Raises `DocumentInvalid`, `RenderError`, `NotFound` if a file cannot be used.
    """
    found: list[tuple[EnclosureRule, EnclosureSource, bytes]] = []
    if letter.template != FINISHED_PDF:
        for rule in services.renderer.template(letter.template, letter.template_version).enclosures:
            if _applies(rule, letter, office):
                pdf = services.renderer.template_enclosure(letter.template, letter.template_version, rule.file)
                found.append((rule, EnclosureSource.TEMPLATE, pdf))
    for rule in services.enclosure_rules:
        if _applies(rule, letter, office):
            found.append((rule, EnclosureSource.RULE, _read(rule)))
    return [
        _attach(services, take_in(services, pdf), rule.title, source, profiles) for rule, source, pdf in found
    ]


def replace_by_rule(session: Session, services: Services, letter: Letter, attached: Sequence[Attached]) -> None:
    """Write down what rules bring now, before what was added by hand; in the caller's transaction."""
    by_hand = []
    for row in enclosure_rows(session, row_id(letter)):
        if row.source is EnclosureSource.LETTER:
            by_hand.append(row.model_dump(exclude={"id", "number"}))
        session.delete(row)
    session.flush()
    for number, each in enumerate(attached, start=1):
        _add(session, services, letter, number, each, SYSTEM)
    for number, values in enumerate(by_hand, start=len(attached) + 1):
        session.add(LetterEnclosure(number=number, **values))


def enclosure_findings(
    session: Session, services: Services, letter: Letter, attached: Sequence[Attached], pages: Sequence[int]
) -> list[Finding]:
    """What is wrong with the enclosures of a letter, and with all of it together: it must fit one envelope.

    `pages` counts those of the letter, and of its twin if there is one.
    """
    findings = [about(_name(each.title), finding) for each in attached for finding in each.findings]
    documents = [*pages, *(each.pages for each in attached)]
    documents += [
        session.get_one(Document, row.document_sha256).pages
        for row in enclosure_rows(session, row_id(letter))
        if row.source is EnclosureSource.LETTER
    ]
    takers = takers_of(session, services, letter, session.get_one(Office, letter.office_id))
    # What every provider takes that may print a copy of the letter.
    most = min(taker.profile.max_sheets for taker in takers)
    one_sided = any(letter.service in taker.capabilities.one_sided for taker in takers)
    sheets = sum(sheets_for(count, duplex=services.duplex and not one_sided) for count in documents)
    if one_sided and sheets > most:
        message = (
            f"In dieser Versandart wird nur einseitig gedruckt: Das sind {sheets} Blatt, erlaubt sind {most}. "
            "Bitte kürzen, Anlagen entfernen oder eine andere Versandart wählen."
        )
        findings.append(Finding("too-long-for-one-sided", Severity.ERROR, message))
    elif len(documents) > 1 and sheets > most:
        message = f"Alles zusammen hat {sheets} Blatt, erlaubt sind {most}. Bitte Anlagen entfernen."
        findings.append(Finding("too-many-sheets", Severity.ERROR, message))
    return findings


def enclosure_rows(session: Session, letter_id: int) -> list[LetterEnclosure]:
    """The enclosures of a letter as they stand, in order."""
    query = select(LetterEnclosure).where(LetterEnclosure.letter_id == letter_id)
    return list(session.exec(query.order_by(col(LetterEnclosure.number))).all())


def enclosures_of(services: Services, login: str | None, reference: str) -> list[EnclosureView]:
    """The enclosures of a letter: as signed, else as they stand. Raises `NotFound`, `NotPermitted`."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        if login is not None:
            actor(session, login).require(Action.READ, office.key)
        return [
            EnclosureView(
                row.number,
                row.title,
                row.source.value,
                row.document_sha256,
                session.get_one(Document, row.document_sha256).pages,
            )
            for row in enclosure_rows(session, row_id(letter))
        ]


def open_enclosure(services: Services, login: str, reference: str, number: int) -> bytes:
    """The bytes of an enclosure; the look is written to the audit trail. Raises `NotFound`, `NotPermitted`."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        who = actor(session, login)
        who.require(Action.READ, office.key)
        row = next((row for row in enclosure_rows(session, row_id(letter)) if row.number == number), None)
        if row is None:
            raise NotFound("enclosure-unknown", "Diese Anlage gibt es nicht.")
    note_read(services, login, "enclosure-read", letter.reference, number=number)
    sha256 = row.document_sha256
    return services.blobs.get(sha256)


def _open(session: Session, login: str, reference: str) -> tuple[Actor, Letter]:
    who = actor(session, login)
    letter, office = find_letter(session, reference)
    who.require(Action.WRITE_LETTER, office.key)
    if letter.state not in EDITABLE:
        raise Conflict(
            "letter-not-editable", "Das Schreiben ist schon freigegeben oder storniert; Anlagen stehen fest."
        )
    return who, letter


def _back_to_draft(session: Session, letter: Letter) -> None:
    """What was checked is no longer what would be signed."""
    compare_and_set(
        session, Letter, row_id(letter), expect={"state": EDITABLE}, state=LetterState.DRAFT, note=None
    )


def _attach(
    services: Services, taken: Taken, title: str, source: EnclosureSource, profiles: Sequence[PrintProfile]
) -> Attached:
    fit = fit_enclosure(services, taken.pdf, profiles)
    sha256 = services.blobs.put(taken.pdf)
    return Attached(title, source, sha256, fit.pages, len(taken.pdf), tuple(fit.findings), tuple(fit.fits))


def _add(
    session: Session, services: Services, letter: Letter, number: int, attached: Attached, login: str
) -> None:
    if session.get(Document, attached.sha256) is None:
        session.add(
            Document(
                sha256=attached.sha256,
                pages=attached.pages,
                size_bytes=attached.size_bytes,
                versions={"kind": "enclosure"},
                created_at=services.clock.now(),
            )
        )
        session.flush()
    remember_fit(session, services, attached.sha256, attached.fits, with_window=False)
    session.add(
        LetterEnclosure(
            letter_id=row_id(letter),
            number=number,
            document_sha256=attached.sha256,
            title=attached.title,
            source=attached.source,
            added_by=login,
            added_at=services.clock.now(),
        )
    )


def _applies(rule: EnclosureRule, letter: Letter, office: Office) -> bool:
    return rule.applies(template=letter.template, office=office.key, day=letter.decision_date)


def _read(rule: EnclosureRule) -> bytes:
    try:
        return Path(rule.file).read_bytes()
    except OSError:
        raise NotFound(
            "enclosure-missing",
            f"Die Datei der Anlage „{rule.title}“ fehlt. Bitte die Administration verständigen.",
        ) from None


def _title(title: str) -> str:
    short = " ".join(title.split())[:MAX_TITLE]
    if not short:
        raise DocumentInvalid("title-missing", "Bitte der Anlage einen Titel geben.")
    return short


def _name(title: str) -> str:
    return f"Anlage „{title}“"
