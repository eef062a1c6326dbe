"""In which form a scan centre delivers: what was agreed with it, and how the gateway is configured for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MANIFESTS = ("json", "xml", "csv")
NOTES = ("none", "file", "attachment")


@dataclass(frozen=True)
class Form:
    """`manifest`: of `MANIFESTS`, and of reports; `note`: where notes are, of `NOTES`; `packed`: as one ZIP."""

    manifest: str = "json"
    note: str = "none"
    sealed: bool = False
    packed: bool = False

    def settings(self, trust: Path | None) -> Iterator[str]:
        """Lines of [inbound.sources.NAME]; `trust`: the certificate of the seals."""
        yield f'manifest = "{self.manifest}"'
        yield f'transfer_note = "{self.note}"'
        if self.sealed and trust is not None:
            yield "signed = true"
            yield f'trust = ["{trust}"]'
