"""The record of posting says what a court asks: which piece, which day, which list, by whom, and who answers for it."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.posting.posting_record import How, Record, how_of, record_text

DAY, OTHER = date(2026, 11, 17), date(2026, 11, 18)
RECORD = Record(
    piece="AAAA1111",
    key="K-1",
    posted_on=DAY,
    list_number="EL-000007",
    provider="sftp",
    carrier="Deutsche Post",
    product="Standardbrief",
    franking_id="A0-17",
    how=How.CHECKED,
    confirmed_by="Petra Stelle",
    confirmed_at=datetime(2026, 11, 18, 9, 12, tzinfo=ZoneInfo("Europe/Berlin")),
    responsible="Poststelle",
)


def test_the_machine_writes_what_the_clerk_confirmed() -> None:
    assert record_text(RECORD) == (
        "Zur Post gegeben am 17.11.2026 (Sendung AAAA-1111, Auftrag K-1, Einlieferungsliste EL-000007, Dienstleister "
        "sftp, Zusteller Deutsche Post, Produkt Standardbrief, Frankier-ID A0-17). Geprüft und bestätigt mit der "
        "Tagesmeldung durch Petra Stelle am 18.11.2026, 09:12 Uhr. Automatisiert protokolliert am 18.11.2026 durch "
        "Hybridpost-Gateway; verantwortlich: Poststelle."
    )


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (Service.EINWURF, "Versandart Einschreiben Einwurf, Produkt Standardbrief"),
        (Service.UEBERGABE, "Versandart Einschreiben Übergabe, Produkt Standardbrief"),
        (Service.RUECKSCHEIN, "Versandart Einschreiben Rückschein, Produkt Standardbrief"),
        (Service.PZU, "Versandart Postzustellungsauftrag, Produkt Standardbrief"),
    ],
)
def test_how_it_is_to_be_handed_over_is_named_where_the_product_does_not_say_it(
    service: Service, words: str
) -> None:
    assert words in record_text(replace(RECORD, service=service))


def test_an_exception_names_both_people_the_reason_and_the_findings() -> None:
    text = record_text(
        replace(
            RECORD, list_number="", second="Paul Zwei", reason="Liste liegt auf Papier vor.", codes=["b", "a"]
        )
    )
    assert "ohne Einlieferungsliste" in text
    assert "Als Ausnahme bestätigt durch Petra Stelle und Paul Zwei" in text
    assert "Grund: Liste liegt auf Papier vor. Befunde: a, b." in text


def test_a_correction_names_what_it_replaces_and_a_revocation_has_no_day() -> None:
    corrected = record_text(replace(RECORD, posted_on=OTHER, second="Paul Zwei", corrects=(1, DAY)))
    assert corrected.startswith("Zur Post gegeben am 18.11.2026")
    assert "ersetzt den Ab-Vermerk Nr. 1 (Aufgabe am 17.11.2026)" in corrected
    revoked = record_text(replace(RECORD, posted_on=None, second="Paul Zwei", corrects=(2, OTHER)))
    assert revoked.startswith("Nicht zur Post gegeben (Sendung AAAA-1111")
    assert "keine Aufgabe" in record_text(replace(RECORD, corrects=(3, None)))


@pytest.mark.parametrize(
    ("confirmed", "day", "codes", "how"),
    [
        (False, DAY, ["print-hash-differs"], How.FINDING_ACCEPTED),
        (False, DAY, ["posting-not-listed"], How.UNLISTED),
        (False, OTHER, ["posting-not-listed"], How.OTHER_DAY),
        (False, OTHER, ["posting-contradicted"], How.AFTER_CONTRADICTION),
        (False, None, ["posting-contradicted"], How.REVOKED),
        (True, OTHER, [], How.CORRECTED),
        (True, None, [], How.REVOKED),
    ],
)
def test_what_kind_of_exception_it_is_follows_from_the_facts(
    confirmed: bool, day: date | None, codes: list[str], how: How
) -> None:
    assert how_of(confirmed=confirmed, posted_on=day, reported_on=DAY, codes=codes) is how
