"""What an adapter's tests lend to the case-file contract: an adapter, a way to look behind it, and ways to spoil it.

A bench is one fixture: fresh and empty for every test. What a system cannot have (a folder answers nothing late) is
declared in `lacks` with a reason; nothing is left out silently.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.ports.casefile import CaseFile, CaseRef


class Fault(StrEnum):
    """How a request of the adapter goes wrong at the system."""

    LOST_REQUEST = "lost-request"
    """The connection breaks before the system does anything."""
    LOST_ANSWER = "lost-answer"
    """The system does it; the connection breaks before the answer."""
    CUT_ANSWER = "cut-answer"
    """The system does it; the answer breaks off in the middle."""
    ERROR_AFTER = "error-after"
    """The system reports an internal fault although it does it."""
    NONSENSE = "nonsense"
    """The system does it and answers something that cannot be read."""


class Lack(StrEnum):
    """What a system may not have; each with the reason in `CaseFileBench.lacks`."""

    REQUESTS = "requests"
    """There are no requests whose answers could be lost or late."""
    INDEX = "index"
    """There is no index that could lag."""
    FOREIGN = "foreign"
    """Nobody but the gateway writes there."""
    LOGIN = "login"
    """There is nobody to log in."""
    PROPERTIES = "properties"
    """The system keeps no metadata with its documents in this configuration."""
    DAMAGE = "damage"
    """The system cannot be made to change bytes under its own hash in this configuration."""


@dataclass(frozen=True)
class FiledDocument:
    """A document as the system has it, seen without the adapter: its versions, oldest first, and what it is told."""

    document_key: str
    versions: tuple[bytes, ...]
    told: Mapping[str, object] = field(default_factory=dict)
    """Canonical field → value as in `FilingEntry.metadata`, of the fields in `CaseFileBench.tells`."""


class CaseFileBench(ABC):
    """One test's case-file system. `patience_s`: no call may take longer, however slow the system is."""

    case_file: CaseFile
    secrets: Sequence[str] = ()
    """What must never be shown: passwords, tokens."""
    lacks: Mapping[Lack, str] = {}
    tells: frozenset[str] = frozenset()
    """Canonical fields that the documents of this system have as properties."""
    patience_s: float = 20.0

    @abstractmethod
    def fresh(self) -> CaseFile:
        """The adapter as another process would make it: same configuration, same store, nothing remembered."""

    @abstractmethod
    def unreachable(self) -> CaseFile:
        """The adapter, configured for a system that is not there."""

    @abstractmethod
    def documents(self, case: CaseRef) -> Sequence[FiledDocument]:
        """What is in the file of a case, our documents only."""

    @abstractmethod
    def entries(self, case: CaseRef) -> Sequence[str]:
        """The keys of what is filed there, in the order in which it was."""

    def copies(self, case: CaseRef, content: bytes) -> int:
        """How many things with these bytes are in the system, wherever it keeps what belongs to the case."""
        return sum(version == content for found in self.documents(case) for version in found.versions)

    def put_foreign(self, case: CaseRef, document_key: str) -> None:
        """Somebody else puts something where the adapter would put a new document of this key."""
        raise NotImplementedError(self.lacks[Lack.FOREIGN])

    def foreign_is_untouched(self, case: CaseRef, document_key: str) -> bool:
        """Whether that is still as it was put there."""
        raise NotImplementedError(self.lacks[Lack.FOREIGN])

    def damage(self, case: CaseRef, document_key: str) -> None:
        """Change the bytes of a document, as a failing disk or a careless person would."""
        raise NotImplementedError(self.lacks[Lack.DAMAGE])

    def spoil(self, fault: Fault, *, skip: int = 0) -> None:
        """Spoil the next request that changes something, after letting `skip` pass."""
        raise NotImplementedError(self.lacks[Lack.REQUESTS])

    def spoiled(self) -> bool:
        """Whether what was planned has happened."""
        raise NotImplementedError(self.lacks[Lack.REQUESTS])

    def mend(self) -> None:
        """Forget what was planned."""
        raise NotImplementedError(self.lacks[Lack.REQUESTS])

    def slow(self) -> None:
        """Every answer comes later than the adapter may wait, until the test ends."""
        raise NotImplementedError(self.lacks[Lack.REQUESTS])

    def lag(self) -> None:
        """The index knows nothing new, until the test ends."""
        raise NotImplementedError(self.lacks[Lack.INDEX])

    def refuse_login(self) -> CaseFile:
        """The adapter with a login that the system refuses."""
        raise NotImplementedError(self.lacks[Lack.LOGIN])
