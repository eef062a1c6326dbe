"""Rendering what was submitted: every recipient's document is made, stored and checked before anyone approves it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.exc import IntegrityError as RowExists
from sqlmodel import Session, col, select

from gateway.application.letters.addressing import address_warnings
from gateway.application.letters.enclosing import (
    Attached,
    attached_by_rule,
    enclosure_findings,
    replace_by_rule,
)
from gateway.application.letters.fitting import fit_letter, profiles_for, remember_fit
from gateway.application.reads.finding import find_letter
from gateway.application.services import Services
from gateway.application.templates.versions import of_letter
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Document, Letter, LetterFinding, Recipient
from gateway.db.people import Case, Office, Person, User
from gateway.domain.findings import Finding, Severity, about, has_error
from gateway.domain.letters.accessible import TWIN_TITLES, AccessibleCopy
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import (
    Conflict,
    DataInvalid,
    DocumentInvalid,
    GatewayError,
    InputError,
    IntegrityError,
    NotFound,
    RenderError,
)
from gateway.ports.renderer import OfficeValues, RenderedDocument, RenderRequest

_TWIN = "Barrierefreie Abschrift"
"""How findings name the document that they are about."""


@dataclass(frozen=True)
class _Wanted:
    """What one recipient gets: the letter, in which form a twin of it, and the profiles of who may print it."""

    request: RenderRequest
    accessible_copy: AccessibleCopy | None
    profiles: Sequence[PrintProfile]


@dataclass(frozen=True)
class _Made:
    """A stored document with its findings, and its twin where one is wanted."""

    sha256: str
    document: RenderedDocument
    findings: list[Finding]
    fits: Sequence[PrintProfile]
    twin: "_Made | None" = None

    @property
    def pages(self) -> list[int]:
        """How many pages the document has, and the twin."""
        return [self.document.pages, *(self.twin.pages if self.twin else [])]


def render_submitted(services: Services, *, progress: Callable[[int], None] | None = None) -> int:
    """Render and check every submitted letter, oldest first; returns how many. Resumable: work is found by state."""
    done = 0
    while references := _submitted(services):
        for _ in services.for_each(partial(render_letter, services), references):
            done += 1
            if progress:
                progress(done)
    return done


def render_letter(services: Services, reference: str) -> None:
    """Render and check one submitted letter; it becomes ready, or faulty with findings that say why.

    Two workers on the same letter are harmless: one compare-and-set wins, and what the other made is dropped. So it
    is, too, if the letter was revised or submitted anew in the meantime.
    """
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        requests = _requests(session, services, letter, office)
    if letter.state is not LetterState.SUBMITTED:
        return
    with suppress(Conflict):
        try:
            _version_at_hand(services, letter)
            profiles = next(iter(requests.values())).profiles
            attached = attached_by_rule(services, letter, office, profiles)
            results = {number: _make(services, letter, each) for number, each in requests.items()}
        except (RenderError, DataInvalid, DocumentInvalid, IntegrityError, NotFound) as error:
            _write_failure(services, letter, error)
        else:
            _write_result(services, letter, results, attached)


def render_request(
    session: Session, letter: Letter, office: Office, recipient: Recipient, case: Case
) -> RenderRequest:
    """Everything the document of one recipient is made of."""
    author = session.get_one(User, letter.author_id)
    return RenderRequest(
        template=letter.template,
        template_version=letter.template_version,
        letter_reference=letter.reference,
        file_number=case.file_number,
        bg_number=case.bg_number,
        decision_date=letter.decision_date,
        office=office_values(office),
        author_name=author.name,
        author_phone=author.phone or office.phone,
        author_room=author.room,
        address_lines=tuple(recipient.address_lines),
        salutation=recipient.salutation,
        data=letter.data,
        copy_for=recipient.copy_for,
    )


def office_values(office: Office) -> OfficeValues:
    """What a letter shows of its office."""
    return OfficeValues(
        name=office.name,
        authority=office.authority,
        street=office.street,
        postcode=office.postcode,
        place=office.place,
        phone=office.phone,
        email=office.email,
        website=office.website,
        return_line=office.return_line,
        signature_block=office.signature_block,
    )


def _version_at_hand(services: Services, letter: Letter) -> None:
    """What the letter's template version is made of, from the document store if this machine has not seen it yet."""
    if letter.template != FINISHED_PDF:
        with services.db.reading() as session:
            of_letter(session, services, letter)


def _submitted(services: Services) -> list[str]:
    with services.db.reading() as session:
        oldest = select(Letter.reference).where(Letter.state == LetterState.SUBMITTED)
        return list(session.exec(oldest.order_by(col(Letter.submitted_at)).limit(100)).all())


def _requests(session: Session, services: Services, letter: Letter, office: Office) -> dict[int, _Wanted]:
    case = session.get_one(Case, letter.case_id)
    recipients = session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all()
    return {
        row_id(recipient): _Wanted(
            render_request(session, letter, office, recipient, case),
            _copy_wanted(session, letter, recipient),
            profiles_for(session, services, letter, office),
        )
        for recipient in recipients
    }


def _copy_wanted(session: Session, letter: Letter, recipient: Recipient) -> AccessibleCopy | None:
    """As frozen; of a finished PDF, which has no twin, the profile as it is now, so that people are told."""
    if letter.template == FINISHED_PDF:
        return session.get_one(Person, recipient.person_id).accessible_copy
    return recipient.accessible_copy


def _make(services: Services, letter: Letter, wanted: _Wanted) -> _Made:
    if letter.template == FINISHED_PDF:
        return _check_finished(services, letter, wanted)
    made = _render(services, wanted.request, wanted.profiles)
    return replace(made, twin=_twin(services, wanted)) if wanted.accessible_copy else made


