"""Pieces, consignments and rules for the tests of print houses."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from gateway.domain.pieces.mailpiece import Service
from gateway.ports.provider import Consignment, PrintPiece, Sender
from gateway.providers.print_package import Packing
from gateway.providers.profiles import load_profile
from gateway.testing.epost.samples import ADDRESS, letter_pdf

PROFILE = load_profile("sftp")
SERVICES = frozenset({Service.STANDARD, Service.EINWURF, Service.UEBERGABE, Service.RUECKSCHEIN})
JSON = Packing("pieces", "json", SERVICES)
XML = Packing("pieces", "xml", SERVICES)
COLLATED = Packing("collated", "json", SERVICES)


@cache
def pdf(text: str, pages: int) -> bytes:
    return letter_pdf(text=text, pages=pages)


def piece(key: str, **changes: Any) -> PrintPiece:
    """Of a fictional person; its bytes are its own."""
    pages = changes.get("pages", 3)
    content = changes.pop("pdf", None) or pdf(key, pages)
    made = PrintPiece(
        key=key,
        pdf=content,
        sha256=hashlib.sha256(content).hexdigest(),
        pages=pages,
        duplex=True,
        colour=False,
        service=Service.STANDARD,
        address_lines=ADDRESS,
        sender=Sender("Jobcenter Beispielstadt", "Am Markt 1 & 2", "46325", "Borken"),
        cost_centre="JC01",
        batch=7,
    )
    return replace(made, **changes)


def consignment(key: str = "C1", count: int = 3, **changes: Any) -> Consignment:
    return Consignment(key, tuple(piece(f"{key}-{number}", **changes) for number in range(1, count + 1)))


class Lazy(Collection[PrintPiece]):
    """Many pieces of which one lies in memory at a time, as the application reads them."""

    def __init__(self, count: int, size_bytes: int) -> None:
        self._count = count
        self._size_bytes = size_bytes

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PrintPiece]:
        for number in range(self._count):
            content = pdf("lazy", 3) + b"%" + number.to_bytes(4, "big") * (self._size_bytes // 4) + b"\n"
            yield piece(f"L{number:05d}", pdf=content)

    def __contains__(self, _: object) -> bool:
        raise NotImplementedError
