"""Opening documents: from the document store, or back from the case file, and never unseen by the audit trail."""

from pathlib import Path

import pytest
from sqlmodel import select

from gateway.application.filing.filing import file_due
from gateway.application.views.opening import open_document
from gateway.db.people import AuditEntry
from gateway.errors import IntegrityError, NotPermitted
from tests.world import World


def test_what_the_document_store_no_longer_has_is_fetched_back_from_the_case_file(
    world: World, tmp_path: Path
) -> None:
    reference = world.approved()
    file_due(world.services)
    sha256 = world.view(reference).recipients[0].approved_sha256 or ""
    approved = world.services.blobs.get(sha256)
    _lose(world, tmp_path / "data", sha256)
    assert open_document(world.services, "anna", reference, 1).content == approved


def test_a_document_that_was_changed_in_the_case_file_is_not_shown(world: World, tmp_path: Path) -> None:
    reference = world.approved()
    file_due(world.services)
    _lose(world, tmp_path / "data", world.view(reference).recipients[0].approved_sha256 or "")
    for filed in (tmp_path / "data").glob("case-files/*/documents/*.pdf"):
        filed.chmod(0o600)
        filed.write_bytes(filed.read_bytes() + b"\n")
    with pytest.raises(IntegrityError):
        open_document(world.services, "anna", reference, 1)


def test_every_look_is_in_the_audit_trail_and_a_stranger_gets_none(world: World) -> None:
    reference = world.approved()
    open_document(world.services, "anna", reference, 1)
    with pytest.raises(NotPermitted):
        open_document(world.services, "ahmad", reference, 1)
    with world.services.db.reading() as session:
        looks = session.exec(select(AuditEntry).where(AuditEntry.action == "document-read")).all()
    assert [(look.actor, look.details) for look in looks] == [("anna", {"door": "page", "recipient": 1})]


def _lose(world: World, data_dir: Path, sha256: str) -> None:
    for blob in data_dir.glob(f"documents/**/{sha256}*"):
        blob.unlink()
    assert not world.services.blobs.has(sha256)
