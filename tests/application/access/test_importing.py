"""Taking cases over: all or nothing, idempotent, and never a person's data in a message."""

import traceback
from typing import Any

import pytest
from sqlmodel import col, func, select

from gateway.application.access.importing import import_cases
from gateway.db.people import AuditEntry, Case, CaseMember, Person, Representative, User, UserOffice, UserRole
from gateway.errors import DataInvalid, NotPermitted
from tests.world import World, cases_document

pytestmark = pytest.mark.both_databases


def count(world: World, model: Any) -> int:
    with world.services.db.reading() as session:
        return session.exec(select(func.count()).select_from(model)).one()


def person(world: World, reference: str) -> Person:
    with world.services.db.reading() as session:
        return session.exec(select(Person).where(Person.reference == reference)).one()


def test_the_same_file_again_changes_nothing(world: World) -> None:
    before = [count(world, model) for model in (Person, Case, CaseMember, Representative, UserRole, UserOffice)]
    counts = import_cases(world.services, cases_document())
    assert counts == {
        "offices_unchanged": 2,
        "users_unchanged": 8,
        "persons_unchanged": 4,
        "cases_unchanged": 3,
    }
    assert before == [
        count(world, model) for model in (Person, Case, CaseMember, Representative, UserRole, UserOffice)
    ]


def test_what_changed_is_counted_and_taken_over(world: World) -> None:
    document = cases_document()
    document["persons"][0]["address"]["street"] = "Birkenweg 1"
    document["cases"][1]["representatives"] = []
    document["persons"].append({**document["persons"][1], "reference": "P9"})
    counts = import_cases(world.services, document)
    assert counts["persons_changed"] == 1
    assert counts["persons_new"] == 1
    assert counts["persons_unchanged"] == 3
    assert person(world, "P1").street == "Birkenweg 1"
    assert count(world, Representative) == 0


def test_an_address_that_loses_a_line_really_loses_it(world: World) -> None:
    document = cases_document()
    document["persons"][0]["address"]["care_of"] = "c/o Muster"
    import_cases(world.services, document)
    assert person(world, "P1").care_of == "c/o Muster"
    import_cases(world.services, cases_document())
    assert person(world, "P1").care_of is None


def test_one_bad_row_and_nothing_is_imported(world: World) -> None:
    document = cases_document()
    document["persons"].append({**document["persons"][0], "reference": "P8"})
    document["cases"].append(
        {**document["cases"][0], "reference": "F9", "file_number": "X-1", "addressee": "P77"}
    )
    with pytest.raises(DataInvalid) as caught:
        import_cases(world.services, document)
    assert caught.value.code == "import-reference-unknown"
    assert "P77" in caught.value.message
    assert count(world, Person) == 4
    assert count(world, Case) == 3


@pytest.mark.parametrize(
    ("break_it", "path"),
    [
        (lambda d: d["persons"][2].pop("form"), "persons/2/form"),
        (lambda d: d["persons"][1]["address"].pop("postcode"), "persons/1/address/postcode"),
        (lambda d: d["persons"][0].update(form="Nguyễn"), "persons/0/form"),
        (lambda d: d["offices"][0].update(starts_on="Nguyễn"), "offices/0/starts_on"),
        (lambda d: d["offices"][0].update(key="Nguyễn 1"), "offices/0/key"),
        (lambda d: d["users"][3].update(roles=["Nguyễn"]), "users/3/roles/0"),
        (lambda d: d["cases"][0].update(unknown="Nguyễn"), "cases/0/unknown"),
        (lambda d: d.update(schema="Nguyễn/7"), "schema"),
        (lambda d: d["persons"][0]["address"].update(country="Nguyễn"), "persons/0/address/country"),
    ],
)
def test_a_broken_file_names_the_place_and_never_the_value(world: World, break_it: Any, path: str) -> None:
    document = cases_document()
    break_it(document)
    with pytest.raises(DataInvalid) as caught:
        import_cases(world.services, document)
    assert caught.value.code == "import-invalid"
    assert f"Stelle {path} " in caught.value.message
    everything = "".join(traceback.format_exception(caught.value))
    assert "Nguyễn" not in everything


def test_a_file_number_that_another_case_has_is_a_clear_error(world: World) -> None:
    document = cases_document()
    document["cases"].append({**document["cases"][0], "reference": "F9"})
    with pytest.raises(DataInvalid) as caught:
        import_cases(world.services, document)
    assert caught.value.code == "import-file-number-taken"
    assert count(world, Case) == 3


def test_a_representative_named_twice_is_one(world: World) -> None:
    document = cases_document()
    document["cases"][1]["representatives"] *= 2
    import_cases(world.services, document)
    assert count(world, Representative) == 1


def test_text_is_stored_composed_and_without_invisible_characters(world: World) -> None:
    document = cases_document()
    document["persons"][0]["family_name"] = "Mu\u0308ller\u200b"
    import_cases(world.services, document)
    assert person(world, "P1").family_name == "Müller"


def test_roles_that_are_no_longer_in_the_file_are_taken_away(world: World) -> None:
    document = cases_document()
    document["users"][0]["roles"] = ["auditor"]
    document["users"][0]["offices"] = []
    import_cases(world.services, document)
    with world.services.db.reading() as session:
        anna = session.exec(select(User).where(User.login == "anna")).one()
        roles = session.exec(select(UserRole.role).where(UserRole.user_id == anna.id)).all()
        offices = session.exec(select(UserOffice).where(UserOffice.user_id == anna.id)).all()
    assert [str(role) for role in roles] == ["auditor"]
    assert offices == []


def test_only_administrators_import_when_asked_by_name(world: World) -> None:
    with pytest.raises(NotPermitted):
        import_cases(world.services, cases_document(), login="anna")
    assert import_cases(world.services, cases_document(), login="admin")["cases_unchanged"] == 3


def test_the_import_is_in_the_audit_trail_without_a_name(world: World) -> None:
    import_cases(world.services, cases_document(), login="admin")
    with world.services.db.reading() as session:
        entry = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert entry is not None
    assert (entry.actor, entry.action) == ("admin", "cases-imported")
    assert "Nguyễn" not in str(entry.details)
