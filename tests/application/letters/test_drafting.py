"""Writing letters: who may, for which office, with which data, to whom, and never twice by accident."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.access.importing import import_cases
from gateway.application.clearing import withholding
from gateway.application.letters import approving, drafting, rendering
from gateway.application.templates.publishing import publish
from gateway.db.letters import Letter
from gateway.db.templates import TemplateVersion
from gateway.errors import (
    AddressInvalid,
    Conflict,
    DataInvalid,
    GatewayError,
    InputError,
    NotFound,
    NotPermitted,
)
from tests.world import AWARD, INVITATION, World, cases_document, pdf_text


def move(world: World, person: int, **address: Any) -> None:
    document = cases_document()
    document["persons"][person]["address"] = {"postcode": "46325", "place": "Borken", **address}
    import_cases(world.services, document)


def letters(world: World) -> list[Letter]:
    with world.services.db.reading() as session:
        return list(session.exec(select(Letter)).all())


@pytest.mark.parametrize(
    ("login", "case"),
    [("ahmad", "F1"), ("anna", "F3"), ("bea", "F1"), ("post", "F1"), ("admin", "F1"), ("audit", "F1")],
)
def test_role_and_office_must_both_allow_writing(world: World, login: str, case: str) -> None:
    with pytest.raises(NotPermitted) as caught:
        world.write(case, login=login)
    assert caught.value.code == "not-permitted"
    assert letters(world) == []


def test_a_caseworker_writes_in_a_case_of_their_office_by_reference_or_file_number(world: World) -> None:
    assert world.view(world.write("F1")).file_number == "JC-BOR-2026-00017"
    assert world.view(world.write("JC-BOR-2026-00017")).case == "F1"


def test_submitting_and_revising_need_the_office_too(world: World) -> None:
    reference = world.write()
    for forbidden in ("ahmad", "bea", "audit"):
        with pytest.raises(NotPermitted):
            drafting.submit(world.services, forbidden, reference)
        with pytest.raises(NotPermitted):
            drafting.revise(world.services, forbidden, reference, world.data())
    assert world.view(reference).state == "draft"


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda w: w.write("F99"), "case-unknown"),
        (lambda w: w.write(login="nobody"), "user-unknown"),
        (lambda w: w.view("0000-0000"), "letter-unknown"),
        (
            lambda w: drafting.write_letter(
                w.services, "anna", case="F1", template=INVITATION, data=w.data(), recipients=["P77"]
            ),
            "person-unknown",
        ),
    ],
)
def test_what_does_not_exist_is_named_by_a_code(world: World, call: Any, code: str) -> None:
    with pytest.raises(NotFound) as caught:
        call(world)
    assert caught.value.code == code


def test_an_unknown_field_and_a_missing_one_are_named_by_their_path_and_not_by_their_value(
    world: World,
) -> None:
    with pytest.raises(DataInvalid) as caught:
        world.write(secret_thing="Nguyễn")
    assert "Nguyễn" not in str(caught.value)
    data = world.data()
    del data["place"]
    with pytest.raises(DataInvalid) as missing:
        drafting.write_letter(world.services, "anna", case="F1", template=INVITATION, data=data)
    assert "place" in missing.value.message
    with pytest.raises(DataInvalid) as wrong:
        world.write(appointment_time="Nguyễn um drei")
    assert "appointment_time" in wrong.value.message
    assert "Nguyễn" not in str(wrong.value)
    assert letters(world) == []


def test_an_address_of_seven_lines_is_refused_when_the_letter_is_written(world: World) -> None:
    document = cases_document()
    document["persons"][2]["name_lines"] = ["Eins", "Zwei", "Drei", "Vier"]
    document["persons"][2]["address"] |= {"care_of": "c/o Fünf", "district": "Sechs"}
    import_cases(world.services, document)
    with pytest.raises(AddressInvalid) as caught:
        world.write("F1")
    assert "P3" in caught.value.message
    assert "Vier" not in str(caught.value)
    assert letters(world) == []


def test_a_character_that_the_letter_font_does_not_have_is_refused(world: World) -> None:
    document = cases_document()
    document["persons"][2]["family_name"] = "Beispiel漢"
    import_cases(world.services, document)
    with pytest.raises(AddressInvalid) as caught:
        world.write("F1")
    assert "glyph" in caught.value.code
    assert "Beispiel" not in str(caught.value)


def test_letters_are_written_from_published_templates_only(world: World) -> None:
    with world.services.db.transaction() as session:
        for publication in session.exec(
            select(TemplateVersion).where(TemplateVersion.template == INVITATION)
        ).all():
            session.delete(publication)
    with pytest.raises(Conflict) as caught:
        world.write()
    assert caught.value.code == "template-not-published"


def test_a_provisional_template_is_published_with_a_named_legal_release_only(world: World) -> None:
    with world.services.db.transaction() as session:
        for publication in session.exec(select(TemplateVersion)).all():
            session.delete(publication)
    with pytest.raises(InputError) as caught:
        publish(world.services, "admin", INVITATION)
    assert caught.value.code == "template-needs-legal-release"
    publish(world.services, "admin", INVITATION, legal_release="Rechtsamt, 12.11.2026")
    publish(world.services, "admin", INVITATION, legal_release="noch einmal")
    with world.services.db.reading() as session:
        (row,) = session.exec(select(TemplateVersion)).all()
    assert (row.published_by, row.legal_release) == ("admin", "Rechtsamt, 12.11.2026")


def test_only_administrators_publish(world: World) -> None:
    with pytest.raises(NotPermitted):
        publish(world.services, "anna", INVITATION, legal_release="ich")


def test_a_second_identical_letter_needs_a_yes_for_fourteen_days_and_not_after(world: World) -> None:
    first = world.write()
    drafting.submit(world.services, "anna", first)
    second = world.write()
    with pytest.raises(Conflict) as caught:
        drafting.submit(world.services, "anna", second)
    assert caught.value.code == "letter-probably-duplicate"
    assert first in caught.value.message
    world.advance_to(world.clock.now() + timedelta(days=14) - timedelta(seconds=1))
    with pytest.raises(Conflict):
        drafting.submit(world.services, "anna", second)
    world.advance(seconds=1)
    drafting.submit(world.services, "anna", second)
    assert world.view(second).state == "submitted"


def test_an_explicit_yes_lets_the_second_letter_go_and_is_kept(world: World) -> None:
    drafting.submit(world.services, "anna", world.write())
    second = world.write()
    drafting.submit(world.services, "anna", second, accept_duplicate=True)
    assert {letter.reference: letter.duplicate_accepted for letter in letters(world)}[second] is True


def test_another_case_other_data_or_a_cancelled_letter_is_no_duplicate(world: World) -> None:
    first = world.write("F1")
    drafting.submit(world.services, "anna", first)
    drafting.submit(world.services, "anna", world.write("F2"))
    drafting.submit(world.services, "anna", world.write("F1", appointment_time="10:00"))
    withholding.cancel(world.services, "anna", first, "Irrtum")
    drafting.submit(world.services, "anna", world.write("F1"))


def test_the_guardian_gets_a_copy_of_their_own_with_their_own_address_on_it(world: World) -> None:
    reference = world.ready("F2")
    client, guardian = world.view(reference).recipients
    assert client.address_lines == ["Frau", "Thị Hương Nguyễn-Şahin", "Ahornallee 12", "46325 Borken"]
    assert guardian.address_lines == ["Herrn", "Łukasz Dvořák", "Musterweg 3", "01067 Dresden"]
    assert (client.copy_for, guardian.copy_for) == (None, "Zweitschrift")
    assert client.document_sha256 != guardian.document_sha256
    texts = [pdf_text(world.services.blobs.get(one.document_sha256 or "")) for one in (client, guardian)]
    assert "Ahornallee 12" in texts[0]
    assert "Musterweg 3" not in texts[0]
    assert "Musterweg 3" in texts[1]


def test_named_recipients_replace_those_of_the_case(world: World) -> None:
    reference = drafting.write_letter(
        world.services, "anna", case="F2", template=INVITATION, data=world.data(), recipients=["P2", "P1", "P2"]
    )
    assert [one.address_lines[1] for one in world.view(reference).recipients] == [
        "Łukasz Dvořák",
        "Thị Hương Nguyễn-Şahin",
    ]


def test_the_address_freezes_at_submission_and_stays_when_the_person_moves(world: World) -> None:
    reference = world.write("F1")
    move(world, 2, street="Neue Straße 9")
    drafting.submit(world.services, "anna", reference)
    move(world, 2, street="Noch Neuere Straße 10")
    rendering.render_letter(world.services, reference)
    recipient = world.only(reference)
    assert recipient.address_lines[2] == "Neue Straße 9"
    assert "Neue Straße 9" in pdf_text(world.services.blobs.get(recipient.document_sha256 or ""))
    approving.approve(world.services, "bea", reference)
    world.evening()
    (piece,) = world.simulator.letters
    assert piece.address_lines == recipient.address_lines


def test_a_person_whose_address_broke_after_the_draft_cannot_be_submitted(world: World) -> None:
    reference = world.write("F1")
    move(world, 2, street="Straße 漢")
    with pytest.raises(AddressInvalid):
        drafting.submit(world.services, "anna", reference)
    assert world.view(reference).state == "draft"


def test_a_letter_is_submitted_once(world: World) -> None:
    reference = world.write()
    drafting.submit(world.services, "anna", reference)
    with pytest.raises(Conflict) as caught:
        drafting.submit(world.services, "anna", reference, accept_duplicate=True)
    assert caught.value.code == "state-changed"


def test_revising_a_ready_letter_makes_it_a_draft_that_must_be_rendered_again(world: World) -> None:
    reference = world.ready()
    drafting.revise(world.services, "anna", reference, world.data(appointment_time="11:45"))
    assert world.view(reference).state == "draft"
    with pytest.raises(Conflict):
        approving.approve(world.services, "bea", reference)
    drafting.submit(world.services, "anna", reference, accept_duplicate=True)
    rendering.render_letter(world.services, reference)
    assert "11:45" in pdf_text(world.services.blobs.get(world.only(reference).document_sha256 or ""))


def test_an_approved_letter_can_no_longer_be_revised(world: World) -> None:
    reference = world.approved()
    with pytest.raises(Conflict):
        drafting.revise(world.services, "anna", reference, world.data(appointment_time="11:45"))


def test_sums_that_do_not_add_up_are_refused(world: World) -> None:
    data = world.data(AWARD)
    data["calculations"][0]["payout"] = "1062.20"
    with pytest.raises(DataInvalid) as caught:
        drafting.write_letter(world.services, "anna", case="F1", template=AWARD, data=data)
    assert "1062" not in str(caught.value)


def test_every_refusal_leaves_the_database_as_it_was(world: World) -> None:
    for values in ({"case": "F3"}, {"unknown": "1"}, {"case": "F99"}, {"template": "keine"}):
        with pytest.raises(GatewayError):
            world.write(**values)
    assert letters(world) == []
