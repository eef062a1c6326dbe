"""What people wrote about envelopes leaves by its rule, and proves it; what happened, when, and by whom stays."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import select

from gateway.application.access.administering import add_user
from gateway.application.account.reconciling import account
from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.filing.filing import file_due
from gateway.application.inbound.requesting import settle
from gateway.application.posting import excepting
from gateway.application.posting.supplementing import enter
from gateway.application.reads.records import EMPTIED
from gateway.application.receipt.delivering import Receipt, correct, prove
from gateway.application.retention.destroying import apply, plan
from gateway.application.trail.sealing import anchor
from gateway.application.trail.verifying import verify
from gateway.application.views.explaining import explain
from gateway.application.views.shaping import as_json
from gateway.db.letters import Recipient
from gateway.db.retention import LetterRetention
from gateway.domain.permission import Role
from gateway.domain.receipt.delivery import DeliveryKind
from tests.application.retention.rows import everything
from tests.application.retention.test_destroying import posted
from tests.web.site import serve
from tests.world import REQUEST, World, pdf_text

pytestmark = pytest.mark.both_databases
NAME = "Zwirbelkötter"


def handed(world: World, reference: str, number: int) -> Receipt:
    day = world.only(reference).posting_confirmed_on
    assert day
    outcome, on = "handed-addressee", day + timedelta(days=number)
    return Receipt(
        DeliveryKind.COURIER, outcome, on, received_by=NAME, place=NAME, data={"receipt": f"K-{number}"}
    )


def written_about(world: World) -> str:
    """A letter whose proofs, exception and late number all name somebody in words that people typed."""
    add_user(world.services, "post2", name="Paul Zwei", roles=[Role.POST_ROOM])
    reference = posted(world)
    only = world.only(reference)
    piece, day = only.piece or "", only.posting_confirmed_on
    assert day
    excepting.second(
        world.services,
        "post2",
        excepting.propose(world.services, "post", [piece], day - timedelta(days=1), f"Auskunft {NAME}"),
    )
    refused = excepting.propose(world.services, "post", [piece], day, f"{NAME} rief an")
    excepting.reject(world.services, "post2", refused, f"{NAME} irrt")
    enter(world.services, "post", piece, tracking_number="RR 1 DE", source=f"Beleg von {NAME}")
    with world.services.db.transaction() as session:
        piece_id = session.exec(select(Recipient.mail_piece_id)).one()
        prove(session, world.services, "post", piece_id or 0, handed(world, reference, 1))
    correct(world.services, "post", reference, 1, handed(world, reference, 2), f"{NAME} hat unterschrieben")
    file_due(world.services)
    anchor(world.services)
    return reference


def gone(world: World) -> dict[str, int]:
    done = apply(world.services)
    assert done is not None
    assert done.faults == {}
    return done.gone


def test_words_leave_with_the_personal_data_and_facts_and_chain_stay_whole(world: World) -> None:
    reference = written_about(world)
    before = world.only(reference)
    world.advance(days=200)
    assert gone(world)["document"] == 1
    world.advance(days=600)
    gone(world)
    assert everything(world).count(NAME) > 8
    world.advance(days=140)
    assert gone(world)["personal"] == 1
    assert NAME not in everything(world)
    after = world.only(reference)
    assert [each.text for each in after.records] == [before.records[0].text, EMPTIED]
    day = world.clock.now()
    assert [each.emptied_at for each in after.records] == [None, day]
    assert [proof.emptied_at for proof in after.proofs] == [day, day]
    assert [each.emptied_at for each in after.records[1].supplements] == [day]
    facts = ("posting_confirmed_on", "standing", "assessment", "piece")
    assert [getattr(after, each) for each in facts] == [getattr(before, each) for each in facts]
    assert [proof.effective_on for proof in after.proofs] == [proof.effective_on for proof in before.proofs]
    assert [proof.data for proof in after.proofs] == [{"receipt": "K-1"}, {"receipt": "K-2"}]
    anchor(world.services)
    found = verify(world.services)
    assert (found.faults, found.unsealed) == ([], 0)
    assert account(world.services).balanced
    assert "personal" not in gone(world)


def test_what_is_written_after_that_is_kept_for_its_own_term_and_until_it_is_filed(world: World) -> None:
    reference = written_about(world)
    for days in (200, 740):
        world.advance(days=days)
        gone(world)
    assert NAME not in everything(world)
    correct(world.services, "post", reference, 1, handed(world, reference, 3), f"{NAME} irrte")
    world.advance(days=700)
    assert "personal" not in plan(world.services).gone
    world.advance(days=40)
    assert plan(world.services).kept["personal"] == {"not-filed": 1}
    file_due(world.services)
    anchor(world.services)
    assert gone(world)["personal"] == 1
    assert NAME not in everything(world)
    assert verify(world.services).faults == []


def test_an_exception_that_waits_for_a_second_person_keeps_its_words_and_those_of_its_letter(
    world: World,
) -> None:
    reference = written_about(world)
    world.advance(days=200)
    gone(world)
    only = world.only(reference)
    day = only.posting_confirmed_on
    assert day
    number = excepting.propose(
        world.services, "post", [only.piece or ""], day + timedelta(days=1), f"{NAME} schrieb"
    )
    world.advance(days=740)
    assert "personal" not in gone(world)
    excepting.reject(world.services, "post2", number, NAME)
    world.advance(days=740)
    anchor(world.services)
    assert gone(world)["personal"] == 1
    assert NAME not in everything(world)


def test_whoever_reads_it_is_told_that_words_left_and_on_which_day(world: World, tmp_path: Path) -> None:
    """On the page, in the JSON, in the posting file and on its cover: a blank is no omission."""
    reference = written_about(world)
    for days in (200, 740):
        world.advance(days=days)
        gone(world)
    day = f"{world.services.today():%d.%m.%Y}"
    told = " ".join(explain(world.services, reference, "both"))
    assert f"Anschriften, Daten, Namen und Begründungen wurden nach der Aufbewahrungsregel am {day}" in told
    shown = as_json(world.view(reference))
    proof = shown["recipients"][0]["proofs"][-1]
    left_at = proof["emptied_at"]
    assert left_at == shown["left_by_retention"]["personal_at"]
    assert datetime.fromisoformat(left_at) == world.clock.now()
    correct(world.services, "post", reference, 1, handed(world, reference, 3), f"{NAME} irrte")
    assert world.view(reference).left is not None, "what left before stays gone"
    archive, _ = packed(world.services, posting_file(world.services, None, reference))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(tmp_path)
    left = json.loads((tmp_path / "aufbewahrung.json").read_text(encoding="utf-8"))
    assert left["emptied_at"][:10] == world.services.today().isoformat()
    assert [document["kind"] for document in left["documents"]] == ["document"]
    proofs = json.loads((tmp_path / "zugangsnachweis-1.json").read_text(encoding="utf-8"))
    assert [bool(each["emptied_at"]) for each in proofs] == [True, True, False]
    cover = " ".join(pdf_text((tmp_path / "deckblatt.pdf").read_bytes()).split())
    assert f"(Namen, Ort und Begründung hier gelöscht am {day}.)" in cover
    assert f"(Wortlaut hier gelöscht am {day}.)" in cover
    assert "Anschrift im Fenster: hier gelöscht" in cover
    with serve(world) as site:
        visitor = site.visitor("both")
        visitor.get(f"/schreiben/{reference}")
    said = f"Namen, Ort und Begründung nach der Aufbewahrungsregel gelöscht am {day}"
    assert visitor.text.count(said) == 2
    assert "Quelle nach der Aufbewahrungsregel gelöscht" in visitor.text


def test_a_reason_about_the_letter_itself_that_is_typed_years_later_is_kept_for_its_own_term(
    world: World,
) -> None:
    reference = posted(world, template=REQUEST)
    anchor(world.services)
    for days in (200, 740):
        world.advance(days=days)
        gone(world)
    assert "personal" not in plan(world.services).kept
    settle(world.services, "both", reference, 1, f"{NAME} brachte es persönlich")
    anchor(world.services)
    world.advance(days=700)
    gone(world)
    assert everything(world).count(NAME) == 2
    world.advance(days=40)
    assert gone(world)["personal"] == 1
    assert NAME not in everything(world)
    anchor(world.services)
    found = verify(world.services)
    assert (found.faults, found.unsealed) == ([], 0)
    assert "personal" not in gone(world)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting_record SET text = ''",
        "UPDATE posting_record SET text = '', posted_on = '2020-01-01'",
        "UPDATE delivery_proof SET reason = '', received_by = NULL",
        "UPDATE delivery_proof SET received_by = 'Jemand'",
        "UPDATE posting_supplement SET source = 'anderswoher'",
        "UPDATE posting_exception SET reason = 'anders'",
    ],
)
def test_the_database_lets_words_leave_and_nothing_else(world: World, statement: str) -> None:
    """Of a letter whose documents are here no proof loses a word; later none of it is ever changed."""
    written_about(world)
    with pytest.raises(DatabaseRefuses), world.services.db.transaction() as session:
        session.connection().execute(text(statement))
    with world.services.db.transaction() as session:
        letter = session.exec(select(Recipient.letter_id)).one()
        session.add(LetterRetention(letter_id=letter, content_left_at=world.clock.now()))
    if "= ''" in statement and "posted_on" not in statement:
        return
    with pytest.raises(DatabaseRefuses), world.services.db.transaction() as session:
        session.connection().execute(text(statement))
