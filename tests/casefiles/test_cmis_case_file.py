"""CMIS as an authority's system has it: types, versions, locks, moves, kills, and what `check` says beforehand."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway import bootstrap
from gateway.application.filing.filing import file_due
from gateway.application.posting import posting
from gateway.application.tracking.tracking import poll
from gateway.application.views.opening import open_document
from gateway.casefiles.cmis import CmisCaseFile
from gateway.casefiles.cmis_account import CmisSettings
from gateway.config import load_settings
from gateway.domain.findings import Severity
from gateway.errors import CaseFileError, CaseFileUnavailable, ConfigError
from gateway.ports.casefile import CaseRef, FilingEntry
from gateway.testing.casefile_samples import CASE, PDF, document_entry, posting_entry
from gateway.testing.house.exchange import Request
from gateway.testing.house.proxy import Proxy
from tests.contracts.casefile_benches import CmisBench, PlainCmisBench, cmis_proxy, folder_of, name_of
from tests.opencmis.server import COLLEAGUE, DOCUMENT, ITEM, PASSWORD, USER, OpenCmis, names
from tests.world import AWARD, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("opencmis")]

AKTE = folder_of(CASE)
NEWER = replace(document_entry(pdf=b"%PDF neu"), key="document:7K4M9QXZ:1:signing-2")


@pytest.fixture
def proxy(opencmis_server: OpenCmis) -> Iterator[Proxy]:
    with cmis_proxy(opencmis_server) as proxy:
        yield proxy


@pytest.fixture
def bench(opencmis_server: OpenCmis, proxy: Proxy) -> CmisBench:
    return CmisBench(opencmis_server, proxy)


def found_codes(settings: CmisSettings) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in CmisCaseFile(settings).check()}


def filed(server: OpenCmis) -> dict[str, Any]:
    (document,) = [each for each in server.children(AKTE) if each["cmis:baseTypeId"] == "cmis:document"]
    return document


def test_the_properties_have_the_kinds_that_the_system_asks_for(
    bench: CmisBench, opencmis_server: OpenCmis
) -> None:
    entry = document_entry()
    bench.case_file.file(replace(entry, metadata={**entry.metadata, "product": "gross"}))
    bench.case_file.file(posting_entry())

    document = filed(opencmis_server)
    assert document["akte:seiten"] == 3
    assert document["akte:postausgang"] == datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1000
    assert document["akte:vorlaeufig"] is False
    assert document["akte:vertraulichkeit"] == "003"
    assert document["akte:produkt"] == "gross", "a property of the secondary type"
    assert document["cmis:secondaryObjectTypeIds"] == ["P:akte:brief"]
    assert document[ITEM] == "JC-BOR-2026-00017#7K4M9QXZ-1"


def test_the_log_is_read_by_people(bench: CmisBench, opencmis_server: OpenCmis) -> None:
    bench.case_file.file(document_entry())
    bench.case_file.file(posting_entry())

    first, second = opencmis_server.children(f"{AKTE}/Verlauf")
    assert first["cmis:name"].startswith("Freigabe 7K4M9QXZ 1 ")
    assert second["cmis:name"].startswith("Ab-Vermerk AAAA1111 7K4M9QXZ ")
    assert second["akte:titel"] == "Aufgabe zur Post bestätigt"
    lines = opencmis_server.content(second["cmis:objectId"]).decode().splitlines()
    assert lines[0] == "20.11.2026 00:00 Aufgabe zur Post bestätigt"
    assert "Aufgabe zur Post am: 20.11.2026" in lines
    assert "Rechtsbehelfsfrist bis: 24.12.2026" in lines


def test_a_version_says_why_and_the_name_stays(bench: CmisBench, opencmis_server: OpenCmis) -> None:
    bench.case_file.file(document_entry())
    bench.case_file.file(NEWER)

    document = filed(opencmis_server)
    first, second = opencmis_server.versions(document["cmis:objectId"])
    assert (first["cmis:versionLabel"], second["cmis:versionLabel"]) == ("1.0", "2.0")
    assert second["cmis:checkinComment"] == NEWER.key
    assert second["cmis:name"] == first["cmis:name"] == "7K4M9QXZ-1.pdf"


def test_a_document_that_a_colleague_has_checked_out_waits_and_is_filed_later(
    bench: CmisBench, opencmis_server: OpenCmis
) -> None:
    bench.case_file.file(document_entry())
    theirs = opencmis_server.check_out(filed(opencmis_server)["cmis:objectId"], COLLEAGUE)
    with pytest.raises(CaseFileError) as locked:
        bench.case_file.file(NEWER)
    assert locked.value.code == "cmis-document-locked"

    opencmis_server.cancel_check_out(theirs, COLLEAGUE)
    bench.case_file.file(NEWER)
    assert bench.case_file.fetch(CASE, "7K4M9QXZ-1") == b"%PDF neu"


@pytest.mark.parametrize("skip", [0, 1])
def test_an_answer_that_is_lost_on_the_way_to_a_version_leaves_no_lock(
    bench: CmisBench, opencmis_server: OpenCmis, proxy: Proxy, skip: int
) -> None:
    bench.case_file.file(document_entry())
    proxy.plan_fault("POST write/check", "drop-after-accept", skip=skip)
    with pytest.raises(CaseFileError):
        bench.case_file.file(NEWER)
    bench.fresh().file(NEWER)

    document = filed(opencmis_server)
    assert not document["cmis:isVersionSeriesCheckedOut"]
    assert len(opencmis_server.versions(document["cmis:objectId"])) == 2


def test_what_was_moved_in_the_system_is_found_by_the_index(
    bench: CmisBench, opencmis_server: OpenCmis
) -> None:
    bench.case_file.file(document_entry())
    opencmis_server.move(filed(opencmis_server)["cmis:objectId"], AKTE, "/Akten")
    bench.fresh().file(posting_entry())

    assert bench.fresh().fetch(CASE, "7K4M9QXZ-1") == PDF
    (moved,) = [each for each in opencmis_server.children("/Akten") if each["cmis:name"].endswith(".pdf")]
    assert moved["akte:postausgang"] is not None
    assert "7K4M9QXZ-1.pdf" not in names(opencmis_server.children(AKTE))


def test_a_property_that_changes_meanwhile_is_read_again_and_nothing_is_lost(
    opencmis_server: OpenCmis,
) -> None:
    meddled: list[str] = []

    def meddling(request: Request) -> str:
        name = name_of(request)
        if name == "write/update" and not meddled:
            meddled.append(name)
            opencmis_server.update(filed(opencmis_server)["cmis:objectId"], {"akte:betreff": "von Hand"})
        return name

    with cmis_proxy(opencmis_server) as usual, Proxy(opencmis_server.url, meddling) as proxy:
        CmisBench(opencmis_server, usual).case_file.file(document_entry())
        CmisBench(opencmis_server, proxy).case_file.file(posting_entry())
        document = filed(opencmis_server)
        assert document["akte:betreff"] == "von Hand"
        assert document["akte:postausgang"] is not None
        assert proxy.asked.count("POST write/update") > 1, "the first was refused by its change token"


def test_several_workers_make_the_folders_of_a_file_once(bench: CmisBench, proxy: Proxy) -> None:
    """A system that looks for a name and then writes it would have two, and what lies in one of them is not seen."""

    def folders_made(case: CaseRef, documents: int) -> int:
        before = proxy.asked.count("POST write/createFolder")
        entries = [document_entry(case=case, reference=f"REF{n:05d}") for n in range(documents)]
        with ThreadPoolExecutor(documents) as pool:
            list(pool.map(bench.case_file.file, entries))
        return proxy.asked.count("POST write/createFolder") - before

    one, many, first = (replace(CASE, file_number=f"35702//000{n}") for n in (8001, 8002, 8000))
    folders_made(first, 1)  # with all above it
    assert folders_made(many, 8) == folders_made(one, 1) > 0


def test_a_kill_before_or_after_any_request_files_once(bench: CmisBench, opencmis_server: OpenCmis) -> None:
    """SIGKILL in a process of its own, at every request in turn; the next process files it again."""
    deaths, step = 0, 0
    while deaths == 2 * step:
        for when in ("before", "after"):
            case = replace(CASE, file_number=f"JC-KILL-{step}-{when}")
            entry = document_entry(case=case)
            deaths += killed_while_filing(bench, entry, step, when)
            bench.fresh().file(entry)
            assert [found.versions for found in bench.documents(case)] == [(PDF,)]
            assert bench.entries(case) == [entry.key]
        step += 1
    assert deaths > 20, "until a process had no request left to be killed at"


def killed_while_filing(bench: CmisBench, entry: FilingEntry, step: int, when: str) -> bool:
    """Whether the child was killed at its request number `step`."""
    child = os.fork()
    if child == 0:
        asked, count = requests.Session.request, [0]

        def mortal(session: requests.Session, *arguments: Any, **named: Any) -> requests.Response:
            count[0] += 1
            if count[0] == step + 1 and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            answer = asked(session, *arguments, **named)
            if count[0] == step + 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        requests.Session.request = mortal  # type: ignore[method-assign, assignment]
        try:
            bench.fresh().file(entry)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_the_check_is_content_with_types_and_says_what_the_plain_configuration_lacks(
    bench: CmisBench, opencmis_server: OpenCmis, proxy: Proxy
) -> None:
    assert found_codes(bench.settings()) == {}
    assert found_codes(PlainCmisBench(opencmis_server, proxy).settings()) == {
        "cmis-item-not-queryable": Severity.WARNING,
        "cmis-type-not-versionable": Severity.WARNING,
        "cmis-hash-not-mapped": Severity.WARNING,
    }
    assert opencmis_server.children() == [], "a check leaves nothing behind"
    assert not [asked for asked in proxy.asked if "write" in asked]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document_type": "D:akte:gibtsnicht"}, "cmis-type-unknown"),
        ({"secondary_types": ("P:akte:gibtsnicht",)}, "cmis-type-unknown"),
        ({"document_type": "cmis:folder", "secondary_types": ()}, "cmis-type-unsuitable"),
        ({"properties": {"subject": "akte:gibtsnicht"}}, "cmis-property-unknown"),
        ({"properties": {"subject": "cmis:createdBy"}}, "cmis-property-read-only"),
        ({"constants": {"akte:gibtsnicht": "1"}}, "cmis-property-unknown"),
        ({"item_property": "akte:seiten"}, "cmis-item-property"),
        ({"repository": "gibtsnicht"}, "cmis-repository-unknown"),
        ({"password": "falsch"}, "cmis-login-refused"),
        ({"folder_type": "F:gibtsnicht"}, "cmis-type-unknown"),
    ],
)
def test_the_check_names_what_is_set_up_wrongly_before_the_first_letter(
    bench: CmisBench, opencmis_server: OpenCmis, changes: dict[str, Any], code: str
) -> None:
    assert found_codes(bench.settings(**changes))[code] is Severity.ERROR
    assert opencmis_server.children() == []


@pytest.mark.parametrize("path", ["/browser/gibtsnicht", "/browser/akten", "/anderswo", ""])
def test_an_address_that_is_no_repository_is_said_to_be_none(bench: CmisBench, proxy: Proxy, path: str) -> None:
    settings = bench.settings(url=proxy.url.removesuffix("/browser") + path)
    (code,) = found_codes(settings)
    assert code in {"cmis-repository-unknown", "cmis-unreadable"}
    with pytest.raises(CaseFileUnavailable):
        CmisCaseFile(settings).file(document_entry())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"url": "http://dms.example/browser"}, "cmis-plain-http"),
        ({"url": "https://a:b@dms.example/browser"}, "cmis-base-url"),
        ({"token": "x", "user": "y"}, "cmis-two-logins"),
        ({"folder": "/Akten/{name}"}, "cmis-folder-template"),
        ({"folder": "/Akten/{office}"}, "cmis-folder-template"),
        ({"properties": {"subjekt": "akte:betreff"}}, "cmis-field-unknown"),
    ],
)
def test_what_could_never_work_is_refused_at_the_start(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as refused:
        CmisSettings(**({"url": "https://dms.example/browser"} | changes))
    assert refused.value.code == code


def test_the_configuration_makes_the_adapter_and_keeps_the_password(
    tmp_path: Path, opencmis_server: OpenCmis
) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    (tmp_path / "config.toml").write_text(
        f"""
