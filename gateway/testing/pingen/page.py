"""The simulator's page: what was made and printed, as it looks in its envelope, and all its pages."""

from datetime import datetime
from html import escape

from gateway.testing.epost.page import Shown, envelopes_page, shown_moment
from gateway.testing.house.server import CONTROL
from gateway.testing.pingen.ledger import Letter
from gateway.testing.pingen.life import posted

_GERMAN = {
    "validating": "wird geprüft",
    "valid": "Entwurf, geprüft",
    "invalid": "Entwurf, fehlerhaft",
    "submitted": "beauftragt",
    "accepted": "angenommen",
    "awaiting_credits": "wartet auf Guthaben",
    "transferring": "auf dem Weg ins Druckzentrum",
    "processing": "im Druckzentrum",
    "printing": "gedruckt",
    "sent": "zur Post gegeben",
    "delivered": "zugestellt",
    "undeliverable": "unzustellbar",
    "rejected": "abgewiesen",
    "cancelled": "zurückgenommen",
}
_GOOD = frozenset({"sent", "delivered"})
_POSTED = _GOOD | {"undeliverable"}
_BAD = frozenset({"invalid", "rejected", "undeliverable", "cancelled"})


def ledger_page(letters: list[Letter], now: datetime) -> bytes:
    """German HTML: the newest letters first."""
    count = sum(letter.printed_at is not None for letter in letters)
    note = f"Simulierte Zeit: {shown_moment(now)} · angelegt: {len(letters)} · gedruckt: {count}."
    return envelopes_page("Pingen-Simulator", note, [_shown(letter) for letter in reversed(letters)])


def _shown(letter: Letter) -> Shown:
    place = f"{CONTROL}/letters/{letter.letter_id}"
    tone = "good" if letter.status in _GOOD else "bad" if letter.status in _BAD else ""
    sent_at = letter.facts.submitted_at
    return Shown(
        name=letter.name,
        pictures=tuple(f"{place}/page-{number}.png" for number in range(1, letter.pages + 1)),
        is_printed=letter.printed_at is not None,
        facts={
            "Nummer": escape(letter.letter_id),
            "Status": f'<span class="{tone}">{escape(letter.status)} '
            f"{escape(_GERMAN.get(letter.status, ''))}</span>",
            "Dateiname": escape(letter.name),
            "Angelegt": shown_moment(letter.facts.created_at),
            "Beauftragt": shown_moment(sent_at) if sent_at else "nein, nur ein Entwurf",
            "Zur Post": shown_moment(posted(sent_at)) if sent_at and letter.status in _POSTED else "–",
            "Seiten": f"{letter.pages}, {escape(str(letter.attributes.get('print_mode') or ''))}",
            "Produkt": escape(str(letter.attributes.get("delivery_product") or "")),
            "PDF": f'<a href="{place}/pdf">ansehen</a>',
        },
    )
