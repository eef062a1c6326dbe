"""Reading the certificates of a run: from the stored documents, proven by their hashes. Only reads."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.services import Services
from gateway.db.certificates import RunCertificate
from gateway.db.mail import Batch, Run
from gateway.db.people import Office
from gateway.domain.permission import Action
from gateway.domain.references import for_people
from gateway.domain.runs.proof import Certificate, ProvenPiece, RunProof, proven_check
from gateway.errors import NotFound, NotPermitted

MAX_LISTED = 100


@dataclass(frozen=True)
class CertifiedRun:
    """A run that has certificates, in a list."""

    day: date
    number: int
    certificates: int
    pieces: int
    faulty: int


def certified_runs(services: Services, login: str | None) -> list[CertifiedRun]:
    """Runs with certificates that the user may see, newest first; `login` None is the operator."""
    with services.db.reading() as session:
        who = actor(session, login) if login is not None else None
        rows = session.exec(
            select(
                Run,
                func.count(col(RunCertificate.id)),
                func.sum(RunCertificate.pieces),
                func.sum(RunCertificate.faulty),
            )
            .join(RunCertificate, col(RunCertificate.run_id) == Run.id)
            .group_by(col(Run.id))
            .order_by(col(Run.day).desc(), col(Run.number).desc())
            .limit(MAX_LISTED)
        ).all()
        return [
            CertifiedRun(run.day, run.number, certificates, int(pieces or 0), int(faulty or 0))
            for run, certificates, pieces, faulty in rows
            if _may_see(session, who, run)
        ]


def run_proof(services: Services, login: str | None, day: date, number: int) -> RunProof:
    """What the certificates of a run say; `login` None is the operator.

    A certificate spans the offices of its run: it is for those who run it or may read all of them.
    Raises `NotFound` ('certificate-unknown', 'document-not-found'), `NotPermitted`, `IntegrityError`.
    """
    with services.db.reading() as session:
        who = actor(session, login) if login is not None else None
        run = session.exec(select(Run).where(Run.day == day, Run.number == number)).one_or_none()
        rows = _certificates(session, run)
        if run is None or not rows:
            raise NotFound("certificate-unknown", "Zu diesem Tageslauf gibt es kein Laufzertifikat.")
        if not _may_see(session, who, run):
            raise NotPermitted(
                "not-permitted",
                "Ein Laufzertifikat umfasst alle Dienststellen des Laufs; dafür fehlt die Berechtigung.",
            )
    documents = [json.loads(services.blobs.get(row.sha256)) for row in rows]
    certificates = [_certificate(row.sha256, document) for row, document in zip(rows, documents, strict=True)]
    checks = {check["check"]: check["how"] for document in documents for check in document["checked"]}
    return RunProof(
        day=day,
        number=number,
        certificates=certificates,
        checks=[proven_check(code, how, certificates) for code, how in checks.items()],
        tools=_merged(documents, "tools"),
        profiles=_merged(documents, "profiles"),
    )


def _certificates(session: Session, run: Run | None) -> list[RunCertificate]:
    if run is None:
        return []
    query = select(RunCertificate).where(RunCertificate.run_id == run.id)
    return list(session.exec(query.order_by(col(RunCertificate.number))).all())


def _may_see(session: Session, who: Actor | None, run: Run) -> bool:
    if who is None or who.may(Action.RUN):
        return True
    query = select(Office.key).join(Batch, col(Batch.office_id) == Office.id).where(Batch.run_id == run.id)
    return all(who.may(Action.READ, office) for office in session.exec(query.distinct()).all())


def _certificate(sha256: str, document: dict[str, Any]) -> Certificate:
    return Certificate(
        number=document["run"]["certificate"],
        sha256=sha256,
        made_at=datetime.fromisoformat(document["made_at"]),
        looked_for=document["identifiers"]["looked_for"],
        not_checkable=document["identifiers"]["not_checkable"],
        pieces=[
            ProvenPiece(
                reference=for_people(piece["reference"]),
                print_sha256=piece["print_sha256"],
                pages=piece["pages"] or 0,
                sheets=piece["sheets"] or 0,
                pages_without_text=piece["pages_without_text"],
                result=piece["result"],
            )
            for piece in document["pieces"]
        ],
    )


def _merged(documents: list[dict[str, Any]], part: str) -> dict[str, str]:
    """Versions by name; where certificates of a run differ, all of them."""
    found: dict[str, dict[str, None]] = {}
    for document in documents:
        for name, version in document[part].items():
            found.setdefault(name, {})[str(version)] = None
    return {name: ", ".join(versions) for name, versions in sorted(found.items())}
