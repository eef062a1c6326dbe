"""Routes, capacities and diverting: each letter goes to the provider that the rules name, and to one only."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from gateway import bootstrap
from gateway.application.access.importing import import_cases
from gateway.application.account.reconciling import account
from gateway.application.desk.desk_view import desk_of_letter
from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.letters import approving, drafting, rendering
from gateway.application.letters.choosing_service import choose_service
from gateway.application.runs import batching
from gateway.application.runs.connecting import require_connected
from gateway.application.runs.diverting import Staying, divert, preview
from gateway.application.runs.forecasting import OVER_CAPACITY, forecast
from gateway.application.runs.replanning import require_provider
from gateway.application.runs.running import run
from gateway.application.runs.stopping import stop
from gateway.application.runs.submitting import hand_over
from gateway.db.mail import MailPiece
from gateway.db.people import AuditEntry
from gateway.db.profiles import ProfileCheck
from gateway.domain.account.account import Line
from gateway.domain.desk.desk import Problem
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.routing import Route, Routing
from gateway.domain.runs.stopping import StopScope
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import ConfigError, InputError, NotPermitted
from gateway.evidence_check import faults
from gateway.providers.epost import EpostProvider
from gateway.testing.epost import EpostSimulator
from tests.world import AWARD, MONDAY, World, at, cases_document, pdf_text

pytestmark = pytest.mark.slow

LETTER = "POST /api/Letter"


@pytest.fixture
def second(world: World) -> Iterator[EpostSimulator]:
    """A second provider, of the same kind but with a ledger of its own, connected as `other`."""
    with EpostSimulator(speed=0, start=at(MONDAY, "08:00"), poll_interval_s=0) as simulator:
        account = world.settings.provider.epost.model_copy(update={"base_url": simulator.base_url})
        provider: EpostProvider = bootstrap._epost(account)
        provider.name = "other"
        world.services = replace(world.services, providers={**world.services.providers, "other": provider})
        yield simulator
        provider.close()


def routed(world: World, *routes: Route, **capacity: int) -> None:
    world.services = replace(world.services, routing=Routing("epost", routes, capacity))


def keys(simulator: EpostSimulator) -> list[str]:
    return sorted(letter.custom1 for letter in simulator.letters)


def test_a_route_sends_the_letters_of_its_office_to_its_provider_and_no_other(
    world: World, second: EpostSimulator
) -> None:
    routed(world, Route("other", office="borken", template="einladung"))
    world.approved("F1")
    world.approved("F2", template="eingangsbestaetigung")
    world.evening()
    by_provider = dict.fromkeys(("epost", "other"), 0)
    for submission in world.submissions():
        by_provider[submission.provider] += 1
    assert by_provider == {"other": 1, "epost": 2}
    assert len(keys(second)) == 1
    assert len(world.taken()) == 2
    assert not set(keys(second)) & set(world.taken())


def test_what_is_over_a_providers_daily_capacity_waits_for_the_next_day_and_is_foretold(world: World) -> None:
    routed(world, epost=2)
    references = [world.approved("F1", appointment_time=f"1{hour}:00") for hour in range(3)]
    told = forecast(world.services, day=MONDAY, approved_before=at(MONDAY, "17:30"))
    assert (told.total.letters, told.stays[OVER_CAPACITY]) == (2, 1)
    (report,) = world.evening()
    assert (report.letters, report.left_for_next_run) == (2, 1)
    assert world.view(references[2]).state == "approved"
    assert run(world.services, login="post").letters == 0
    world.evening(MONDAY + timedelta(days=1))
    assert len(world.taken()) == 3


def test_a_letter_with_several_copies_waits_as_a_whole(world: World) -> None:
    routed(world, epost=2)
    world.approved("F1")
    both = world.approved("F2")
    after = world.approved("F1", appointment_time="11:00")
    world.evening()
    assert world.view(both).state == "approved"
    assert world.view(after).state == "batched"


def test_the_rest_goes_to_another_provider_and_each_letter_is_printed_once(
    world: World, second: EpostSimulator
) -> None:
    for hour in range(4):
        world.approved("F1", appointment_time=f"1{hour}:00")
    world.simulator.plan_fault(LETTER, "429:6000", skip=1)
    world.evening()
    assert len(world.taken()) == 1
    done = divert(world.services, "post", origin="epost", target="other", reason="Störung")
    assert (done.moved, done.unknown, done.not_offered) == (3, 0, 0)
    assert run(world.services, login="post").hand_over.released == 3
    assert len(keys(second)) == 3
    assert len(world.taken()) == 1
    world.advance(minutes=200)
    hand_over(world.services, retry_now=True)
    assert (len(keys(second)), len(world.taken())) == (3, 1)
    assert account(world.services).lines[Line.UNDER_WAY] == 4
    assert account(world.services).balanced


def test_the_posting_file_of_a_diverted_letter_shows_that_and_why_and_the_trail_holds_no_list(
    world: World, second: EpostSimulator, tmp_path: Path
) -> None:
    references = [world.approved("F1", appointment_time=f"1{hour}:00") for hour in range(3)]
    world.simulator.plan_fault(LETTER, "429:6000")
    world.evening()
    before = [world.only(reference).piece or "" for reference in references]
    divert(world.services, "post", origin="epost", target="other", reason="Brand im Werk")
    (told,) = entries(world, "diverted")
    moved = {"count": 3, "sha256": hashlib.sha256("\n".join(sorted(before)).encode()).hexdigest()}
    assert (told.details["moved"], told.details["staying"]["count"]) == (moved, 0)
    assert [each.replace("run-", "")[:4] for each in told.details["runs"]] == ["2026"]
    assert not any(piece in str(told.details) for piece in before)
    run(world.services, login="post")
    folder = tmp_path / "unpacked"
    archive, _ = packed(world.services, posting_file(world.services, None, references[0]))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(folder)
    (shown,) = json.loads((folder / "umleitung-1.json").read_text("utf-8"))
    after = world.only(references[0]).piece
    assert (shown["replaces"], shown["piece"], shown["origin"], shown["target"], shown["reason"]) == (
        *(before[0], after, "epost", "other", "Brand im Werk"),
    )
    handed = json.loads((folder / "uebergabe-1.json").read_text("utf-8"))
    assert [(each["provider"], each["state"]) for each in handed] == [("epost", "void"), ("other", "released")]
    assert "letter-diverted" in {
        entry["action"] for entry in json.loads((folder / "protokoll.json").read_text())
    }
    cover = " ".join(pdf_text((folder / "deckblatt.pdf").read_bytes()).split())
    assert "von epost zu other" in cover
    assert "Grund: Brand im Werk" in cover
    assert list(faults(folder)) == []


def entries(world: World, action: str) -> list[AuditEntry]:
    with world.services.db.reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == action)).all())


def abroad_and_inland(world: World) -> dict[str, str]:
    """Registered mail to Den Haag and to Borken, and a letter to Den Haag, all planned and not accepted: case → key.

    The E-POST carries no registered mail abroad; here it is said that it does, as another provider would.
    """
    document = cases_document()
    (person,) = [one for one in document["persons"] if one["reference"] == "P3"]
    person["address"] = {"street": "Spui 10", "postcode": "2511 BT", "place": "Den Haag", "country": "NL"}
    import_cases(world.services, document)
    adapter = world.services.provider
    adapter.capabilities = replace(adapter.capabilities, inland_only=frozenset())
    found = {}
    for name, case, service in (
        ("registered-abroad", "F1", Service.UEBERGABE),
        ("letter-abroad", "F1", Service.STANDARD),
        ("registered-inland", "F2", Service.UEBERGABE),
    ):
        reference = world.write(case, AWARD, login="both")
        if service is not Service.STANDARD:
            choose_service(world.services, "both", reference, service, "Nachweis gewünscht")
        drafting.submit(world.services, "both", reference, accept_duplicate=True)
        rendering.render_letter(world.services, reference)
        approving.approve(world.services, "bea", reference)
        found[name] = reference
    stop(world.services, "post", StopScope.PROVIDER, "epost", "Ausfall")
    world.evening()
    assert world.taken() == []
    return found


@pytest.mark.both_databases
def test_what_the_other_provider_does_not_carry_abroad_stays_and_is_named(
    world: World, second: EpostSimulator
) -> None:
    letters = abroad_and_inland(world)
    piece = world.only(letters["registered-abroad"]).piece or ""
    shown = preview(world.services, "post", origin="epost", target="other")
    kinds = {(each.service, each.abroad): each.offered for each in shown.shares}
    assert kinds == {
        (Service.STANDARD, True): True,
        (Service.UEBERGABE, False): True,
        (Service.UEBERGABE, True): False,
    }
    expected = Staying(piece, (letters["registered-abroad"],), Service.UEBERGABE, not_abroad=True)
    assert shown.staying == (expected,)
    done = divert(world.services, "post", origin="epost", target="other", reason="Störung")
    assert (done.moved, done.staying) == (shown.moves, (expected,))
    submission = next(each for each in world.submissions() if each.key.startswith(piece))
    assert (submission.provider, submission.state) == ("epost", SubmissionState.PLANNED)
    assert world.only(letters["registered-abroad"]).piece == piece
    run(world.services, login="post")
    assert len(keys(second)) == done.moved
    with world.services.db.reading() as session:
        row = session.exec(select(MailPiece).where(MailPiece.reference == piece)).one()
        with pytest.raises(InputError, match="provider-not-abroad"):
            require_provider(session, world.services, "other", row)


def test_what_is_in_doubt_is_not_diverted_but_waits_for_its_answer(
    world: World, second: EpostSimulator
) -> None:
    world.approved("F1")
    world.simulator.plan_fault(LETTER, "drop-after-accept")
    world.evening()
    world.approved("F1", appointment_time="11:00")
    world.simulator.plan_fault(LETTER, "429:6000")
    world.advance(minutes=1)
    run(world.services, login="post")
    done = divert(world.services, "post", origin="epost", target="other", reason="Störung")
    assert (done.moved, done.unknown) == (1, 1)
    run(world.services, login="post")
    world.advance(minutes=20)
    hand_over(world.services, retry_now=True)
    states = [each.state for each in world.submissions() if each.state is not SubmissionState.VOID]
    assert states == [SubmissionState.RELEASED] * 2
    assert (len(world.taken()), len(keys(second))) == (1, 1)


def test_diverting_asks_for_a_reason_a_known_provider_and_permission(
    world: World, second: EpostSimulator
) -> None:
    with pytest.raises(InputError, match="reason-missing"):
        divert(world.services, "post", origin="epost", target="other", reason=" ")
    with pytest.raises(InputError, match="provider-unknown"):
        divert(world.services, "post", origin="epost", target="brieftaube", reason="Störung")
    with pytest.raises(NotPermitted):
        divert(world.services, "anna", origin="epost", target="other", reason="Störung")


def test_routes_and_capacities_stand_in_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[provider]\nothers = ["folder"]\nroutes = [{ provider = "folder", office = "ahaus", service = "pzu" }]\n'
        "[provider.daily_capacity]\nepost = 5000\n"
    )
    from gateway.config import load_settings  # noqa: PLC0415

    routing = bootstrap.routing(load_settings(file).provider)
    assert routing.routes[0].provider == "folder"
    assert routing.left_today("epost", 4999) == 1


def test_a_provider_with_letters_under_way_cannot_be_taken_out_of_the_configuration(world: World) -> None:
    require_connected(world.services.db, ["sftp"])
    world.approved("F1")
    world.evening()
    with pytest.raises(ConfigError, match="provider-still-needed"):
        require_connected(world.services.db, ["sftp"])
    require_connected(world.services.db, ["sftp", "epost"])


def strict(provider: EpostProvider) -> None:
    """A provider under a profile of its own, whose printable area leaves a wide margin at the right."""
    whole = provider.profile.printable
    narrow = replace(whole, x1_mm=whole.x1_mm - 60)
    provider.profile = replace(provider.profile, name="narrow", printable=narrow)


def checked(world: World) -> set[tuple[str, str]]:
    """Which document was proven for which profile."""
    with world.services.db.reading() as session:
        return {(row.document_sha256, row.profile) for row in session.exec(select(ProfileCheck)).all()}


def test_a_mass_mailing_goes_to_the_print_centre_and_a_small_one_stays(
    world: World, second: EpostSimulator
) -> None:
    routed(world, Route("other", template="einladung", min_letters=3))
    few = [world.approved("F1", appointment_time=f"1{hour}:00") for hour in range(2)]
    world.approved("F1", template="eingangsbestaetigung")
    world.evening()
    assert (len(world.taken()), keys(second)) == (3, [])
    for hour in range(3):
        world.approved("F1", appointment_time=f"0{hour + 6}:00")
    world.approved("F1", template="eingangsbestaetigung")
    world.evening(MONDAY + timedelta(days=1))
    assert (len(world.taken()), len(keys(second))) == (4, 3)
    assert all(world.view(reference).state == "batched" for reference in few)


def test_a_run_that_was_killed_while_it_planned_goes_on_by_the_volume_it_began_with(
    world: World, second: EpostSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed(world, Route("other", min_letters=4))
    for hour in range(4):
        world.approved("F1", appointment_time=f"1{hour}:00")
    world.advance_to(at(MONDAY, "19:05"))
    monkeypatch.setattr(batching, "CHUNK", 3)
    run_id = batching.open_run(world.services, MONDAY)

    def killed(_planned: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batching.plan(world.services, run_id, approved_before=at(MONDAY, "17:30"), progress=killed)
    run(world.services, day=MONDAY)
    assert (world.taken(), len(keys(second))) == ([], 4)


def test_the_forecast_counts_the_volume_of_the_whole_house(world: World, second: EpostSimulator) -> None:
    routed(world, Route("other", min_letters=2), other=1)
    world.approved("F1")
    world.approved("F1", appointment_time="11:00")
    told = forecast(world.services, day=MONDAY, approved_before=at(MONDAY, "17:30"), login="anna")
    assert (told.total.letters, told.stays[OVER_CAPACITY]) == (1, 1)
    assert {name: volume.pieces for name, volume in told.by_provider.items()} == {"other": 1}


def test_a_letter_is_checked_for_every_provider_that_the_volume_may_choose(
    world: World, second: EpostSimulator
) -> None:
    strict(world.services.providers["other"])  # type: ignore[arg-type]
    routed(world, Route("other", min_letters=100))
    reference = world.write("F1")
    drafting.submit(world.services, "anna", reference)
    rendering.render_letter(world.services, reference)
    view = world.view(reference)
    assert view.state == "faulty"
    (recipient,) = view.recipients
    assert any("(Druckprofil narrow)" in finding.message for finding in recipient.findings)
    assert {profile for _, profile in checked(world)} == {"epost"}


def test_what_goes_elsewhere_after_its_check_is_checked_again_and_stays_if_it_does_not_fit(
    world: World, second: EpostSimulator
) -> None:
    reference = world.approved("F1")
    strict(world.services.providers["other"])  # type: ignore[arg-type]
    routed(world, Route("other"))
    (report,) = world.evening()
    assert (report.faulty, world.taken(), keys(second)) == (1, [], [])
    (entry,) = desk_of_letter(world.services, "post", reference)
    assert entry.problem is Problem.PIECE_FAULTY
    assert "Druckprofil „narrow“" in entry.problems[0]


def test_what_goes_elsewhere_after_its_check_and_fits_there_is_printed_there(
    world: World, second: EpostSimulator
) -> None:
    world.approved("F1")
    provider = world.services.providers["other"]
    provider.profile = replace(provider.profile, name="of-the-other")
    routed(world, Route("other"))
    world.evening()
    assert (world.taken(), len(keys(second))) == ([], 1)
    assert {profile for _, profile in checked(world)} == {"epost", "of-the-other"}
