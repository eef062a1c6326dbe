"""The renderer of this installation: catalogue, layout, preflight, assembly and pictures behind the port.

All heavy work happens in an `Engine`, one per worker process: pdfium is not safe in threads, and a template that
hangs or a PDF that crashes a library must not take the service with it.
"""

import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import cast

from gateway.domain.findings import Finding
from gateway.domain.sheets.layout import PrintProfile
from gateway.domain.templates.template_sample import LetterText
from gateway.ports.renderer import (
    PagePair,
    PreflightReport,
    PrintCopy,
    RenderedDocument,
    RenderRequest,
    RepairedDocument,
    TemplateMeta,
)
from gateway.rendering.bundle import Shelf
from gateway.rendering.fonts import default_fonts_dir
from gateway.rendering.pool import Limits, WorkerPool, call
from gateway.rendering.versions import Versions


class LocalRenderer:
    """Implements `gateway.ports.renderer.Renderer` with `workers` processes, or within this one if 0.

    Without workers nothing hangs or crashes alone: for tests and single previews. Close it when done.
    """

    def __init__(
        self,
        templates_dir: Path | None = None,
        *,
        fonts_dir: Path | None = None,
        versions_dir: Path | None = None,
        workers: int = 2,
        timeout_s: float = Limits.timeout_s,
        max_worker_mb: int = Limits.max_rss_mb,
        letters_per_worker: int = Limits.max_answers,
    ) -> None:
        """Workers start when they are first needed. Raises `RenderError`.

        `templates_dir` is the authors' folder, `versions_dir` the cache of kept versions: its place is beside the
        data; without it they are kept as long as this object lives.
        """
        kept = versions_dir or _own_folder(self)
        self._versions = Versions(templates_dir, fonts_dir or default_fonts_dir(), Shelf(kept))
        factory = partial(make_engine, templates_dir, fonts_dir, kept)
        limits = Limits(timeout_s, max_worker_mb, letters_per_worker)
        self._pool = WorkerPool(factory, workers, limits) if workers else _InProcess(factory)

    def template_names(self) -> Sequence[str]:
        """See `Renderer.template_names`."""
        return self._versions.names()

    def templates(self) -> Sequence[TemplateMeta]:
        """See `Renderer.templates`."""
        return self._versions.metas()

    def template(self, name: str, version: str | None = None) -> TemplateMeta:
        """See `Renderer.template`."""
        return self._versions.get(name, version).meta

    def template_bundle(self, name: str) -> bytes:
        """See `Renderer.template_bundle`. Raises `NotFound`, `RenderError`."""
        return self._versions.archive(name)

    def keep(self, name: str, bundle: bytes) -> TemplateMeta:
        """See `Renderer.keep`."""
        return self._versions.keep(name, bundle)

    def keeps(self, name: str, version: str) -> bool:
        """See `Renderer.keeps`."""
        return self._versions.keeps(name, version)

    def template_sources(self, name: str, version: str) -> Mapping[str, str]:
        """See `Renderer.template_sources`. Raises `NotFound`, `RenderError`."""
        return self._versions.sources(name, version)

    def validate(self, name: str, data: Mapping[str, object], version: str | None = None) -> None:
        """See `Renderer.validate`. Raises `DataInvalid`, `NotFound`, `RenderError`."""
        self._versions.get(name, version).check(data)

    def render(self, request: RenderRequest) -> RenderedDocument:
        """One PDF/A-2a and PDF/UA-1 document. Data are checked first, without a worker.

        Raises `DataInvalid`, `AddressInvalid`, `NotFound`, `RenderError`.
        """
        self._versions.get(request.template, request.template_version).check(request.data)
        return cast("RenderedDocument", self._pool.ask("render", request))

    def preflight(
        self, pdf: bytes, profile: PrintProfile, expected_address: Sequence[str] | None
    ) -> PreflightReport:
        """Check as the run would. Raises `RenderError`; what is wrong with the PDF is a finding."""
        return cast("PreflightReport", self._pool.ask("preflight", pdf, profile, expected_address))

    def assemble(
        self, documents: Sequence[bytes], *, piece: str, profile: PrintProfile, duplex: bool
    ) -> PrintCopy:
        """The print copy of one piece. Raises `DocumentInvalid`, `RenderError`."""
        return cast("PrintCopy", self._pool.ask("assemble", documents, piece, profile, duplex))

    def read_letter(self, request: RenderRequest) -> LetterText:
        """See `Renderer.read_letter`. Raises as `render`."""
        return cast("LetterText", self._pool.ask("read_letter", request))

    def read_paragraphs(self, request: RenderRequest) -> Sequence[str]:
        """See `Renderer.read_paragraphs`. Raises as `render`."""
        return cast("Sequence[str]", self._pool.ask("read_paragraphs", request))

    def page_texts(self, pdf: bytes) -> Sequence[str]:
        """See `Renderer.page_texts`. Raises `DocumentInvalid`."""
        return cast("Sequence[str]", self._pool.ask("page_texts", pdf))

    def unknown_names(self, name: str, version: str | None = None) -> Sequence[str]:
        """See `Renderer.unknown_names`. Raises `NotFound`."""
        return cast("Sequence[str]", self._pool.ask("unknown_names", name, version))

    def picture(self, pdf: bytes, page: int, dpi: int = 80) -> bytes:
        """A page as PNG, `page` from 1. Raises `NotFound`, `DocumentInvalid`."""
        return cast("bytes", self._pool.ask("picture", pdf, page, dpi))

    def picture_with_findings(self, pdf: bytes, page: int, findings: Sequence[Finding], dpi: int = 80) -> bytes:
        """A page as PNG with its findings framed. Raises `NotFound`, `DocumentInvalid`."""
        return cast("bytes", self._pool.ask("picture_with_findings", pdf, page, findings, dpi))

    def compare(self, old: bytes, new: bytes, dpi: int = 80) -> Sequence[PagePair]:
        """See `Renderer.compare`. Raises `DocumentInvalid`, `RenderError`."""
        return cast("Sequence[PagePair]", self._pool.ask("compare", old, new, dpi))

    def repair(self, pdf: bytes) -> RepairedDocument:
        """See `Renderer.repair`. Raises `DocumentInvalid`; `RenderError` if a limit of time or memory was met."""
        return cast("RepairedDocument", self._pool.ask("repair", pdf))

    def preflight_enclosure(self, pdf: bytes, profile: PrintProfile) -> PreflightReport:
        """See `Renderer.preflight_enclosure`. Raises `DocumentInvalid`, `RenderError`."""
        return cast("PreflightReport", self._pool.ask("preflight_enclosure", pdf, profile))

    def template_enclosure(self, name: str, version: str, file: str) -> bytes:
        """See `Renderer.template_enclosure`."""
        return self._versions.enclosure(name, version, file)

    def close(self) -> None:
        """End the workers."""
        self._pool.close()

    def __enter__(self) -> "LocalRenderer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _own_folder(owner: object) -> Path:
    """A folder that goes when its owner goes."""
    folder = Path(tempfile.mkdtemp(prefix="template-versions-"))
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return folder


def questions_at_once(workers: int) -> int:
    """How many to ask so many workers: one more than there are, so that none waits while an answer is stored."""
    return workers + 1 if workers else 1


def make_engine(templates_dir: Path | None, fonts_dir: Path | None, versions_dir: Path | None) -> object:
    """An engine in the calling process; only there are the heavy libraries loaded."""
    from gateway.rendering.engine import Engine  # noqa: PLC0415

    return Engine(templates_dir, fonts_dir, versions_dir)


class _InProcess:
    """The pool's face on an engine in this process, one question at a time."""

    def __init__(self, factory: Callable[[], object]) -> None:
        self._factory = factory
        self._engine: object = None
        self._lock = threading.Lock()

    def ask(self, method: str, *arguments: object) -> object:
        with self._lock:
            self._engine = self._engine or self._factory()
            return call(self._engine, method, arguments)

    def close(self) -> None:
        self._engine = None
