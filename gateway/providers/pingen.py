"""Pingen (interface v2) as print-and-post provider: a draft is made, checked by the provider, then sent off.

Every change carries an Idempotency-Key that is the same for every repeat, so the duplicate guard is KEY; how long
a key is remembered is not documented, and the configured time is short. Behind it stands a second guard: only a
draft can be sent off, so a repeat after the key was forgotten is declined, and the letter itself tells that it was
sent off before.

Staging makes the draft (upload without our token, `auto_send` off) and waits until it was checked; drafts of
repeated stagings cost nothing and are never printed. Webhooks get lost, so the event collections are read as well,
and each open letter is asked for its status. Not here: retrying.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.domain.findings import Finding, Severity
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import DuplicateGuard
from gateway.domain.runs.tally import Held
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import AlreadyReleased, NotSent, OutcomeUnknown, ProviderError, Refused
from gateway.ports.provider import Capabilities, Consignment, Found, PrintPiece, StatusReport, TrialAnswer
from gateway.providers.pingen_account import UNREADABLE, Answer, PingenAccount, PingenSettings
from gateway.providers.pingen_codes import CATEGORIES, UNUSABLE_STATUSES, status_meaning
from gateway.providers.pingen_events import Cursor, events_since
from gateway.providers.pingen_letter import (
    check,
    draft_attributes,
    idempotency_key,
    send_attributes,
    services,
)
from gateway.providers.pingen_list import NEWEST_FIRST, all_letters, held_around, is_draft
from gateway.providers.pingen_reports import (
    event_report,
    key_of,
    letter_report,
    letter_status,
    text,
    webhook_reports,
)
from gateway.providers.pingen_trial import trial_answer
from gateway.providers.pingen_webhook import verified

__all__ = ["PingenProvider", "PingenSettings"]

HTTP_NOT_FOUND = 404
HTTP_CONFLICT = 409
HTTP_DEPENDENCY = 424
_LOOK_AGAIN_S = 1.0
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_AFTER_POSTING = frozenset({Status.HANDED_TO_POST, Status.DELIVERED, Status.RETURNED, Status.FAILED})


class PingenProvider:
    """Implements `gateway.ports.provider.Provider`; one instance an account, safe to share between threads."""

    name = "pingen"

    def __init__(
        self,
        settings: PingenSettings,
        profile: PrintProfile,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.profile = profile
        self.capabilities = Capabilities(
            guard=DuplicateGuard.KEY,
            settle_time=timedelta(0),
            key_lifetime=settings.key_lifetime,
            services=services(settings),
            can_cancel=True,
            min_poll_interval=settings.min_poll_interval,
            has_webhooks=bool(settings.webhook_secrets),
            has_list=True,
            parallel=settings.connections,
        )
        self._settings = settings
        self._sleep = sleep
        self._now = now
        self._account = PingenAccount(settings, monotonic=monotonic)
        self._cursor = Cursor(settings.cursor_file)

    def __repr__(self) -> str:
        return f"PingenProvider({self._settings!r})"

    def close(self) -> None:
        """Close idle connections."""
        self._account.close()

    def check(self) -> list[Finding]:
        """Whether the account can log in and see its letters; changes nothing."""
        try:
            self._account.renew()
            answer = self._account.letters("GET", params={"page[number]": "1", "page[limit]": "1"})
        except ProviderError as error:
            return [Finding(error.code, Severity.ERROR, error.message)]
        if not answer.is_good:
            text_ = "Das Konto darf die Sendungen der Organisation nicht sehen. Bitte organisation prüfen."
            return [Finding("pingen-organisation", Severity.ERROR, text_)]
        findings = [Finding("pingen-login-ok", Severity.INFO, "Die Anmeldung ist gelungen.")]
        if not self._settings.webhook_secrets:
            text_ = "Es ist kein webhook_secrets eingerichtet: Statusmeldungen kommen nur durch Nachfragen."
            findings.append(Finding("pingen-no-webhooks", Severity.INFO, text_))
        return findings

    def stage(self, consignment: Consignment) -> str:
        """Make a draft and wait until it was checked. The handle is the draft's id.

        Raises `Refused` with what is wrong, `NotSent` where something did not work: nothing prints.
        """
        piece = consignment.only
        check(piece, self.profile, self._settings)
        try:
            draft = self._draft(piece)
            return self._checked(draft)
        except OutcomeUnknown as fact:
            code, message = fact.code, fact.message
        raise NotSent(code, f"{message} Es wurde nichts zum Druck gegeben; es wird wiederholt.")

    def release(self, handle: str, consignment: Consignment) -> str:
        """Send the draft off: one request. Returns the letter's id.

        Raises `NotSent`, `Refused`, `AlreadyReleased` or `OutcomeUnknown`.
        """
        piece = consignment.only
        answer = self._account.letters(
            "PATCH",
            f"/{handle}/send",
            key=idempotency_key(piece.key, "send"),
            attributes=send_attributes(piece, self._settings),
            letter_id=handle,
        )
        if answer.is_good:
            if text(answer.resource, "id") != handle:
                raise OutcomeUnknown("pingen-unreadable", UNREADABLE)
            return handle
        if answer.status in {HTTP_CONFLICT, HTTP_DEPENDENCY}:
            raise OutcomeUnknown(f"pingen-{answer.error_code}", UNREADABLE)
        raise self._judged(handle, answer)

    def find(self, key: str) -> Found | None:
        """What the provider holds under our key and was sent off; drafts do not print and are not counted.

        The interface has no search by our key: all letters of the organisation are read, page by page.
        """
        sent_off = [
            text(letter, "id")
            for letter in all_letters(lambda page: self._page("", page))
            if key_of(letter) == key and not is_draft(letter) and letter_status(letter) != "cancelled"
        ]
        return Found(min(sent_off), len(sent_off)) if sent_off else None

    def cancel(self, provider_reference: str) -> None:
        """Take back before production. `Refused` if it is too late, `OutcomeUnknown` while the provider ponders."""
        answer = self._account.letters(
            "PATCH", f"/{provider_reference}/cancel", key=idempotency_key(provider_reference, "cancel")
        )
        if answer.status in {HTTP_CONFLICT, HTTP_DEPENDENCY}:
            raise OutcomeUnknown(f"pingen-{answer.error_code}", UNREADABLE)
        if not answer.is_good:
            raise _too_late()
        status = self._awaited(provider_reference, while_in={"cancelling"})
        if status == "cancelling":
            raise OutcomeUnknown(
                "pingen-cancel-open", "Die Rücknahme ist beantragt; ob sie gelingt, zeigt der Status."
            )
        if status != "cancelled":
            raise _too_late()

    def poll(self, provider_references: Sequence[str]) -> Iterable[StatusReport]:
        """New events of the organisation, whoever they are about, then the given letters as they stand.

        An event is taken for heard when the next one is asked for.
        """
        for category in CATEGORIES:
            for event in events_since(category, self._cursor, self._event_page(category)):
                yield event_report(event, self._now, category=category)
        for reference in provider_references:
            yield from self._about(reference)

    def holdings(self, day: date) -> Iterable[Held]:
        """All letters sent off then and on the days beside; one that cannot be read leaves the whole list unknown."""
        for held in held_around(day, lambda page: self._page("", page, sort=NEWEST_FIRST)):
            if held is None:
                raise OutcomeUnknown("pingen-unreadable", UNREADABLE)
            yield held

    def try_out(self, piece: PrintPiece) -> str:
        """A draft, which is checked and never sent off. Returns its id; errors as in `stage`."""
        check(piece, self.profile, self._settings)
        return self._draft(piece)

    def tried(self, key: str) -> TrialAnswer | None:
        """What came of the draft, which is deleted then; errors as in `find`."""
        for letter in self._pages(""):
            if key_of(letter) != key:
                continue
            answer = trial_answer(letter, is_draft=is_draft(letter))
            if answer is not None and not answer.printed:
                # A draft that could not be deleted costs nothing and is never printed.
                with suppress(NotSent, OutcomeUnknown):
                    self._account.letters("DELETE", f"/{text(letter, 'id')}")
            return answer
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[StatusReport]:
        """What a signed call says; see `pingen_webhook` for what is believed."""
        settings = self._settings
        document = verified(
            headers, body, settings.webhook_secrets, now=self._now(), max_age=settings.webhook_max_age
        )
        name = text(document, "data", "id") or headers.get("signature", "")
        return list(webhook_reports(document, self._now, fallback_key=f"webhook:{name}"))

    def _draft(self, piece: PrintPiece) -> str:
        place = self._account.upload_place()
        url = text(place.resource, "attributes", "url")
        signature = text(place.resource, "attributes", "url_signature")
        if not url or not signature:
            raise OutcomeUnknown("pingen-unreadable", UNREADABLE)
        if not self._account.upload(url, piece.pdf):
            raise NotSent("pingen-upload", "Das Dokument konnte nicht hochgeladen werden; es wird wiederholt.")
        answer = self._account.letters(
            "POST",
            key=idempotency_key(piece.key, "create"),
            attributes=draft_attributes(piece, self._settings, url, signature),
        )
        draft = text(answer.resource, "id")
        if answer.is_good and _ID.fullmatch(draft):
            return draft
        if answer.is_good or answer.status in {HTTP_CONFLICT, HTTP_DEPENDENCY}:
            raise OutcomeUnknown(f"pingen-{answer.error_code}", UNREADABLE)
        raise _declined(answer)

    def _checked(self, draft: str) -> str:
        status = self._awaited(draft, while_in={"validating"})
        if status in UNUSABLE_STATUSES:
            _, sentence = status_meaning(status)
            raise Refused(f"pingen-{status.replace('_', '-')}", f"{sentence} Es wurde nichts gedruckt.")
        if status == "validating":
            raise NotSent(
                "pingen-validating",
                "Der Druckdienstleister prüft das Dokument noch; es wurde nichts zum Druck gegeben.",
            )
        return draft

    def _awaited(self, letter_id: str, *, while_in: set[str]) -> str:
        """The status of a letter, once it has left those that pass by themselves; or still one of them."""
        looks = int(self._settings.validation_wait.total_seconds() / _LOOK_AGAIN_S) + 1
        status = self._status(letter_id)
        for _ in range(looks):
            if status not in while_in:
                break
            self._sleep(_LOOK_AGAIN_S)
            status = self._status(letter_id)
        return status

    def _status(self, letter_id: str) -> str:
        answer = self._account.letters("GET", f"/{letter_id}")
        if not answer.is_good or text(answer.resource, "id") != letter_id:
            raise OutcomeUnknown("pingen-unreadable", UNREADABLE)
        return letter_status(answer.resource)

    def _judged(self, handle: str, answer: Answer) -> ProviderError:
        """The provider would not send it off: because it was done before, or for a reason of the letter."""
        stable = f"pingen-{answer.error_code}"
        try:
            found = self._account.letters("GET", f"/{handle}")
        except ProviderError:
            return OutcomeUnknown(stable, UNREADABLE)
        if found.status == HTTP_NOT_FOUND and answer.status == HTTP_NOT_FOUND:
            return Refused(
                stable, "Den Entwurf gibt es beim Druckdienstleister nicht mehr. Bitte neu übergeben."
            )
        if not found.is_good or text(found.resource, "id") != handle:
            return OutcomeUnknown(stable, UNREADABLE)
        if letter_status(found.resource) == "validating":
            return NotSent(stable, "Der Druckdienstleister prüft das Dokument noch; es wird wiederholt.")
        if is_draft(found.resource):
            return _declined(answer)
        return AlreadyReleased(stable, "Die Sendung war schon beauftragt.", provider_reference=handle)

    def _about(self, reference: str) -> Iterator[StatusReport]:
        answer = self._account.letters("GET", f"/{reference}")
        if not answer.is_good:
            return
        report = letter_report(answer.resource, self._now)
        yield report
        if report.status in _AFTER_POSTING:
            for event in self._pages(f"/{reference}/events", language="de-DE"):
                yield event_report(event, self._now, letter_id=reference, key=report.key)

    def _event_page(self, category: str) -> Callable[[int], tuple[list[Mapping[str, Any]], bool]]:
        return lambda page: self._page(f"/events/{category}", page, language="de-DE", sort="created_at")

    def _pages(self, path: str, **params: str) -> Iterator[Mapping[str, Any]]:
        page, more = 1, True
        while more:
            resources, more = self._page(path, page, **params)
            yield from resources
            page += 1

    def _page(self, path: str, page: int, **params: str) -> tuple[list[Mapping[str, Any]], bool]:
        """One page of a collection; never `Refused`: that a question was declined says nothing about a letter."""
        limit = self._settings.page_limit
        answer = self._account.letters(
            "GET", path, params={"page[number]": str(page), "page[limit]": str(limit), **params}
        )
        data = answer.body.get("data")
        if (
            not answer.is_good
            or not isinstance(data, list)
            or not all(isinstance(each, Mapping) for each in data)
        ):
            raise OutcomeUnknown("pingen-unreadable", UNREADABLE)
        meta = answer.body.get("meta")
        last = meta.get("last_page") if isinstance(meta, Mapping) else None
        return data, page < last if isinstance(last, int) else len(data) >= limit


def _declined(answer: Answer) -> Refused:
    return Refused(
        f"pingen-{answer.error_code}",
        f"Der Druckdienstleister lehnt die Sendung ab (Code {answer.error_code}). Bitte Dokument und Konto prüfen.",
    )


def _too_late() -> Refused:
    return Refused("pingen-cancel-too-late", "Die Sendung kann nicht mehr zurückgenommen werden.")
