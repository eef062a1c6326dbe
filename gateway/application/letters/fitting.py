"""Fitting: whether a document fits the profiles of all providers that may print it, and for which that was proven.

A letter is checked before its approval, when the volume of the evening is not known yet: against every profile that it
may be printed by. Where it goes elsewhere after all (diverted, other routes, new rules of the provider), the proof is
missing, and it is checked again before its print copy is made.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy.exc import IntegrityError as RowExists
from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.enclosures import SignedCompanion
from gateway.db.letters import Approval, Letter, Recipient
from gateway.db.people import Office
from gateway.db.profiles import ProfileCheck
from gateway.domain.findings import Finding, Severity, has_error
from gateway.domain.letters.accessible import CompanionKind
from gateway.domain.pieces.routing import Kind
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import DocumentInvalid
from gateway.ports.provider import Provider
from gateway.ports.renderer import PreflightReport


@dataclass(frozen=True)
class Fit:
    """What all profiles have to say about a document, and those that it fits."""

    pages: int
    findings: Sequence[Finding]
    fits: Sequence[PrintProfile]


def profiles_for(session: Session, services: Services, letter: Letter, office: Office) -> list[PrintProfile]:
    """The profiles by which copies of a letter may be printed, each once; at least one."""
    takers = takers_of(session, services, letter, office)
    return list({taker.profile.name: taker.profile for taker in takers}.values())


def takers_of(session: Session, services: Services, letter: Letter, office: Office) -> list[Provider]:
    """The providers that may print copies of a letter, by its recipients' countries; at least one."""
    countries = session.exec(select(Recipient.country).where(Recipient.letter_id == letter.id)).all() or ["DE"]
    return [
        taker
        for country in dict.fromkeys(countries)
        for taker in services.takers(Kind(office.key, letter.service, letter.template, country))
    ]


def fit_letter(services: Services, pdf: bytes, profiles: Sequence[PrintProfile], address: Sequence[str]) -> Fit:
    """Check a letter or its twin against each profile; the address is to be read in the window."""
    return _fit(profiles, lambda profile: services.renderer.preflight(pdf, profile, address))


def fit_enclosure(services: Services, pdf: bytes, profiles: Sequence[PrintProfile]) -> Fit:
    """Check an enclosure against each profile."""
    return _fit(profiles, lambda profile: services.renderer.preflight_enclosure(pdf, profile))


def remember_fit(
    session: Session, services: Services, sha256: str, fits: Iterable[PrintProfile], *, with_window: bool
) -> None:
    """Write down which profiles a stored document fits; what is known already is left as it is."""
    for profile in fits:
        key = (sha256, profile.name, profile.version, with_window)
        if session.get(ProfileCheck, key) is not None:
            continue
        row = ProfileCheck(
            document_sha256=sha256,
            profile=profile.name,
            version=profile.version,
            with_window=with_window,
            checked_at=services.clock.now(),
        )
        # Another process may prove the same in the same moment (PostgreSQL).
        with suppress(RowExists), session.begin_nested():
            session.add(row)


def require_fit(services: Services, piece_id: int, profile: PrintProfile) -> None:
    """Check what of a piece was not proven for this profile yet; raises `DocumentInvalid` with the first error."""
    with services.db.reading() as session:
        unproven = _unproven(session, piece_id, profile)
    for sha256, address in unproven:
        pdf = services.blobs.get(sha256)
        if address is None:
            found = fit_enclosure(services, pdf, [profile])
        else:
            found = fit_letter(services, pdf, [profile], address)
        for finding in found.findings:
            if finding.severity is Severity.ERROR:
                raise DocumentInvalid(
                    finding.code, f"Passt nicht zum Druckprofil „{profile.name}“: {finding.message}"
                )
        with services.db.transaction() as session:
            remember_fit(session, services, sha256, found.fits, with_window=address is not None)


def pieces_proven_for(session: Session, profile: PrintProfile, piece_ids: Collection[int]) -> set[int]:
    """Which of these pieces hold only letters that were proven for a profile; of their companions nothing is said."""
    query = (
        select(Recipient.mail_piece_id, ProfileCheck.document_sha256)
        .join(Approval, (col(Approval.recipient_id) == Recipient.id) & (Approval.signing == Recipient.signing))
        .join(
            ProfileCheck,
            (col(ProfileCheck.document_sha256) == Approval.document_sha256)
            & (ProfileCheck.profile == profile.name)
            & (ProfileCheck.version == profile.version)
            & col(ProfileCheck.with_window),
            isouter=True,
        )
        .where(col(Recipient.mail_piece_id).is_not(None))
    )
    wanted = set(piece_ids)
    rows = [(piece, proof) for piece, proof in session.exec(query).all() if piece in wanted]
    return {piece for piece, _ in rows if piece is not None} - {
        piece for piece, proof in rows if proof is None and piece is not None
    }


def _fit(profiles: Sequence[PrintProfile], check: Callable[[PrintProfile], PreflightReport]) -> Fit:
    reports = [(profile, check(profile)) for profile in profiles]
    everywhere = set(reports[0][1].findings).intersection(*(report.findings for _, report in reports))
    findings: dict[Finding, None] = {}
    for profile, report in reports:
        for finding in report.findings:
            said = f"{finding.message} (Druckprofil {profile.name})"
            findings[finding if finding in everywhere else replace(finding, message=said)] = None
    fitting = [profile for profile, report in reports if not has_error(report.findings)]
    return Fit(reports[0][1].pages, list(findings), fitting)


def _unproven(session: Session, piece_id: int, profile: PrintProfile) -> list[tuple[str, Sequence[str] | None]]:
    """Documents of a piece without proof, each with the address that its window must show (None: an enclosure)."""
    documents = _documents(session, piece_id)
    proven = select(ProfileCheck.document_sha256, ProfileCheck.with_window).where(
        ProfileCheck.profile == profile.name,
        ProfileCheck.version == profile.version,
        col(ProfileCheck.document_sha256).in_([sha256 for sha256, _ in documents]),
    )
    done = set(session.exec(proven).all())
    return [each for each in documents if (each[0], each[1] is not None) not in done]


def _documents(session: Session, piece_id: int) -> list[tuple[str, Sequence[str] | None]]:
    """What was signed of the copies in a piece: letters, their twins, enclosures."""
    letters = (
        select(Approval.document_sha256, Recipient.address_lines)
        .join(Recipient, col(Recipient.id) == Approval.recipient_id)
        .where(Recipient.mail_piece_id == piece_id, Recipient.signing == Approval.signing)
    )
    companions = (
        select(SignedCompanion.document_sha256, SignedCompanion.kind, Recipient.address_lines)
        .join(Recipient, col(Recipient.id) == SignedCompanion.recipient_id)
        .where(Recipient.mail_piece_id == piece_id, Recipient.signing == SignedCompanion.signing)
    )
    found: list[tuple[str, Sequence[str] | None]] = list(session.exec(letters).all())
    for sha256, kind, address in session.exec(companions).all():
        found.append((sha256, address if kind is CompanionKind.TWIN else None))
    return found
