"""The simulators' pages: what was printed, as it looks through the window of a DIN-lang envelope, and all pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from gateway.testing.epost.ledger import Piece
from gateway.testing.house.clock import BERLIN

SHOWN = 60
PAGES_SHOWN = 8

_STATUS = {
    1: "angenommen",
    2: "geprüft",
    3: "im Druckzentrum",
    4: "zur Post gegeben",
    99: "fehlgeschlagen",
}

_STYLE = """
:root { --mm: 2.2px; --paper: #fff; --kraft: #efe9dc; color-scheme: light; }
body { font: 16px/1.5 "Noto Sans", "Segoe UI", sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem;
  color: #1c1c1c; background: #f5f5f3; }
h1 { font-size: 1.5rem; margin-bottom: 0; } .note { color: #555; margin-top: .25rem; }
.pieces { display: grid; gap: 1.5rem; padding: 0; list-style: none; }
.piece { background: var(--paper); border: 1px solid #d5d5d0; border-radius: 8px; padding: 1rem; display: flex;
  gap: 1.5rem; flex-wrap: wrap; }
.envelope { position: relative; width: calc(220 * var(--mm)); height: calc(110 * var(--mm)); flex: none;
  background: var(--kraft); border: 1px solid #cfc6b2; border-radius: 3px; box-shadow: 0 1px 3px #0003; }
.unprinted .envelope { opacity: .55; }
.window { position: absolute; left: calc(20 * var(--mm)); top: calc(50 * var(--mm)); width: calc(90 * var(--mm));
  height: calc(45 * var(--mm)); overflow: hidden; border-radius: calc(3 * var(--mm)); background: #fff;
  box-shadow: inset 0 0 3px #0006; }
.window img { position: absolute; left: calc(-15 * var(--mm)); top: calc(-46 * var(--mm));
  width: calc(210 * var(--mm)); }
.franking { position: absolute; left: calc(8 * var(--mm)); top: calc(6 * var(--mm)); width: calc(78 * var(--mm));
  height: calc(16 * var(--mm)); border: 1px dashed #777; color: #555; display: grid; place-items: center;
  background: #fffc; font-size: calc(4.5 * var(--mm)); }
.sheets { display: flex; flex-wrap: wrap; gap: .5rem; align-content: start; flex: 1 1 12rem; }
.sheets img { width: calc(52 * var(--mm)); border: 1px solid #ccc; }
dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; align-content: start;
  font-size: .9rem; } dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
.good { color: #11632c; } .bad { color: #a01010; }
"""


@dataclass(frozen=True)
class Shown:
    """A letter on the page. `pictures` are the addresses of its pages; the values of `facts` are HTML."""

    name: str
    pictures: Sequence[str]
    is_printed: bool
    facts: Mapping[str, str]


def envelopes_page(title: str, note: str, letters: Sequence[Shown]) -> bytes:
    """German HTML: each letter in its envelope, its pages, and what is known of it."""
    body = "".join(_item(letter) for letter in letters[:SHOWN]) or "<p>Noch keine Sendung angenommen.</p>"
    return f"""<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>{title}: gedruckte Sendungen</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>
<h1>{title}</h1>
<p class="note">{note} Hier wird nichts gedruckt und nichts verschickt.</p>
<ul class="pieces">{body}</ul></body></html>""".encode()


def _item(letter: Shown) -> str:
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in letter.facts.items())
    name = escape(letter.name)
    first = f'<img src="{letter.pictures[0]}" alt="">' if letter.pictures else ""
    sheets = "".join(
        f'<img src="{picture}" alt="Seite {number} von {name}" loading="lazy">'
        for number, picture in enumerate(letter.pictures[:PAGES_SHOWN], start=1)
    )
    hidden = len(letter.pictures) - PAGES_SHOWN
    more = f"<p>und {hidden} weitere Seiten</p>" if hidden > 0 else ""
    return f"""<li class="piece{"" if letter.is_printed else " unprinted"}">
<div class="envelope" role="img" aria-label="Umschlag mit Sichtfenster">
<div class="window">{first}<div class="franking">Frankierung (Simulator)</div></div></div>
<dl>{rows}</dl><div class="sheets">{sheets}{more}</div></li>"""


def ledger_page(pieces: list[Piece], now: datetime) -> bytes:
    """The page of the simulator of E-POSTBUSINESS, the newest pieces first."""
    count = sum(piece.printed_at is not None for piece in pieces)
    note = f"Simulierte Zeit: {shown_moment(now)} · angenommen: {len(pieces)} · gedruckt: {count}."
    newest_first = sorted(pieces, key=lambda piece: -piece.letter_id)
    return envelopes_page("E-POST-Simulator", note, [_shown(piece) for piece in newest_first])


def _shown(piece: Piece) -> Shown:
    letter = f"/_simulator/letters/{piece.letter_id}"
    tone = {4: "good", 99: "bad"}.get(piece.status, "")
    status = f"{piece.status} {_STATUS[piece.status]} {escape(piece.failure)}"
    return Shown(
        name=str(piece.letter_id),
        pictures=tuple(f"{letter}/page-{number}.png" for number in range(1, piece.pages + 1)),
        is_printed=piece.printed_at is not None,
        facts={
            "LetterID": str(piece.letter_id),
            "Status": f'<span class="{tone}">{status}</span>',
            "custom1": escape(piece.custom1),
            "Angenommen": shown_moment(piece.plan.accepted_at),
            "Zur Post": shown_moment(piece.plan.posted_at) if piece.status == 4 else "–",
            "Seiten": f"{piece.pages}, {'beidseitig' if piece.fields.get('isDuplex') else 'einseitig'}",
            "Versandart": escape(str(piece.fields.get("registeredLetter") or "Standard")),
            "Test": "ja, wird nicht gedruckt" if piece.is_test else "nein",
            "PDF": f'<a href="{letter}/pdf">ansehen</a>',
        },
    )


def shown_moment(moment: datetime) -> str:
    """As people in Berlin write it."""
    return moment.astimezone(BERLIN).strftime("%d.%m.%Y %H:%M")
