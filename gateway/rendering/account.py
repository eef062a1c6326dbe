"""The account as a PDF (*Saldenblatt*): for the head of the office, with what is not explained, letter by letter."""

import textwrap
from collections.abc import Iterator
from datetime import tzinfo
from functools import partial

from gateway.domain.account.account import Line
from gateway.domain.account.account_report import AccountReport, InboundBalance, meaning_of
from gateway.rendering.rows import Row, rows_pdf

LINES = {
    Line.POSTED: "zur Post gegeben",
    Line.HELD: "angehalten",
    Line.CANCELLED: "storniert",
    Line.FAILED: "gescheitert",
    Line.UNDER_WAY: "unterwegs",
}
_SUM_MM = (25.0, 100.0)
_OFFICE_MM = (25.0, 80.0, 99.0, 118.0, 137.0, 155.0, 174.0)
_INBOUND_MM = (25.0, 45.0, 84.0, 100.0, 112.0, 129.0, 143.0, 162.0, 176.0)
_UNEXPLAINED_MM = (25.0, 58.0)


def account_pdf(report: AccountReport, zone: tzinfo) -> bytes:
    """The sheet; moments are shown in `zone`. The same input gives the same bytes."""
    return rows_pdf(f"Tagessaldo · {report.about}", partial(_rows, report, zone))


def _rows(report: AccountReport, zone: tzinfo) -> Iterator[Row]:
    made = report.made_at.astimezone(zone)
    yield Row(["Tagessaldo"], size_pt=18, bold=True)
    yield Row([report.about], size_pt=12)
    yield Row([f"Erstellt am {made:%d.%m.%Y um %H:%M} Uhr von {report.made_by}"], size_pt=9, before_mm=1)
    yield from _balance(report)
    yield from _unexplained(report)
    yield from _offices(report)
    yield from _inbound(report)
    yield from _inbound_days(report)
    yield from _proof(report, zone)


def _balance(report: AccountReport) -> Iterator[Row]:
    account = report.account
    word = "Ausgeglichen: jede freigegebene Sendung ist erklärt."
    if not account.balanced:
        word = f"Nicht ausgeglichen: {_count(len(account.unexplained))} Sendungen sind nicht erklärt."
    yield Row([word], size_pt=11, bold=True, before_mm=6)
    yield Row(["freigegebene Sendungen", _count(account.approved)], _SUM_MM, bold=True, rule=True, before_mm=2)
    for line, count in account.lines.items():
        yield Row([LINES[line], _count(count)], _SUM_MM, before_mm=0.8)
        if line is Line.POSTED and account.returned:
            yield Row(["    davon zurückgekommen", _count(account.returned)], _SUM_MM, size_pt=9)
    yield Row(["nicht erklärt", _count(len(account.unexplained))], _SUM_MM, before_mm=0.8)


def _unexplained(report: AccountReport) -> Iterator[Row]:
    if not report.account.unexplained:
        return
    yield Row(["Sendung", "Nicht erklärt, weil"], _UNEXPLAINED_MM, bold=True, before_mm=6, rule=True)
    for name, code in report.account.unexplained:
        for index, text in enumerate(textwrap.wrap(f"{meaning_of(code)} ({code})", 88)):
            yield Row(["" if index else name, text], _UNEXPLAINED_MM, size_pt=8, before_mm=0 if index else 1)


def _offices(report: AccountReport) -> Iterator[Row]:
    if not report.account.offices:
        return
    heads = ["Dienststelle", "zur Post", "davon zurück", *list(LINES.values())[1:]]
    yield Row(heads, _OFFICE_MM, size_pt=8, bold=True, before_mm=6, rule=True)
    for key, name in report.offices:
        if key in report.account.offices:
            posted, *others = (_count(report.account.offices[key][line]) for line in LINES)
            counts = [posted, _count(report.account.returned_of.get(key, 0)), *others]
            yield Row([textwrap.shorten(name, 36), *counts], _OFFICE_MM, size_pt=8, before_mm=0.7)


def _inbound(report: AccountReport) -> Iterator[Row]:
    if not report.inbound:
        return
    yield _inbound_heads("Posteingang", "Scanlieferung")
    for one in report.inbound:
        yield _inbound_row(one)
        for name, code in one.unexplained:
            yield Row(["", f"{name}: {meaning_of(code)}"], _INBOUND_MM[:2], size_pt=7, before_mm=0.3)


def _inbound_days(report: AccountReport) -> Iterator[Row]:
    """The sums of each day of arrival, of all deliveries, those too that are not listed above."""
    if report.inbound_days:
        yield _inbound_heads("Eingang am", "Umfang")
        yield from map(_inbound_row, report.inbound_days)


def _inbound_heads(first: str, second: str) -> Row:
    lines = ("gescannt", "Akte", "abzulegen", "Klärung", "Quarantäne", "zurück", "fehlt")
    return Row([first, second, *lines], _INBOUND_MM, size_pt=8, bold=True, before_mm=6, rule=True)


def _inbound_row(one: InboundBalance) -> Row:
    texts = [f"{one.received_on:%d.%m.%Y}", textwrap.shorten(one.delivery, 24), *map(_count, one.counts)]
    return Row(texts, _INBOUND_MM, size_pt=8, before_mm=0.7)


def _proof(report: AccountReport, zone: tzinfo) -> Iterator[Row]:
    yield Row(["Worauf das beruht"], bold=True, before_mm=8, rule=True)
    checked = report.rows_checked_at
    since = (
        f"zuletzt vollständig am {checked.astimezone(zone):%d.%m.%Y}" if checked else "noch nicht vollständig"
    )
    for text in (
        "Jede Zeile ist aus den Datensätzen gezählt: Freigabe, Dokument, Sendung, Laufzertifikat, Übergabe,",
        "Statusmeldungen, Aufgabe zur Post und Ablage in der Akte, dazu der Abgleich mit dem Druckdienstleister.",
        f"Rundgang über alle Sendungen: {since}. Überfällig: {_count(report.documents_overdue)} Dokumente der",
        f"Dokumentenablage, {_count(report.filed_overdue)} Dokumente in Akten.",
    ):
        yield Row([text], size_pt=8, before_mm=0.5)
    if report.account.digest:
        yield Row([f"Prüfsumme aller Sendungen  {report.account.digest}"], size_pt=8, before_mm=2)
    yield Row([f"Prüfsumme dieses Blattes  {report.sha256}"], size_pt=8, before_mm=1)
    yield Row(["Sie steht im Protokoll; ein anderes Blatt hätte eine andere."], size_pt=8, before_mm=0.5)


def _count(number: int) -> str:
    return f"{number:,}".replace(",", ".")
