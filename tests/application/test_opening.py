"""Opening documents: from the document store, or back from the case file, and never unseen by the audit trail."""

import pytest
from sqlmodel import select

from gateway.application.filing import file_due
from gateway.application.opening import open_document
from gateway.db.people import AuditEntry
from gateway.errors import IntegrityError, NotPermitted
from tests.world import World


def test_what_the_document_store_no_longer_has_is_fetched_back_from_the_case_file(world: World) -> None:
    reference = world.approved()
    file_due(world.services)
    sha256 = world.view(reference).recipients[0].approved_sha256 or ""
    approved = world.services.blobs.get(sha256)
    _lose(world, sha256)
    assert open_document(world.services, world.caseworker, reference, 1).content == approved


def test_a_document_that_was_changed_in_the_case_file_is_not_shown(world: World) -> None:
    reference = world.approved()
    file_due(world.services)
    _lose(world, world.view(reference).recipients[0].approved_sha256 or "")
    for filed in world.data_dir.glob("case-files/*/documents/*.pdf"):
        filed.chmod(0o600)
        filed.write_bytes(filed.read_bytes() + b"\n")
    with pytest.raises(IntegrityError):
        open_document(world.services, world.caseworker, reference, 1)


def test_every_look_is_in_the_audit_trail_and_a_stranger_gets_none(world: World) -> None:
    reference = world.approved()
    open_document(world.services, world.caseworker, reference, 1, page=2)
    with pytest.raises(NotPermitted):
        open_document(world.services, world.stranger, reference, 1)
    with world.services.db.reading() as session:
        looks = session.exec(select(AuditEntry).where(AuditEntry.action == "document-read")).all()
    assert [(look.actor, look.details["page"]) for look in looks] == [(world.caseworker, 2)]


def _lose(world: World, sha256: str) -> None:
    for blob in world.data_dir.glob(f"documents/**/{sha256}*"):
        blob.unlink()
    assert not world.services.blobs.has(sha256)
