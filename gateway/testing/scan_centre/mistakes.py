"""Mistakes in a delivery, each under its name; all are possible in every form in which they make sense.

missing-file            a PDF that the manifest names is not there
extra-file              a PDF that the manifest does not name is there
renamed-file            a PDF has another name than in the manifest
wrong-hash              a byte of a PDF changed after the manifest was written
wrong-pages             the manifest names a page too many
wrong-count             the manifest counts a document too many
duplicate-id            two documents have the same id
split-document          the pages of one document come as two
wrong-class             a document has a class that was never agreed
wrong-index:NUMBER      the person at the scanner types that file number for the first document
broken-pdf              the first PDF is no PDF
locked-pdf              the first PDF asks for a password
endless-pdf             the first PDF draws itself: whoever reads it needs all memory there is
wrong-day               the first document was received the day after it was scanned
long-ago                the first document was received a year before it was scanned
control-character       a text of the first document holds one (escape); XML knows none

bad-manifest            the manifest lacks a field
no-manifest-format      the manifest is not even what its name says
wrong-source            the manifest names another source
wrong-marker            READY has the hash of another manifest
half-marker             READY was cut off
no-marker               there is no READY

With transfer notes: note-missing, note-unreadable, note-of-other, note-incomplete (no result of the quality check),
note-organisation (its creator is the organisation only), note-denied (it does not match the paper), note-pages,
note-anomaly (it does not say whether there were any).
With seals: seal-missing, seal-broken (a byte was changed), seal-partial (something was added after it), seal-foreign.
Packed: zip-broken, zip-encrypted, zip-path, zip-twice, zip-bomb; see `packing`.
"""

import hashlib
import io
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf

from gateway.testing.house.clock import local_day
from gateway.testing.house.seals import Seal, with_more
from gateway.testing.scan_centre.batch import Draft, SealIt, Tell
from gateway.testing.scan_centre.notes import NoteSpec, transfer_note
from gateway.testing.scan_centre.packing import ZIP_MISTAKES
from gateway.testing.scan_centre.sheets import pick

Mistake = Callable[[Draft, str], None]


def spoil(draft: Draft, mistake: str) -> None:
    """Make a mistake; raises `ValueError` for one that nobody can make, or that this form has no place for."""
    name, _, argument = mistake.partition(":")
    if name in ZIP_MISTAKES and draft.form.packed:
        return  # made when it is packed
    known = {**MISTAKES, **WHOLE}
    if draft.form.note != "none":
        known |= {each: _noted(change) for each, change in NOTE_MISTAKES.items()}
    if draft.form.sealed:
        known |= {each: _sealed(change) for each, change in SEAL_MISTAKES.items()}
    if name not in known:
        raise ValueError(f"no such mistake in this form of delivery: {mistake}")
    if draft.documents:
        known[name](draft, argument)


def _missing_file(draft: Draft, _: str) -> None:
    del draft.files[draft.documents[0]["file"]]


def _extra_file(draft: Draft, _: str) -> None:
    draft.files["nicht-genannt.pdf"] = draft.files[draft.documents[0]["file"]]


def _renamed_file(draft: Draft, _: str) -> None:
    draft.files["anders-benannt.pdf"] = draft.files.pop(draft.documents[0]["file"])


def _wrong_hash(draft: Draft, _: str) -> None:
    name = draft.documents[0]["file"]
    draft.files[name] += b"\n"


def _wrong_pages(draft: Draft, _: str) -> None:
    draft.documents[0]["pages"] += 1


def _wrong_count(draft: Draft, _: str) -> None:
    draft.counted = len(draft.documents) + 1


def _duplicate_id(draft: Draft, _: str) -> None:
    draft.documents[-1]["document_id"] = draft.documents[0]["document_id"]


def _split_document(draft: Draft, _: str) -> None:
    """The first one of several pages, as it happens where a separator sheet lies in the wrong place."""
    number = next((place for place, each in enumerate(draft.documents) if each["pages"] > 1), None)
    if number is None:
        return
    pages = draft.documents[number]["pages"]
    entry, scan = draft.take_out(number)
    for part, chosen in enumerate(([1], range(2, pages + 1)), start=1):
        # Ids of their own, in the agreed shape: the first eight digits of a hash, and the rest of the old one.
        head = hashlib.sha256(f"{entry['document_id']}:{part}".encode()).hexdigest()[:8]
        draft.add({**entry, "document_id": head + entry["document_id"][8:]}, pick(scan, list(chosen)))
        draft.documents.insert(number, draft.documents.pop())


def _wrong_class(draft: Draft, argument: str) -> None:
    draft.documents[0]["class"] = argument or "postkarte"


def _wrong_index(draft: Draft, argument: str) -> None:
    draft.documents[0]["file_number"] = argument or "JC-000-0000-00000"


def _broken_pdf(draft: Draft, _: str) -> None:
    _replace_first(draft, b"%PDF-1.7\n% nothing more\n")


def _locked_pdf(draft: Draft, _: str) -> None:
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(draft.files[draft.documents[0]["file"]])) as document:
        document.save(buffer, encryption=pikepdf.Encryption(user="geheim", owner="geheim"))
    _replace_first(draft, buffer.getvalue())


