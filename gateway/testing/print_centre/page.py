"""The print centre's page: what arrived and was printed, as it looks in its envelope, and all its pages."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from gateway.testing.epost.page import Shown, envelopes_page, shown_moment
from gateway.testing.house.server import CONTROL
from gateway.testing.print_centre.ledger import Letter


def ledger_page(letters: Sequence[Letter], rejected: int, now: datetime) -> bytes:
    """German HTML: the newest letters first. `rejected` deliveries could not be read at all."""
    count = sum(_is_printed(letter, now) for letter in letters)
    note = f"Simulierte Zeit: {shown_moment(now)} · eingegangen: {len(letters)} · gedruckt: {count}"
    note += f" · Lieferungen abgewiesen: {rejected}." if rejected else "."
    return envelopes_page("Druckzentrum-Simulator", note, [_shown(letter, now) for letter in reversed(letters)])


def place_of(letter: Letter) -> str:
    """Where its pictures are, under the controls."""
    return f"{CONTROL}/letters/{letter.delivery}/{letter.key}"


def _is_printed(letter: Letter, now: datetime) -> bool:
    return not letter.fault and letter.printed_at <= now


def _shown(letter: Letter, now: datetime) -> Shown:
    place, is_posted = place_of(letter), not letter.fault and letter.posted_at <= now
    status = "zur Post gegeben" if is_posted else "gedruckt" if _is_printed(letter, now) else "angenommen"
    status = f"abgewiesen: {letter.fault}" if letter.fault else status
    tone = "bad" if letter.fault else "good" if is_posted else ""
    return Shown(
        name=letter.key,
        pictures=tuple(f"{place}/page-{number}.png" for number in range(1, letter.pages + 1)),
        is_printed=_is_printed(letter, now),
        facts={
            "Sendung": escape(letter.key),
            "Lieferung": escape(letter.consignment),
            "Status": f'<span class="{tone}">{escape(status)}</span>',
            "Eingegangen": shown_moment(letter.received_at),
            "Gedruckt": shown_moment(letter.printed_at) if _is_printed(letter, now) else "–",
            "Zur Post": shown_moment(letter.posted_at) if is_posted else "–",
            "Seiten": str(letter.pages),
            "Versandart": escape(letter.service),
            "Kostenstelle": escape(letter.cost_centre),
            "PDF": f'<a href="{place}/pdf">ansehen</a>',
        },
    )
