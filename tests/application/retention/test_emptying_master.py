"""Name and address of a person whom nobody names any more leave, once nothing of their cases is here."""

import pytest
from sqlmodel import select

from gateway.application.access.importing import import_cases
from gateway.application.retention.destroying import Pass, apply, plan
from gateway.application.retention.emptying_master import NO_NAME
from gateway.application.retention.locking import lock_deletion, unlock_deletion
from gateway.application.trail.sealing import anchor
from gateway.db.people import AuditEntry, Person
from gateway.errors import AddressInvalid
from tests.application.retention.rows import everything
from tests.application.retention.test_destroying import posted
from tests.world import World, cases_document

pytestmark = pytest.mark.both_databases
NAME, STREET = "O’Brien", "Lindenweg 5"


def later(world: World, days: int) -> Pass:
    world.advance(days=days)
    anchor(world.services)
    done = apply(world.services)
    assert done is not None
    assert done.faults == {}
    return done


def named(world: World) -> list[str]:
    """References of persons whose name is here."""
    with world.services.db.reading() as session:
        persons = session.exec(select(Person).order_by(Person.reference)).all()
    return [person.reference for person in persons if person.family_name != NO_NAME]


def test_whom_the_specialist_procedure_goes_on_naming_stays_and_the_others_leave_with_proof(
    world: World,
) -> None:
    document = cases_document()
    document["persons"] = [one for one in document["persons"] if one["reference"] == "P1"]
    document["cases"] = []
    later(world, 1000)
    assert import_cases(world.services, document)["persons_unchanged"] == 1
    assert later(world, 90).gone == {}
    assert later(world, 10).gone == {"master-data": 3}
    assert named(world) == ["P1"]
    assert (NAME in everything(world), STREET in everything(world)) == (False, False)
    with world.services.db.reading() as session:
        proofs = session.exec(select(AuditEntry).where(AuditEntry.action == "master-data-deleted")).all()
        emptied = session.exec(select(Person).where(Person.reference == "P3")).one()
    assert sorted(proof.subject for proof in proofs) == ["P2", "P3", "P4"]
    assert emptied.emptied_at == world.clock.now()
    with pytest.raises(AddressInvalid) as refused:
        world.ready("F1")
    assert refused.value.code == "person-emptied"
    import_cases(world.services, cases_document())
    assert named(world) == ["P1", "P2", "P3", "P4"]
    assert world.ready("F1")


def test_a_letter_that_is_not_finished_keeps_its_reader_and_all_of_the_case(world: World) -> None:
    world.approved("F2")
    later(world, 4000)
    assert named(world) == ["P1", "P2"], "the addressee and the guardian"


def test_a_lock_keeps_them_and_the_term_counts_from_the_last_documents_of_the_case(world: World) -> None:
    posted(world)
    lock_deletion(world.services, "both", "F1", "Klage")
    later(world, 2000)
    assert named(world) == ["P3"]
    assert plan(world.services).kept["master-data"] == {"in-use": 1}
    unlock_deletion(world.services, "bea", "F1")
    assert later(world, 1).gone["document"] == 1
    later(world, 1000)
    assert named(world) == ["P3"]
    later(world, 100)
    assert named(world) == []
