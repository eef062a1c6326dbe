"""Whatever happens to a letter, the name and address of its reader are in no log, message, file name or error."""

import logging
import re
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.access.importing import import_cases
from gateway.application.arrivals.receiving import import_delivery
from gateway.application.filing.filing import file_due
from gateway.application.letters import approving, drafting
from gateway.application.posting import posting
from gateway.application.retention.destroying import apply
from gateway.application.retention.exporting import export_person
from gateway.application.runs.running import run
from gateway.application.runs.submitting import hand_over
from gateway.application.tracking.tracking import poll
from gateway.application.trail.auditing import read_case, read_letter, trail
from gateway.application.views.explaining import explain
from gateway.application.views.opening import open_document
from gateway.db.people import AuditEntry
from gateway.errors import GatewayError
from gateway.testing.scans import ScanSpec, make_delivery
from gateway.workers.schedule import Schedule
from tests.world import AWARD, World, cases_document

NAME = "Zwirbelkötter"
STREET = "Quittengasse 77"
SECRETS = (NAME, STREET, "training-secret", "training-password")


@pytest.fixture
def heard(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Everything that was logged, at any level, or printed."""
    caplog.set_level(logging.DEBUG)
    return lambda: "".join((*capfd.readouterr(), caplog.text))


@pytest.fixture
def known(world: World) -> World:
    document = cases_document()
    document["persons"][2] |= {"family_name": NAME}
    document["persons"][2]["address"]["street"] = STREET
    import_cases(world.services, document)
    return world


def assert_silent(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text


def assert_no_file_is_named_after_a_person(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert_silent(str(path.relative_to(folder)))


def test_a_life_that_goes_well_says_no_name(known: World, heard: Callable[[], str], tmp_path: Path) -> None:
    reference = known.approved("F1", AWARD, login="both")
    known.evening()
    known.advance(days=4)
    poll(known.services)
    for day in posting.posting_days(known.services, "post"):
        posting.confirm(known.services, "post", day.day)
    file_due(known.services)
    delivery = make_delivery(
        tmp_path / "L-1", "scan-centre", "L-1", 1, [ScanSpec.unknown()], at=known.clock.now()
    )
    import_delivery(known.services, delivery, source="scan-centre")
    print("\n".join(explain(known.services, reference)))  # noqa: T201
    schedule = Schedule(known.services)
    for sweep in (schedule._render, schedule._run, schedule._hand_over, schedule._track, schedule._file):
        sweep()
    assert known.view(reference).recipients[0].address_lines[1].endswith(NAME)
    said = heard()
    assert "Bewilligungsbescheid" in said
    assert "run-finished" in said
    assert_silent(said)
    assert_no_file_is_named_after_a_person(known.settings.data_dir)


@pytest.mark.parametrize(
    "kind", ["drop-after-accept", "5xx-before", "nonsense", "429", "reject:E306", "expired-token", "cut-answer"]
)
def test_a_provider_that_misbehaves_makes_nobody_say_a_name(
    known: World, heard: Callable[[], str], kind: str
) -> None:
    reference = known.approved("F1")
    known.simulator.plan_fault("POST /api/Letter", kind)
    (report,) = known.evening()
    known.advance(minutes=20)
    hand_over(known.services)
    print(report, explain(known.services, reference), known.only(reference).problem)  # noqa: T201
    print(repr(known.services.provider), repr(known.settings))  # noqa: T201
    assert_silent(heard())


def _letter_with(changes: dict[str, Any]) -> Callable[[World], object]:
    return lambda world: drafting.write_letter(
        world.services, "anna", case="F1", template=AWARD, data=world.data(AWARD, **changes)
    )


def _person_with(**values: Any) -> Callable[[World], object]:
    def act(world: World) -> object:
        document = cases_document()
        document["persons"][2] |= {"family_name": NAME}
        document["persons"][2]["address"] |= {"street": STREET}
        document["persons"][2] |= values
        import_cases(world.services, document)
        return world.write("F1")

    return act


@pytest.mark.parametrize(
    "act",
    [
        _letter_with({"persons": [{"name": NAME, "street": STREET}]}),
        _letter_with({"payment": {"account_holder": NAME, "iban": STREET}}),
        _letter_with({"period_from": f"{NAME} {STREET}"}),
        _person_with(form=NAME),
        _person_with(given_name=f"漢 {NAME}"),
        _person_with(name_lines=[NAME, STREET, NAME, STREET, NAME, STREET, NAME]),
        _person_with(address={"street": STREET, "postcode": NAME, "place": STREET}),
        _person_with(address={"street": STREET * 9, "postcode": "46325", "place": "Borken"}),
        lambda world: approving.approve(world.services, "bea", world.write("F1")),
    ],
)
def test_an_error_says_what_is_wrong_without_saying_the_name(
    known: World, heard: Callable[[], str], act: Callable[[World], object]
) -> None:
    with pytest.raises(GatewayError) as caught:
        act(known)
    assert_silent("".join(traceback.format_exception(caught.value)))
    assert_silent(heard())


def test_damaged_bytes_and_a_broken_case_file_say_no_name(known: World, heard: Callable[[], str]) -> None:
    reference = known.approved("F1")
    for file in (known.settings.data_dir / "documents").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(NAME.encode())
    file_due(known.services)
    known.advance(minutes=1)
    report = run(known.services)
    print(report, explain(known.services, reference), known.only(reference).problem)  # noqa: T201
    assert_silent(heard())


def test_the_audit_trail_names_users_and_references_only(known: World, tmp_path: Path) -> None:
    reference = known.approved("F1", AWARD, login="both")
    known.evening()
    known.advance(days=4)
    poll(known.services)
    for day in posting.posting_days(known.services, "post"):
        posting.confirm(known.services, "post", day.day)
    file_due(known.services)
    delivery = make_delivery(
        tmp_path / "L-1", "scan-centre", "L-1", 1, [ScanSpec.unknown()], at=known.clock.now()
    )
    import_delivery(known.services, delivery, source="scan-centre")
    read_letter(known.services, "anna", reference)
    read_case(known.services, "anna", "F1")
    open_document(known.services, "anna", reference, 1)
    trail(known.services, "audit", reference)
    export_person(known.services, None, "P3")
    for days in (200, 200, 600):
        known.advance(days=days)
        apply(known.services)
    with known.services.db.reading() as session:
        entries = session.exec(select(AuditEntry)).all()
    actions = {entry.action for entry in entries}
    assert {"letter-read", "content-deleted", "personal-data-deleted", "person-exported"} <= actions
    told = " ".join(str(entry) for entry in entries)
    assert_silent(told)
    for value in ("Borken", "46325", "Ahornallee", "Frau", "Herr"):
        assert value not in told
    assert not re.search(r"[A-Z]{2}[0-9]{2}(?: ?[0-9]{4}){4}", told), "an IBAN"


def test_services_and_settings_show_no_secret(known: World) -> None:
    assert_silent(repr(replace(known.services)) + repr(known.settings) + repr(known))
