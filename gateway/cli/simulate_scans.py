"""The scan centre of `gateway simulate scans`: which form it delivers in, and by which way."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from gateway.errors import InputError
from gateway.testing.scan_centre import Form, ScanCentre, SftpScanCentre, UploadingScanCentre

SOURCE = "scan-centre"


class Way(StrEnum):
    """How it delivers."""

    FOLDER = "folder"
    SFTP = "sftp"
    HTTP = "http"


class ManifestChoice(StrEnum):
    """How its manifests are written."""

    JSON = "json"
    XML = "xml"
    CSV = "csv"


class NoteChoice(StrEnum):
    """Where its transfer notes are."""

    NONE = "none"
    FILE = "file"
    ATTACHMENT = "attachment"


@dataclass(frozen=True)
class ScanChoices:
    """What was asked for. `gateway` and `token_file` are of the way http only."""

    way: Way
    form: Form
    gateway: str | None
    token_file: Path | None


def make_centre(choices: ScanChoices, root: Path | None, *, port: int, speed: float) -> ScanCentre:
    """A centre, not yet at work. Raises what its kind raises, and `InputError` simulator-gateway-missing."""
    options: dict[str, Any] = {"source": SOURCE, "speed": speed, "automatic": True, "form": choices.form}
    if choices.way is Way.SFTP:
        return SftpScanCentre(root, port=port, **options)
    if choices.way is Way.FOLDER:
        return ScanCentre(root, **options)
    if choices.gateway is None or choices.token_file is None:
        text = "Für http braucht der Simulator --gateway (Adresse mit /api/v1) und --token-file (gateway tokens add)."
        raise InputError("simulator-gateway-missing", text)
    token = choices.token_file.read_text(encoding="utf-8").strip()
    return UploadingScanCentre(root, url=choices.gateway, token=token, **options)


def settings_for(choices: ScanChoices, centre: ScanCentre) -> Iterator[str]:
    """What the configuration of the gateway needs."""
    yield f"[inbound.sources.{SOURCE}]"
    yield f'transport = "{choices.way}"'
    yield from _of_way(choices.way, centre)
    yield from choices.form.settings(centre.seal.trust_file if centre.seal else None)


def _of_way(way: Way, centre: ScanCentre) -> Iterator[str]:
    """What only this way needs."""
    if way is Way.FOLDER:
        yield f'dir = "{centre.root}"'
    elif way is Way.HTTP:
        yield f'account = "{SOURCE}"  # the account of the token'
    elif isinstance(centre, SftpScanCentre):
        yield f'host = "{centre.host}"'
        yield f"port = {centre.port}"
        yield f'user = "{centre.user}"'
        yield f'host_keys = ["{centre.host_key}"]'
        yield f'key_file = "{centre.key_file}"'