[case_file]
name = "cmis"
[case_file.cmis]
url = "{opencmis_server.url}"
user = "{USER}"
password_file = "{tmp_path / "password"}"
document_type = "{DOCUMENT}"
properties = {{ subject = "akte:betreff" }}
"""
    )
    settings = load_settings(tmp_path / "config.toml", data_dir=tmp_path)
    case_file = bootstrap._case_file(settings)
    assert case_file.name == "cmis"
    assert {finding.severity for finding in case_file.check()} == {Severity.WARNING}
    assert PASSWORD not in str(settings.model_dump(mode="json"))
    assert PASSWORD not in repr(vars(case_file))


def test_a_letter_lives_its_life_in_the_system_and_comes_back_from_it(
    world: World, bench: CmisBench, opencmis_server: OpenCmis
) -> None:
    services = replace(world.services, casefile=bench.case_file)
    reference = world.approved("F1", AWARD, login="both")
    file_due(services)
    world.evening()
    world.advance(days=4)
    poll(services)
    file_due(services)
    (day,) = posting.posting_days(services, "post")
    posting.confirm(services, "post", day.day)
    file_due(services)

    document = filed(opencmis_server)
    approved = world.only(reference).approved_sha256 or ""
    assert document["akte:sha256"] == approved
    assert document["akte:vorlaeufig"] is False
    assert document["akte:frist"] is not None
    assert [name.split(" ")[0] for name in names(opencmis_server.children(f"{AKTE}/Verlauf"))] == [
        "Freigabe",
        "Übergabe",
        "Aufgabe",
        "Ab-Vermerk",
    ]
    (blob,) = (world.settings.data_dir / "documents").rglob(f"*{approved[-8:]}*")
    content = blob.read_bytes()
    blob.unlink()
    assert open_document(services, "both", reference, 1).content == content