def _render(services: Services, request: RenderRequest, profiles: Sequence[PrintProfile]) -> _Made:
    document = services.renderer.render(request)
    fit = fit_letter(services, document.pdf, profiles, request.address_lines)
    return _Made(services.blobs.put(document.pdf), document, list(fit.findings), fit.fits)


def _twin(services: Services, wanted: _Wanted) -> _Made:
    """The same in the form that was asked for, checked in the same way; its errors are errors of the letter."""
    try:
        request = replace(wanted.request, accessible_copy=wanted.accessible_copy)
        return _render(services, request, wanted.profiles)
    except (RenderError, InputError) as error:
        raise RenderError(error.code, f"{_TWIN}: {error.message}") from error


def _check_finished(services: Services, letter: Letter, wanted: _Wanted) -> _Made:
    """A finished PDF is checked as it lies in the store; what was repaired when it came is said again."""
    with services.db.reading() as session:
        query = select(Recipient.document_sha256).where(Recipient.letter_id == letter.id)
        sha256 = session.exec(query).first() or ""
    pdf = services.blobs.get(sha256)
    fit = fit_letter(services, pdf, wanted.profiles, wanted.request.address_lines)
    findings = [
        Finding(said["code"], Severity(said["severity"]), said["message"], said["page"])
        for said in letter.data.get("repairs", [])
    ]
    if letter.data.get("recipient_chosen"):
        message = "Die Anschrift ist nicht gespeichert; der Empfänger wurde beim Hochladen gewählt. Bitte vergleichen."
        findings.append(Finding("address-not-on-record", Severity.WARNING, message, 1))
    if wanted.accessible_copy is not None:
        findings.append(_no_twin(wanted.accessible_copy))
    document = RenderedDocument(pdf, fit.pages, {"kind": FINISHED_PDF})
    return _Made(sha256, document, [*findings, *fit.findings], fit.fits)


def _no_twin(copy: AccessibleCopy) -> Finding:
    """A finished PDF cannot be laid out anew; whoever approves must know that somebody asked for it."""
    message = (
        f"Die Person hat eine {TWIN_TITLES[copy]} verlangt; aus einem fertigen PDF lässt sich keine erzeugen. "
        "Bitte als Anlage beifügen oder das Schreiben aus einer Vorlage erstellen."
    )
    return Finding("accessible-copy-missing", Severity.WARNING, message)


def _write_result(
    services: Services, letter: Letter, results: Mapping[int, _Made], attached: Sequence[Attached]
) -> None:
    with services.db.transaction() as session:
        replace_by_rule(session, services, letter, attached)
        session.flush()
        faulty = False
        for recipient_id, made in results.items():
            findings = address_warnings(services, session.get_one(Recipient, recipient_id))
            findings += _findings(session, services, letter, made, attached)
            faulty = faulty or has_error(findings)
            _write_documents(session, services, recipient_id, made)
            _replace_findings(session, recipient_id, findings)
        session.flush()
        _move(session, letter, LetterState.FAULTY if faulty else LetterState.READY, None)


def _findings(
    session: Session, services: Services, letter: Letter, made: _Made, attached: Sequence[Attached]
) -> list[Finding]:
    twins = [about(_TWIN, finding) for finding in made.twin.findings] if made.twin else []
    return [*made.findings, *twins, *enclosure_findings(session, services, letter, attached, made.pages)]


def _write_documents(session: Session, services: Services, recipient_id: int, made: _Made) -> None:
    for each in filter(None, (made, made.twin)):
        remember_document(
            session,
            services,
            each.sha256,
            pages=each.document.pages,
            size_bytes=len(each.document.pdf),
            versions=each.document.versions,
        )
        session.flush()
        remember_fit(session, services, each.sha256, each.fits, with_window=True)
    recipient = session.get_one(Recipient, recipient_id)
    recipient.document_sha256 = made.sha256
    recipient.twin_sha256 = made.twin.sha256 if made.twin else None


def _write_failure(services: Services, letter: Letter, error: GatewayError) -> None:
    with services.db.transaction() as session:
        finding = Finding(error.code, Severity.ERROR, error.message)
        for recipient in session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all():
            if recipient.id is not None:
                _replace_findings(session, recipient.id, [finding])
        session.flush()
        _move(session, letter, LetterState.FAULTY, str(error))


def remember_document(
    session: Session,
    services: Services,
    sha256: str,
    *,
    pages: int,
    size_bytes: int,
    versions: Mapping[str, str],
) -> None:
    """Make sure there is a row for a stored document; the same bytes have one row, however often they are made."""
    if session.get(Document, sha256) is not None:
        return
    # Another process may store the same bytes in the same moment (PostgreSQL): its row says the same.
    with suppress(RowExists), session.begin_nested():
        session.add(
            Document(
                sha256=sha256,
                pages=pages,
                size_bytes=size_bytes,
                versions=dict(versions),
                created_at=services.clock.now(),
            )
        )


def _replace_findings(session: Session, recipient_id: int, findings: list[Finding]) -> None:
    for old in session.exec(select(LetterFinding).where(LetterFinding.recipient_id == recipient_id)).all():
        session.delete(old)
    for finding in findings:
        session.add(
            LetterFinding(
                recipient_id=recipient_id,
                code=finding.code,
                severity=finding.severity,
                message=finding.message,
                page=finding.page,
                box_mm=finding.box.as_list() if finding.box else None,
            )
        )


def _move(session: Session, letter: Letter, state: LetterState, note: str | None) -> None:
    """Only if it still is the letter that was read: submitted, then, with this content."""
    read = {
        "state": LetterState.SUBMITTED,
        "submitted_at": letter.submitted_at,
        "content_sha256": letter.content_sha256,
    }
    compare_and_set(session, Letter, row_id(letter), expect=read, state=state, note=note)