def _endless_pdf(draft: Draft, _: str) -> None:
    """Of a form that holds itself twice there are 2^n on level n."""
    document, buffer = pikepdf.new(), io.BytesIO()
    form = document.make_indirect(pikepdf.Stream(document, b"/F Do /F Do"))
    form.Type, form.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    form.BBox = pikepdf.Array([0, 0, 500, 500])
    form.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=form))
    for _page in range(draft.documents[0]["pages"]):
        page = document.add_blank_page()
        page.Resources, page.Contents = form.Resources, document.make_stream(b"/F Do")
    document.save(buffer)
    _replace_first(draft, buffer.getvalue())


def _wrong_day(draft: Draft, _: str) -> None:
    _received(draft, timedelta(days=1))


def _long_ago(draft: Draft, _: str) -> None:
    _received(draft, timedelta(days=-365))


def _received(draft: Draft, after_the_scan: timedelta) -> None:
    entry = draft.documents[0]
    entry["received_on"] = (local_day(datetime.fromisoformat(entry["scanned_at"])) + after_the_scan).isoformat()


def _control_character(draft: Draft, _: str) -> None:
    draft.documents[0]["box"] += "\x1b[2J"


def _replace_first(draft: Draft, content: bytes) -> None:
    entry = draft.documents[0]
    draft.files[entry["file"]] = content
    entry["sha256"] = hashlib.sha256(content).hexdigest()


def _bad_manifest(draft: Draft, _: str) -> None:
    del draft.documents[0]["box"]
    draft.bent = lambda content: content.replace(b";box;", b";Karton;")


def _no_format(draft: Draft, _: str) -> None:
    draft.bent = lambda content: content[: len(content) // 2] + b'\xff"<'


def _wrong_source(draft: Draft, argument: str) -> None:
    draft.source = argument or "another-site"


def _wrong_marker(draft: Draft, _: str) -> None:
    draft.marked = hashlib.sha256(b"another manifest").hexdigest()


def _half_marker(draft: Draft, _: str) -> None:
    draft.marked = hashlib.sha256(draft.manifest()).hexdigest()[:20]


def _no_marker(draft: Draft, _: str) -> None:
    draft.marked = ""


MISTAKES: Mapping[str, Mistake] = {
    "missing-file": _missing_file,
    "extra-file": _extra_file,
    "renamed-file": _renamed_file,
    "wrong-hash": _wrong_hash,
    "wrong-pages": _wrong_pages,
    "wrong-count": _wrong_count,
    "duplicate-id": _duplicate_id,
    "split-document": _split_document,
    "wrong-class": _wrong_class,
    "wrong-index": _wrong_index,
    "broken-pdf": _broken_pdf,
    "locked-pdf": _locked_pdf,
    "endless-pdf": _endless_pdf,
    "wrong-day": _wrong_day,
    "long-ago": _long_ago,
    "control-character": _control_character,
}
"""With a document or its entry."""

WHOLE: Mapping[str, Mistake] = {
    "bad-manifest": _bad_manifest,
    "no-manifest-format": _no_format,
    "wrong-source": _wrong_source,
    "wrong-marker": _wrong_marker,
    "half-marker": _half_marker,
    "no-marker": _no_marker,
}
"""With manifest and marker."""

NOTE_MISTAKES: Mapping[str, Tell] = {
    "note-missing": lambda _: None,
    "note-unreadable": lambda _: b"<Transfervermerk",
    "note-of-other": lambda spec: _said(spec, document_id="99999999-0000-4000-8000-000000000000"),
    "note-incomplete": lambda spec: _said(spec, quality=None),
    "note-organisation": lambda spec: _said(spec, creator=spec.organisation),
    "note-denied": lambda spec: _said(spec, matches="nein"),
    "note-pages": lambda spec: _said(spec, pages=(spec.pages or 0) + 1),
    "note-anomaly": lambda spec: _said(spec, anomaly=None),
}


def _said(spec: NoteSpec, **changes: Any) -> bytes:
    return transfer_note(replace(spec, **changes))


def _noted(tell: Tell) -> Mistake:
    def mistake(draft: Draft, _: str) -> None:
        entry, scan = draft.take_out(0)
        draft.add(entry, scan, tell=tell)
        draft.documents.insert(0, draft.documents.pop())

    return mistake


def _broken(sealed: bytes) -> bytes:
    """One digit of the first page's size, which every PDF has in clear."""
    return re.sub(
        rb"(/MediaBox ?\[ ?0 0 )(\d)",
        lambda found: found[1] + (b"1" if found[2] != b"1" else b"2"),
        sealed,
        count=1,
    )


def _foreign(pdf: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return Seal(Path(folder), "Fremde Stelle")(pdf)


SEAL_MISTAKES: Mapping[str, Callable[[SealIt], SealIt]] = {
    "seal-missing": lambda _: bytes,
    "seal-broken": lambda seal: lambda pdf: _broken(seal(pdf)),
    "seal-partial": lambda seal: lambda pdf: with_more(seal(pdf)),
    "seal-foreign": lambda _: _foreign,
}


def _sealed(change: Callable[[SealIt], SealIt]) -> Mistake:
    def mistake(draft: Draft, _: str) -> None:
        entry, scan = draft.take_out(0)
        draft.add(entry, scan, seal=change(draft.seal))
        draft.documents.insert(0, draft.documents.pop())

    return mistake
