"""Packing consignments for print houses."""

import hashlib
import io
import json
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.domain.pieces.mailpiece import Service
from gateway.errors import ConfigError, IntegrityError, Refused
from gateway.ports.provider import Consignment
from gateway.providers.print_package import Package, Packing, packed
from gateway.providers.print_sealing import seal_for
from gateway.testing.epost.samples import ADDRESS
from gateway.testing.print_centre.intake import check_collated, cut_out, fault_of, read_batch
from tests.providers.house import COLLATED, JSON, PROFILE, SERVICES, XML, Lazy, consignment, piece


@contextmanager
def opened(package: Package) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(package.path) as archive:
        yield archive


@pytest.mark.parametrize("packing", [JSON, XML])
def test_a_print_centre_finds_every_piece_as_the_manifest_promises(packing: Packing) -> None:
    made = consignment(service=Service.EINWURF)
    with packed(made, packing, PROFILE) as package, opened(package) as archive:
        batch = read_batch(package.path, "C1")
        pdfs = [archive.read(item.file) for item in batch.items]
    assert [fault_of(item, content) for item, content in zip(batch.items, pdfs, strict=True)] == [""] * 3
    assert pdfs == [each.pdf for each in made]
    assert package.keys == tuple(each.key for each in made) == tuple(item.key for item in batch.items)
    assert {item.address for item in batch.items} == {tuple(ADDRESS)}
    assert {(item.service, item.duplex, item.cost_centre) for item in batch.items} == {
        ("einwurf", True, "JC01")
    }


def test_the_manifest_counts_and_names_the_sender_in_both_formats() -> None:
    with packed(consignment(), JSON, PROFILE) as package, opened(package) as archive:
        told = json.loads(archive.read("manifest.json"))
    with packed(consignment(), XML, PROFILE) as package, opened(package) as archive:
        root = ElementTree.fromstring(archive.read("manifest.xml"))
    space = {"m": "urn:hybrid-mail:consignment:1"}
    size = sum(len(each.pdf) for each in consignment())
    assert told["counts"] == {"pieces": 3, "pages": 9, "sheets": 6, "bytes": size}
    counts = root.find("m:counts", space)
    assert counts is not None
    assert {name: int(value) for name, value in counts.attrib.items()} == told["counts"]
    assert told["pieces"][0]["sender"]["street"] == "Am Markt 1 & 2"
    senders = [sender.get("street") for sender in root.iterfind("m:piece/m:sender", space)]
    assert senders == ["Am Markt 1 & 2"] * 3


def test_no_file_name_carries_more_than_our_key() -> None:
    with packed(consignment(), JSON, PROFILE) as package, opened(package) as archive:
        assert archive.namelist() == [
            "pieces/C1-1.pdf",
            "pieces/C1-2.pdf",
            "pieces/C1-3.pdf",
            "manifest.json",
        ]


@pytest.mark.parametrize("packing", [JSON, XML, COLLATED])
def test_packing_again_gives_the_same_bytes(packing: Packing) -> None:
    with packed(consignment(), packing, PROFILE) as first, packed(consignment(), packing, PROFILE) as second:
        assert first.path.read_bytes() == second.path.read_bytes()
        assert first.sha256 == hashlib.sha256(second.path.read_bytes()).hexdigest()
        assert first.size_bytes == second.path.stat().st_size


def test_nothing_is_left_on_disk_afterwards() -> None:
    with packed(consignment(), COLLATED, PROFILE) as package:
        assert {file.name for file in package.path.parent.iterdir()} == {"consignment.zip", "letters.pdf"}
    assert not package.path.parent.exists()


def test_one_pdf_carries_every_piece_on_a_sheet_of_its_own() -> None:
    made = Consignment("C1", (piece("A", pages=3), piece("B", pages=2), piece("C", pages=1)))
    with packed(made, COLLATED, PROFILE) as package, opened(package) as archive:
        batch, whole = read_batch(package.path, "C1"), archive.read("letters.pdf")
    check_collated(batch, whole)
    assert [(item.key, item.first_page, item.pages) for item in batch.items] == [
        ("A", 1, 3),
        ("B", 5, 2),
        ("C", 7, 1),
    ]
    for item, each in zip(batch.items, made, strict=True):
        assert drawn(cut_out(whole, item.first_page, item.pages)) == drawn(each.pdf)


def drawn(content: bytes) -> list[bytes]:
    """What each page draws."""
    with pikepdf.open(io.BytesIO(content)) as document:
        return [page.Contents.read_bytes() for page in document.pages]


