"""Plug-ins of the E-POSTBUSINESS interface: the hold basket (UploadManagement) and PremiumAdress feedback.

The hold basket is the only way to take a letter back. It releases by itself on its due date, so it is no staging:
what waits in it counts as handed over. PremiumAdress feedback tells what became of an undeliverable letter by
numbers whose tables are in a handbook that we do not have: it is kept and shown, and moves no status.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status
from gateway.errors import OutcomeUnknown, ProviderError, Refused
from gateway.ports.provider import PrintPiece, StatusReport
from gateway.providers.epost_account import HTTP_OK, Account, EpostSettings
from gateway.providers.epost_codes import ACCOUNT_CODES, refusal
from gateway.providers.epost_status import letter_id, letter_key

HOLD_BASKET = "UploadManagement"
PREMIUM_ADDRESS = "PremiumAdress"
_DEEPEST = 6
"""How deep inside an answer the result is looked for; the description does not say."""


def plug_ins(piece: PrintPiece, settings: EpostSettings, *, abroad: bool) -> list[dict[str, object]]:
    """The `plugInList` of a letter. PremiumAdress is for ordinary letters inside the country only."""
    wanted: list[dict[str, object]] = []
    if settings.hold_days:
        model: dict[str, object] = {"useMinimumQuantity": False, "dueDays": settings.hold_days}
        wanted.append({"plugInName": HOLD_BASKET, "plugInModel": model})
    if settings.premium_address and piece.service is Service.STANDARD and not abroad:
        variant = {"productVariants": settings.premium_address}
        wanted.append({"plugInName": PREMIUM_ADDRESS, "plugInModel": variant})
    return wanted


def order_queued(account: Account, action: str, number: int) -> None:
    """`action` ('CancelQueued' or 'ReleaseQueued') for one letter that waits in the hold basket.

    Raises `Refused` if it does not wait there (any more), `NotSent` or `OutcomeUnknown`.
    """
    answer = account.request("POST", f"/api/Letter/{action}", payload=[number])
    if answer.error_code in ACCOUNT_CODES:
        raise refusal(answer.error_code)
    entries = answer.body if answer.status == HTTP_OK and isinstance(answer.body, list) else []
    ours = [entry for entry in entries if isinstance(entry, dict) and letter_id(entry) == number]
    if len(ours) != 1 or not isinstance(ours[0].get("successful"), bool):
        raise _unclear()
    if not ours[0]["successful"]:
        raise Refused(
            "epost-not-in-hold-basket",
            "Die Sendung wartet nicht (mehr) beim Druckdienstleister; sie kann nicht zurückgenommen oder "
            "vorgezogen werden.",
        )


def _unclear() -> ProviderError:
    return OutcomeUnknown(
        "epost-unreadable",
        "Die Antwort des Druckdienstleisters hat eine unbekannte Form. Ob die Anfrage ausgeführt wurde, zeigt der "
        "Status der Sendung.",
    )


def feedback_reports(entry: Mapping[str, object], now: Callable[[], datetime]) -> Iterator[StatusReport]:
    """PremiumAdress feedback inside a `LetterStatus`, or an entry of the feedback list."""
    number = letter_id(entry)
    if number is None:
        return
    for result in _results(entry, _DEEPEST):
        fate, mark = str(result.get("sdgS") or "-"), str(result.get("adrMerk") or "-")
        yield StatusReport(
            key=letter_key(entry),
            provider_reference=str(number),
            status=Status.UNKNOWN,
            provider_status=f"PremiumAdress {fate}/{mark}",
            occurred_at=now(),
            dedup_key=f"{number}:premium:{fate}:{mark}",
            raw=dict(entry),
            reason=(
                f"Rückmeldung zur Anschrift: Sendungsschicksal {fate}, Adressmerkmal {mark} "
                "(Bedeutung: Handbuch PREMIUMADRESS, Kapitel 7). Bitte prüfen, ob der Brief zurückkam."
            ),
        )


def _results(value: object, deepest: int) -> Iterator[Mapping[str, object]]:
    """Every object with a `sdgS` or `adrMerk` in it, wherever it is."""
    if isinstance(value, Mapping):
        if value.get("sdgS") or value.get("adrMerk"):
            yield value
            return
        value = list(value.values())
    if isinstance(value, list) and deepest:
        for inner in value:
            yield from _results(inner, deepest - 1)
