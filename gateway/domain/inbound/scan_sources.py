"""What was agreed with a scan provider about one of its sites (*Quelle*): how it delivers, and what it must prove."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ManifestFormat(StrEnum):
    """How the manifest is written; the file is called `manifest.` and this."""

    JSON = "json"
    XML = "xml"
    CSV = "csv"


class NoteAt(StrEnum):
    """Where the transfer note (*Transfervermerk*) of a document is (TR-03138 A.NB.4)."""

    NONE = "none"
    """Not agreed: one that the manifest names is checked and kept, and is never a reason to reject."""
    FILE = "file"
    """An XML file beside the PDF."""
    ATTACHMENT = "attachment"
    """An XML attachment in the PDF (PDF/A-3)."""


@dataclass(frozen=True)
class DeliveryLimits:
    """What a delivery may be at most. `max_ratio`: how much larger than packed the unpacked files may be."""

    max_documents: int = 10_000
    max_bytes: int = 20_000_000_000
    max_ratio: int = 200


@dataclass(frozen=True)
class ScanSource:
    """An agreement. Without one (`agreed` false) a delivery is taken as its JSON manifest describes it.

    `columns`: our name of a field → the name of the CSV column; `delimiter` parts them. `classes`: the provider's word
    for a document class → ours; `return_reasons` and `service_outcomes` the same for what it reads off returned mail
    and certificates of service. `signed`: each PDF must carry a signature or seal that leads to one of `trust` (PEM
    certificates). `late_days`: working days without a delivery until that is an alarm, 0 never. `first_sequence`: the
    number of the first delivery, None: whichever came first. `account`: whose tokens deliver for it by HTTP.
    """

    name: str
    agreed: bool = False
    manifest: ManifestFormat = ManifestFormat.JSON
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ";"
    classes: Mapping[str, str] = field(default_factory=dict)
    return_reasons: Mapping[str, str] = field(default_factory=dict)
    service_outcomes: Mapping[str, str] = field(default_factory=dict)
    note: NoteAt = NoteAt.NONE
    signed: bool = False
    trust: tuple[bytes, ...] = ()
    late_days: int = 0
    first_sequence: int | None = None
    limits: DeliveryLimits = field(default_factory=DeliveryLimits)
    account: str = ""
    title: str = ""

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.title or self.name
