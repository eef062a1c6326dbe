"""A mail piece as a Letter object: what can be expressed, and what is refused before anything leaves the house."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pieces.mailpiece import Service
from gateway.errors import IntegrityError, Refused
from gateway.ports.provider import PrintPiece, Sender
from gateway.providers.epost_letter import NO_POSTCODE, address_fields, letter_from
from gateway.providers.profiles import load_profile

PROFILE = load_profile("epost")
PDF = b"%PDF-1.7 stands for a print copy"
PIECE = PrintPiece(
    key="01J9Z3K7Q2M4",
    pdf=PDF,
    sha256=hashlib.sha256(PDF).hexdigest(),
    pages=3,
    duplex=True,
    colour=False,
    service=Service.STANDARD,
    address_lines=("Erika Beispiel", "Musterweg 1", "46325 Borken"),
    sender=Sender("Jobcenter Beispielstadt", "Am Markt 1", "46325", "Borken"),
    cost_centre="JC01",
    batch=20261122,
)


def test_a_piece_becomes_the_letter_of_the_provider_s_own_example() -> None:
    assert letter_from(PIECE, PROFILE) == {
        "fileName": "01J9Z3K7Q2M4.pdf",
        "custom1": "01J9Z3K7Q2M4",
        "isColor": False,
        "isDuplex": True,
        "batchID": 20261122,
        "activateDuplicateFailsafe": True,
        "addressLine1": "Erika Beispiel",
        "addressLine2": "Musterweg 1",
        "zipCode": "46325",
        "city": "Borken",
        "senderAdressLine1": "Jobcenter Beispielstadt",
        "senderStreet": "Am Markt 1",
        "senderZipCode": "46325",
        "senderCity": "Borken",
        "costCenter": "JC01",
    }


@pytest.mark.parametrize(
    ("service", "text"),
    [
        (Service.EINWURF, "Einwurf Einschreiben"),
        (Service.UEBERGABE, "Einschreiben"),
        (Service.RUECKSCHEIN, "Einschreiben Rückschein"),
    ],
)
def test_registered_mail_is_named_as_the_interface_wants_it(service: Service, text: str) -> None:
    letter = letter_from(replace(PIECE, service=service, duplex=False), PROFILE)
    assert letter["registeredLetter"] == text


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (
            ("Łukasz Öztürk-Đorđević", "c/o Beispiel", "Hinterhaus", "Musterweg 1", "01067 Dresden"),
            {"addressLine4": "Musterweg 1", "zipCode": "01067", "city": "Dresden"},
        ),
        (
            ("Jean Exemple", "1 rue de la Paix", "75002 PARIS", "FRANKREICH"),
            {"addressLine2": "1 rue de la Paix", "zipCode": "75002", "city": "PARIS", "country": "FRANKREICH"},
        ),
        (
            ("Jan Voorbeeld", "Straat 1", "7101 AB WINTERSWIJK", "NIEDERLANDE"),
            {"zipCode": "7101 AB", "city": "WINTERSWIJK", "country": "NIEDERLANDE"},
        ),
        (("Jan Příklad", "Ulice 1", "110 00 PRAHA", "TSCHECHIEN"), {"zipCode": "110 00", "city": "PRAHA"}),
        (("Jan Wzór", "Ulica 1", "00-950 WARSZAWA", "POLEN"), {"zipCode": "00-950", "city": "WARSZAWA"}),
        (
            ("Zoë Test", "1 High Street", "LONDON", "SW1A 1AA", "VEREINIGTES KÖNIGREICH"),
            {"zipCode": "SW1A 1AA", "city": "LONDON", "addressLine2": "1 High Street"},
        ),
        (("Seán Sampla", "1 High Street", "DUBLIN", "IRLAND"), {"zipCode": NO_POSTCODE, "city": "DUBLIN"}),
        (
            ("Jane Sample", "1 High Street", "LONDON SW1A 1AA", "VEREINIGTES KÖNIGREICH"),
            {"zipCode": NO_POSTCODE, "city": "LONDON SW1A 1AA"},
        ),
    ],
)
def test_place_and_country_stand_in_their_own_fields(lines: Sequence[str], fields: dict[str, str]) -> None:
    made = address_fields(lines)
    assert fields.items() <= made.items()
    upper = [value for name, value in made.items() if name.startswith("addressLine")]
    assert not any(made["city"] in line for line in upper)


@given(
    st.lists(st.text("abcäöüßŁ1 ", min_size=1, max_size=80).filter(str.strip), min_size=1, max_size=5),
    st.from_regex(r"[0-9]{5}", fullmatch=True),
    st.text("abcäß", min_size=1, max_size=60),
)
def test_no_line_of_a_domestic_address_is_lost_or_moved(upper: list[str], postcode: str, place: str) -> None:
    fields = address_fields([*upper, f"{postcode} {place}"])
    assert [fields[f"addressLine{number}"] for number in range(1, len(upper) + 1)] == upper
    assert (fields["zipCode"], fields["city"]) == (postcode, place)
    assert "country" not in fields


REFUSALS = {
    "epost-address-lines": replace(PIECE, address_lines=("46325 Borken",)),
    "epost-address-length": replace(PIECE, address_lines=("x" * 81, "46325 Borken")),
    "epost-address-place": replace(PIECE, address_lines=("Erika Beispiel", "Musterweg 1", "Borken")),
    "epost-address-capitals": replace(PIECE, address_lines=("Jean Exemple", "75002 Paris", "FRANKREICH")),
    "epost-service-not-offered": replace(PIECE, service=Service.PZU),
    "epost-registered-duplex": replace(PIECE, service=Service.EINWURF),
    "epost-registered-abroad": replace(
        PIECE,
        service=Service.EINWURF,
        duplex=False,
        address_lines=("Jean Exemple", "75002 PARIS", "FRANKREICH"),
    ),
    "epost-too-many-sheets": replace(PIECE, pages=2 * PROFILE.max_sheets + 1),
    "epost-key": replace(PIECE, key="with blank"),
    "epost-batch": replace(PIECE, batch=2**31),
    "epost-cost-centre": replace(PIECE, cost_centre="JC-01"),
    "epost-sender": replace(PIECE, sender=Sender("Jobcenter Beispielstadt", "", "46325", "Borken")),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_what_the_interface_cannot_express_is_refused_by_name_and_without_personal_data(code: str) -> None:
    piece = REFUSALS[code]
    with pytest.raises(Refused) as refused:
        letter_from(piece, PROFILE)
    assert refused.value.code == code
    assert not any(line in str(refused.value) for line in piece.address_lines)


def test_a_country_without_a_name_above_it_is_no_address() -> None:
    with pytest.raises(Refused, match="epost-address-lines"):
        address_fields(("75002 PARIS", "FRANKREICH"))


def test_188_pages_in_duplex_are_94_sheets_and_pass() -> None:
    assert letter_from(replace(PIECE, pages=188), PROFILE)


def test_a_print_copy_above_the_limit_is_refused() -> None:
    pdf = bytes(PROFILE.max_bytes + 1)
    with pytest.raises(Refused, match="epost-too-large"):
        letter_from(replace(PIECE, pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest()), PROFILE)


def test_other_bytes_than_the_approved_ones_never_pass() -> None:
    with pytest.raises(IntegrityError):
        letter_from(replace(PIECE, pdf=PDF + b" "), PROFILE)
