"""Settings of scan deliveries; see `gateway.config`."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from gateway.domain.inbound.scan_sources import DeliveryLimits, ManifestFormat, NoteAt, ScanSource
from gateway.errors import ConfigError
from gateway.provider_settings import Section


class ScanSourceSettings(Section):
    """What was agreed with one site of a scan provider, and how its deliveries come. `title`: what people call it.

    `dir`: of the transport "folder", with inbox, answers and reports in it. Host and what follows: of "sftp".
    `account`: the login whose tokens deliver, of "http". `columns`: our field → column of its CSV; `classes`: its word
    for a class → ours, `return_reasons` and `service_outcomes` for what it types of returned mail and certificates.
    """

    title: str = ""
    transport: Literal["folder", "sftp", "http"] = "folder"
    dir: str = "{data_dir}/scans"
    inbox: str = "in"
    answers: str = "answers"
    reports: str = "reports"
    manifest: ManifestFormat = ManifestFormat.JSON
    columns: dict[str, str] = Field(default_factory=dict)
    delimiter: str = Field(";", min_length=1, max_length=1)
    classes: dict[str, str] = Field(default_factory=dict)
    return_reasons: dict[str, str] = Field(default_factory=dict)
    service_outcomes: dict[str, str] = Field(default_factory=dict)
    transfer_note: NoteAt = NoteAt.NONE
    signed: bool = False
    trust: tuple[str, ...] = ()
    late_days: int = Field(2, ge=0)
    unfinished_hours: float = Field(6, gt=0)
    first_sequence: int = Field(1, ge=0)
    max_documents: int = Field(10_000, ge=1)
    max_bytes: int = Field(20_000_000_000, ge=1)
    max_ratio: int = Field(200, ge=1)
    account: str = ""
    host: str = "127.0.0.1"
    port: int = Field(22, ge=1, le=65535)
    user: str = ""
    host_keys: tuple[str, ...] = ()
    key_file: str = ""
    passphrase: SecretStr = SecretStr("")
    password: SecretStr = SecretStr("")
    connect_timeout_s: float = Field(10, gt=0)
    read_timeout_s: float = Field(60, gt=0)

    def rules(self, name: str, path: Callable[[str], Path]) -> ScanSource:
        """The same as a value; `path` makes a configured path absolute. Raises `ConfigError`."""
        if self.signed and not self.trust:
            text = f"[inbound.sources.{name}] verlangt Signaturen und nennt mit trust kein Zertifikat, dem es traut."
            raise ConfigError("config-invalid", text)
        return ScanSource(
            name=name,
            agreed=True,
            manifest=self.manifest,
            columns=self.columns,
            delimiter=self.delimiter,
            classes=self.classes,
            return_reasons=self.return_reasons,
            service_outcomes=self.service_outcomes,
            note=self.transfer_note,
            signed=self.signed,
            trust=tuple(_certificate(name, path(each)) for each in self.trust),
            late_days=self.late_days,
            first_sequence=self.first_sequence,
            limits=DeliveryLimits(self.max_documents, self.max_bytes, self.max_ratio),
            account=self.account,
            title=self.title,
        )


def _certificate(name: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        text = f"[inbound.sources.{name}] nennt mit trust eine Datei, die nicht lesbar ist: {file}"
        raise ConfigError("config-invalid", text) from None


class InboundSettings(Section):
    """Scan deliveries; `sources` by name, `scan_source` is the one that deliveries by hand are taken for."""

    receipts_dir: str = "{data_dir}/receipts"
    quarantine_dir: str = "{data_dir}/scan-quarantine"
    scan_source: str = "scan-centre"
    sources: dict[str, ScanSourceSettings] = Field(default_factory=dict)