def test_more_pieces_than_a_part_are_joined_in_order() -> None:
    made = consignment(count=120, pages=1, duplex=False)
    with packed(made, COLLATED, PROFILE) as package, opened(package) as archive:
        batch, whole = read_batch(package.path, "C1"), archive.read("letters.pdf")
    check_collated(batch, whole)
    assert [item.first_page for item in batch.items] == list(range(1, 121))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service": Service.PZU}, "print-house-service"),
        ({"pages": PROFILE.max_sheets + 1, "duplex": False, "pdf": b"%PDF"}, "print-house-too-many-sheets"),
        ({"pdf": b"%PDF" + bytes(PROFILE.max_bytes)}, "print-house-too-large"),
    ],
)
def test_a_piece_that_the_house_does_not_take_is_refused_by_itself(
    changes: dict[str, object], code: str
) -> None:
    made = Consignment("C1", (piece("GOOD"), piece("BAD", **changes)))
    with pytest.raises(Refused) as refused, packed(made, JSON, PROFILE):
        pass
    assert (refused.value.code, refused.value.piece_key) == (code, "BAD")


@pytest.mark.parametrize("pages", [2, 5])
def test_a_collated_piece_with_other_pages_than_told_is_refused(pages: int) -> None:
    wrong = piece("BAD", pdf=piece("BAD", pages=3).pdf, pages=pages)
    with pytest.raises(Refused) as refused, packed(Consignment("C1", (wrong,)), COLLATED, PROFILE):
        pass
    assert (refused.value.code, refused.value.piece_key) == ("print-house-pages", "BAD")


def test_other_bytes_than_the_approved_ones_are_not_packed() -> None:
    with pytest.raises(IntegrityError), packed(consignment(sha256="0" * 64), JSON, PROFILE):
        pass


@pytest.mark.parametrize("key", ["", "../x", "a/b", "Müller", "a b", "-x", "x" * 81, "x\n"])
def test_a_key_that_is_no_file_name_is_refused(key: str) -> None:
    with pytest.raises(Refused, match="print-house-key"), packed(consignment(key), JSON, PROFILE):
        pass


def test_a_consignment_without_pieces_or_with_one_twice_is_refused() -> None:
    for pieces in ((), (piece("A"), piece("A"))):
        with pytest.raises(Refused), packed(Consignment("C1", pieces), JSON, PROFILE):
            pass


@pytest.mark.slow
def test_memory_stays_flat_over_two_thousand_pieces() -> None:
    """400 MB go through; what is held at once is about one piece and the manifest."""
    tracemalloc.start()
    try:
        with packed(Consignment("C1", Lazy(2000, 200_000)), JSON, PROFILE) as package:
            _, peak_bytes = tracemalloc.get_traced_memory()
            assert package.size_bytes > 400_000_000
            assert len(package.keys) == 2000
    finally:
        tracemalloc.stop()
    assert peak_bytes < 20_000_000


class House:
    """A print house's key pair and its certificate on disk."""

    def __init__(self, folder: Path) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_file, self.certificate_file = folder / "house.key", folder / "house.pem"
        self.key_file.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.certificate_file.write_bytes(certificate(self.key))

    def open(self, sealed: bytes) -> bytes:
        """With OpenSSL, as the house would."""
        command = ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-inkey", str(self.key_file)]
        return subprocess.run(command, input=sealed, capture_output=True, check=True).stdout


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Druckhaus Beispiel")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = builder.not_valid_before(now).not_valid_after(now + timedelta(days=900)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("packaging", ["pieces", "collated"])
def test_what_is_sealed_can_be_read_by_the_house_only(packaging: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    packing = Packing(
        "collated" if packaging == "collated" else "pieces", "json", SERVICES, seal_for(house.certificate_file)
    )
    with packed(consignment(), packing, PROFILE) as package, opened(package) as archive:
        assert all(name.endswith(".p7m") for name in archive.namelist())
        raw = package.path.read_bytes()
        told = json.loads(house.open(archive.read("manifest.json.p7m")))
        file = told["pieces"][0]["file"] if packaging == "pieces" else told["collated"]["file"]
        clear = house.open(archive.read(f"{file}.p7m"))
    assert b"%PDF" not in raw
    assert ADDRESS[0].encode() not in raw
    wanted = told["pieces"][0]["sha256"] if packaging == "pieces" else told["collated"]["sha256"]
    assert hashlib.sha256(clear).hexdigest() == wanted


def test_a_certificate_that_cannot_seal_is_a_clear_error(tmp_path: Path) -> None:
    curve = tmp_path / "curve.pem"
    curve.write_bytes(certificate(ec.generate_private_key(ec.SECP256R1())))
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate")
    for file in (curve, nonsense, tmp_path / "missing.pem"):
        with pytest.raises(ConfigError, match="print-house-certificate"):
            seal_for(file)
