"""The simulator's page: what was printed, as it looks through the window of a DIN-lang envelope."""

from datetime import datetime
from html import escape

from gateway.testing.epost.clock import BERLIN
from gateway.testing.epost.ledger import Piece

SHOWN = 60

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
.window { position: absolute; left: calc(20 * var(--mm)); top: calc(50 * var(--mm)); width: calc(90 * var(--mm));
  height: calc(45 * var(--mm)); overflow: hidden; border-radius: calc(3 * var(--mm)); background: #fff;
  box-shadow: inset 0 0 3px #0006; }
.window img { position: absolute; left: calc(-15 * var(--mm)); top: calc(-46 * var(--mm));
  width: calc(210 * var(--mm)); }
.franking { position: absolute; left: calc(8 * var(--mm)); top: calc(6 * var(--mm)); width: calc(78 * var(--mm));
  height: calc(16 * var(--mm)); border: 1px dashed #777; color: #555; display: grid; place-items: center;
  background: #fffc; font-size: calc(4.5 * var(--mm)); }
.sheet { width: calc(84 * var(--mm)); align-self: start; border: 1px solid #ccc; }
dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; align-content: start;
  font-size: .9rem; } dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
.s4 { color: #11632c; } .s99 { color: #a01010; }
"""


def ledger_page(pieces: list[Piece], now: datetime) -> bytes:
    """German HTML: the newest pieces first."""
    items = "".join(_item(piece) for piece in sorted(pieces, key=lambda p: -p.letter_id)[:SHOWN])
    count = sum(piece.printed_at is not None for piece in pieces)
    body = items or "<p>Noch keine Sendung angenommen.</p>"
    return f"""<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>E-POST-Simulator: gedruckte Sendungen</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>
<h1>E-POST-Simulator</h1>
<p class="note">Simulierte Zeit: {_moment(now)} · angenommen: {len(pieces)} · gedruckt: {count}.
Hier wird nichts gedruckt und nichts verschickt.</p>
<ul class="pieces">{body}</ul></body></html>""".encode()


def _item(piece: Piece) -> str:
    letter = f"/_simulator/letters/{piece.letter_id}"
    picture = f"{letter}/page.png"
    status = f"{piece.status} {_STATUS[piece.status]} {escape(piece.failure)}"
    facts = {
        "LetterID": str(piece.letter_id),
        "Status": f'<span class="s{piece.status}">{status}</span>',
        "custom1": escape(piece.custom1),
        "Angenommen": _moment(piece.plan.accepted_at),
        "Zur Post": _moment(piece.plan.posted_at) if piece.status == 4 else "–",
        "Seiten": f"{piece.pages}, {'beidseitig' if piece.fields.get('isDuplex') else 'einseitig'}",
        "Versandart": escape(str(piece.fields.get("registeredLetter") or "Standard")),
        "Test": "ja, wird nicht gedruckt" if piece.is_test else "nein",
        "PDF": f'<a href="{letter}/pdf">ansehen</a>',
    }
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())
    return f"""<li class="piece"><div class="envelope" role="img" aria-label="Umschlag mit Sichtfenster">
<div class="window"><img src="{picture}" alt=""><div class="franking">Frankierung (Simulator)</div></div></div>
<img class="sheet" src="{picture}" alt="Erste Seite der Sendung {piece.letter_id}" loading="lazy">
<dl>{rows}</dl></li>"""


def _moment(moment: datetime) -> str:
    return moment.astimezone(BERLIN).strftime("%d.%m.%Y %H:%M")
