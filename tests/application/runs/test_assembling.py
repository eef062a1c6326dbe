"""Assembling: in parts that are written down together; a fault, or another process at it, holds up nobody."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.runs import assembling, batching
from gateway.application.runs.assembling import assemble
from gateway.db.letters import Document
from gateway.db.mail import MailPiece
from gateway.errors import RenderError
from tests.world import World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def planned(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A run of three pieces that is planned and goes no further; two pieces are a part."""
    monkeypatch.setattr(assembling, "_AT_ONCE", 2)
    world.approved("F1")
    world.approved("F2")
    world.advance(minutes=1)
    run_id = batching.open_run(world.services, world.services.today())
    batching.plan(world.services, run_id, approved_before=world.clock.now())
    return world


def pieces(world: World) -> list[MailPiece]:
    with world.services.db.reading() as session:
        return list(session.exec(select(MailPiece).order_by(MailPiece.id)).all())  # type: ignore[arg-type]


def before_assembling(world: World, step: Callable[[str], None]) -> Any:
    """Services whose renderer does `step` with the reference of a piece before it assembles it."""
    renderer = world.services.renderer

    class Stepping:
        def __getattr__(self, name: str) -> Any:
            return getattr(renderer, name)

        def assemble(self, documents: Any, *, piece: str, **options: Any) -> Any:
            step(piece)
            return renderer.assemble(documents, piece=piece, **options)

    return replace(world.services, renderer=Stepping())


def test_every_part_of_a_run_is_assembled_and_each_print_copy_is_remembered(planned: World) -> None:
    done: list[int] = []
    assert assemble(planned.services, day=planned.services.today(), progress=done.append) == 3
    assert done == [1, 2, 3]
    with planned.services.db.reading() as session:
        for piece in pieces(planned):
            document = session.get_one(Document, piece.print_sha256)
            assert document.versions == {"kind": "print-copy"}
            assert document.size_bytes == len(planned.services.blobs.get(document.sha256))
            assert (piece.pages, piece.sheets, piece.product) == (document.pages, 1, "Standardbrief")
    assert assemble(planned.services, day=planned.services.today()) == 0


def test_a_piece_that_cannot_be_assembled_holds_up_none_of_its_part(planned: World) -> None:
    first = pieces(planned)[0].reference

    def refuse(piece: str) -> None:
        if piece == first:
            raise RenderError("pages-unproven", "Die Seiten sind nicht bewiesen.")

    assemble(before_assembling(planned, refuse), day=planned.services.today())
    assert [piece.fault_code for piece in pieces(planned)] == ["pages-unproven", None, None]
    assert [piece.print_sha256 is None for piece in pieces(planned)] == [True, False, False]


def test_two_processes_at_the_same_run_make_every_print_copy_once(planned: World) -> None:
    others: list[int] = []

    def meanwhile(_: str) -> None:
        if not others:
            others.append(assemble(planned.services, day=planned.services.today()))

    assemble(before_assembling(planned, meanwhile), day=planned.services.today())
    assert others == [3]
    with planned.services.db.reading() as session:
        copies = {each.sha256 for each in session.exec(select(Document)) if each.versions.get("kind")}
    assert copies == {piece.print_sha256 for piece in pieces(planned)}
    assert len(copies) == 3


def test_a_kill_within_a_part_leaves_it_to_be_made_again(planned: World) -> None:
    last = pieces(planned)[-1].reference

    def killed(piece: str) -> None:
        if piece == last:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assemble(before_assembling(planned, killed), day=planned.services.today())
    assert [piece.print_sha256 is None for piece in pieces(planned)] == [False, False, True]
    assert assemble(planned.services, day=planned.services.today()) == 1
