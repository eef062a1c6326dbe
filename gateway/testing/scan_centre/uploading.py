"""The scan centre that delivers by HTTP: it uploads what lies in its outbox, and fetches its answers itself.

What was not taken over stays in the outbox and is tried again under the same key; what the gateway refuses at once is
laid aside in `centre/refused`, and its papers are delivered anew.
"""

import hashlib
from pathlib import Path
from typing import Any

import requests

from gateway.testing.scan_centre.centre import ScanCentre
from gateway.testing.scan_centre.form import Form
from gateway.testing.scan_centre.packing import READY

_TIMEOUT_S = 60
_TYPES = {".xml": "application/xml", ".csv": "text/csv"}


class UploadingScanCentre(ScanCentre):
    """A context manager; `url` is the gateway's API (…/api/v1), `token` that of the account of its source."""

    FOLDERS = (*ScanCentre.FOLDERS, "centre/refused")

    def __init__(
        self, root: Path | None = None, *, url: str, token: str, form: Form | None = None, **options: Any
    ) -> None:
        form = form or Form(packed=True)
        if not form.packed:
            raise ValueError("an upload is one ZIP")
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self.uploads: dict[str, str] = {}
        """By delivery, the name under which the gateway keeps it, or the code with which it refused."""
        self._reported: set[str] = set()
        super().__init__(root, form=form, **options)

    def work(self) -> None:
        """Upload, fetch answers, and then do what every scan centre does."""
        with self._lock:
            if not self.script.asleep:
                for file in sorted((self.root / "in").glob("*.zip")):
                    self._upload(file)
                self._fetch_answers()
        super().work()
        with self._lock:
            for file in sorted((self.root / "reports").iterdir()):
                if file.name not in self._reported and not file.name.endswith(".part"):
                    self._hand_in(file)

    def state(self, delivery: str) -> dict[str, Any]:
        """What the gateway says about an upload."""
        answer = requests.get(
            f"{self._url}/scan-deliveries/{self.uploads[delivery]}", headers=self._headers, timeout=_TIMEOUT_S
        )
        told: dict[str, Any] = answer.json()
        return told

    def _refused(self, delivery: str, code: str) -> None:
        """A refusal names the upload where no manifest could be read."""
        names = {upload: name for name, upload in self.uploads.items()}
        super()._refused(names.get(delivery, delivery), code)

    def _upload(self, file: Path) -> None:
        with file.open("rb") as content:
            key = f"{file.stem}-{hashlib.file_digest(content, 'sha256').hexdigest()[:16]}"
            content.seek(0)
            headers = {**self._headers, "Content-Type": "application/zip", "Idempotency-Key": key}
            try:
                answer = requests.post(
                    f"{self._url}/scan-deliveries", data=content, headers=headers, timeout=_TIMEOUT_S
                )
            except requests.RequestException:
                return  # whether it arrived or not: the same key may be tried again
        if answer.status_code == 202:
            self.uploads[file.stem] = answer.json()["upload"]
            _remove(file)
        elif answer.status_code == 422:
            self.uploads[file.stem] = answer.json()["code"]
            self._refused(file.stem, answer.json()["code"])
            file.rename(self.root / "centre" / "refused" / file.name)
            _remove(file)
        else:
            self.uploads[file.stem] = f"http-{answer.status_code}"  # it stays, and is tried again

    def _hand_in(self, file: Path) -> None:
        """A report; under the same key whenever it is tried again."""
        content = file.read_bytes()
        key = f"{file.stem}-{hashlib.sha256(content).hexdigest()[:16]}"
        headers = {
            **self._headers,
            "Content-Type": _TYPES.get(file.suffix, "application/json"),
            "Idempotency-Key": key,
        }
        try:
            answer = requests.post(
                f"{self._url}/scan-reports/{file.name}", data=content, headers=headers, timeout=_TIMEOUT_S
            )
        except requests.RequestException:
            return
        if answer.status_code == 200:
            self._reported.add(file.name)

    def _fetch_answers(self) -> None:
        try:
            listed = requests.get(f"{self._url}/scan-answers", headers=self._headers, timeout=_TIMEOUT_S)
            for name in listed.json()["answers"] if listed.status_code == 200 else ():
                target = self.root / "answers" / name
                if not target.exists():
                    answer = requests.get(
                        f"{self._url}/scan-answers/{name}", headers=self._headers, timeout=_TIMEOUT_S
                    )
                    answer.raise_for_status()
                    target.write_bytes(answer.content)
        except requests.RequestException:
            return  # next time


def _remove(file: Path) -> None:
    file.with_name(f"{file.name}.{READY}").unlink(missing_ok=True)
    file.unlink(missing_ok=True)
