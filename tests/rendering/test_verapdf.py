"""An independent validator's word: veraPDF on the sample letter of every template, PDF/A-2a and PDF/UA-1.

The print copy of every template for a provider that takes PDF/A-1b is held against that, and a scan with its transfer
note, as a scan centre delivers it, sealed or not, against PDF/A-3b.

`make test` copies the pinned validator into `.verapdf/`; all samples are validated in one Java run.
"""

import io
import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest

from gateway.providers.profiles import load_profile
from gateway.rendering.assembly import assemble
from gateway.testing.house.seals import Seal
from gateway.testing.scan_centre.notes import NoteSpec, attach, transfer_note
from gateway.testing.scan_centre.scanner import FAX, Condition, scan
from gateway.testing.scans import ScanSpec
from gateway.testing.scans import scan as simple_scan
from tests.rendering import letters

ROOT = Path(__file__).parents[2]
JARS = ROOT / ".verapdf"
PROGRAM = ROOT / "tests" / "verapdf" / "Validate.java"
DAMAGED = "damaged"
LOOSE = "loose"
TOGETHER = "together"
AS_ARCHIVED = "as-archived"
NAMES = [template.meta.name for template in letters.catalogue().all()]
TWINS = ["bewilligungsbescheid", "einladung", "mitwirkungsaufforderung"]
"""With tables read out and tables kept, with lists and a box, with a form and a code."""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verapdf")]


def untagged(pdf: bytes) -> bytes:
    """The same letter without its structure: neither PDF/A-2a nor PDF/UA-1 any more."""
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        del document.Root.StructTreeRoot
        document.save(made)
    return made.getvalue()


def print_copy(*documents: bytes, provider: str = "epost") -> bytes:
    """What goes to a provider that takes PDF/A-1b, or to one that takes what is archived."""
    profile = load_profile(provider)
    return assemble(documents, piece=letters.REFERENCE, profile=profile, duplex=True).pdf


def scans_with_notes(seal: Seal) -> dict[str, bytes]:
    """Scans as a scan centre delivers them with an attached transfer note, plain and sealed; a loose one hides it."""
    made = {
        "picture": scan(letters.sample_pdf(NAMES[0]), FAX, seed="picture"),
        "with-text": scan(
            letters.sample_pdf(NAMES[0]), Condition(), seed="with-text", text=["Aktenzeichen JC-BOR-2026-00017"]
        ),
        "simple": simple_scan(ScanSpec.letter("JC-BOR-2026-00017"), seed="simple"),
    }
    note = transfer_note(NoteSpec("00000000-0000-4000-8000-000000000001", None, 1))
    attached = {name: attach(pdf, note) for name, pdf in made.items()}
    with pikepdf.open(io.BytesIO(attached["picture"])) as document:
        del document.Root.AF
        loose = io.BytesIO()
        document.save(loose)
    plain = {**attached, LOOSE: loose.getvalue()}
    return plain | {f"{name}.sealed": seal(pdf) for name, pdf in plain.items()}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """`pass`, or the rules that failed, by flavour and template."""
    java = shutil.which("java")
    if java is None or not list(JARS.glob("validation-model-*.jar")):
        pytest.skip("veraPDF is not here: it needs Java 17 and Maven, then `make test` fetches it")
    folder = tmp_path_factory.mktemp("verapdf")
    for name in NAMES:
        (folder / f"{name}.pdf").write_bytes(letters.sample_pdf(name))
        (folder / f"{name}.1b.pdf").write_bytes(print_copy(letters.sample_pdf(name)))
    for name in TWINS:
        (folder / f"{name}.twin.pdf").write_bytes(letters.sample_twin_pdf(name))
        with_twin = print_copy(letters.sample_pdf(name), letters.sample_twin_pdf(name))
        (folder / f"{name}.twin.1b.pdf").write_bytes(with_twin)
    together = print_copy(*(letters.sample_pdf(name) for name in NAMES[:2]))
    (folder / f"{TOGETHER}.1b.pdf").write_bytes(together)
    (folder / f"{AS_ARCHIVED}.2u.pdf").write_bytes(print_copy(letters.sample_pdf(NAMES[0]), provider="sftp"))
    for name, scanned in scans_with_notes(Seal(tmp_path_factory.mktemp("seal"))).items():
        (folder / f"{name}.3b.pdf").write_bytes(scanned)
    (folder / f"{DAMAGED}.pdf").write_bytes(untagged(letters.sample_pdf(NAMES[0])))
    command = [java, "-cp", f"{JARS}/*", str(PROGRAM), *map(str, sorted(folder.glob("*.pdf")))]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    found = {}
    for line in answer.stdout.splitlines():
        flavour, word, rules, file = line.split("\t")
        found[flavour, Path(file).stem] = word if word == "pass" else rules
    return found


@pytest.mark.parametrize("flavour", ["2a", "ua1"])
@pytest.mark.parametrize("name", NAMES)
def test_verapdf_accepts_every_template(verdicts: dict[tuple[str, str], str], flavour: str, name: str) -> None:
    assert verdicts[flavour, name] == "pass"


@pytest.mark.parametrize("flavour", ["2a", "ua1"])
@pytest.mark.parametrize("name", TWINS)
def test_verapdf_accepts_twins_in_large_print(
    verdicts: dict[tuple[str, str], str], flavour: str, name: str
) -> None:
    assert verdicts[flavour, f"{name}.twin"] == "pass"


@pytest.mark.parametrize("name", [*NAMES, TOGETHER, *(f"{name}.twin" for name in TWINS)])
def test_verapdf_accepts_every_print_copy_as_pdf_a_1b(verdicts: dict[tuple[str, str], str], name: str) -> None:
    assert verdicts["1b", f"{name}.1b"] == "pass"


def test_verapdf_accepts_a_print_copy_as_what_it_claims_without_tags(
    verdicts: dict[tuple[str, str], str],
) -> None:
    assert verdicts["2u", f"{AS_ARCHIVED}.2u"] == "pass"


@pytest.mark.parametrize("name", ["picture", "with-text", "simple"])
def test_verapdf_accepts_a_scan_with_its_transfer_note_as_pdf_a_3b(
    verdicts: dict[tuple[str, str], str], name: str
) -> None:
    assert verdicts["3b", f"{name}.3b"] == "pass"


@pytest.mark.parametrize("name", ["picture", "with-text", "simple"])
def test_verapdf_accepts_the_same_scan_with_a_seal_over_all_of_it(
    verdicts: dict[tuple[str, str], str], name: str
) -> None:
    assert verdicts["3b", f"{name}.sealed.3b"] == "pass"


def test_verapdf_refuses_a_note_that_no_page_and_no_document_is_associated_with(
    verdicts: dict[tuple[str, str], str],
) -> None:
    assert verdicts["3b", f"{LOOSE}.3b"] != "pass"
    assert verdicts["3b", f"{LOOSE}.sealed.3b"] != "pass"


@pytest.mark.parametrize("flavour", ["2a", "ua1"])
def test_verapdf_refuses_a_letter_without_structure(verdicts: dict[tuple[str, str], str], flavour: str) -> None:
    assert verdicts[flavour, DAMAGED] != "pass"
