"""Explaining: why is this letter where it is, and what happens next? In sentences."""

from collections.abc import Callable
from functools import partial

from sqlmodel import Session

from gateway.application.access.authorising import actor
from gateway.application.filing.filing_view import failing_of
from gateway.application.reads.finding import find_letter
from gateway.application.reads.showing import LetterView, RecipientView, left_sentences, view_of
from gateway.application.reads.suspensions import suspension_notes
from gateway.application.runs.bundling import Neighbours, neighbours_by_number
from gateway.application.runs.stopping import stop_reasons
from gateway.application.services import Services
from gateway.db.people import Office
from gateway.domain.account.standing import Standing
from gateway.domain.letters.letter import CANCELLABLE, LetterState
from gateway.domain.permission import Action
from gateway.domain.receipt.returning import FICTION_WORDS, REASON_WORDS
from gateway.domain.references import for_people
from gateway.domain.runs.by_hand import HandChannel

_SENTENCES = {
    Standing.DRAFT: "Das Schreiben ist ein Entwurf; die Verfasserin reicht es zur Freigabe ein.",
    Standing.SUBMITTED: "Das Dokument wird erstellt und geprüft; danach kann es freigegeben werden.",
    Standing.FAULTY: "Die Druckprüfung hat Fehler gefunden; das Schreiben wird so nicht gedruckt.",
    Standing.READY: "Das Dokument ist geprüft und wartet auf die Freigabe.",
    Standing.HELD: "Das Schreiben ist angehalten und bleibt es, bis jemand es wieder freigibt.",
    Standing.CANCELLED: "Das Schreiben ist storniert und wird nicht versandt.",
    Standing.PLANNED: "Die Sendung ist im Tageslauf und noch nicht übergeben.",
    Standing.IN_DOUBT: "Ob der Druckdienstleister die Sendung hat, ist ungeklärt; er wird gefragt.",
    Standing.REFUSED: "Der Druckdienstleister hat die Sendung abgelehnt; die Klärungsliste zeigt, warum.",
    Standing.HANDED_OVER: "Der Druckdienstleister hat die Sendung; gedruckt ist sie noch nicht.",
    Standing.IN_PRODUCTION: "Die Sendung wird gedruckt.",
    Standing.POSTED: "Die Sendung ist zur Post gegeben; bei einfachen Briefen wird die Zustellung nicht erfasst.",
    Standing.DELIVERED: "Die Zustellung ist nachgewiesen.",
    Standing.RETURNED: "Die Sendung ist zurückgekommen.",
    Standing.FAILED: "Der Druckdienstleister konnte die Sendung nicht herstellen; sie ist nicht versandt.",
}

_BY_HAND = {
    Standing.PLANNED: "Die Sendung geht von Hand und ist noch nicht gedruckt.",
    Standing.IN_PRODUCTION: "Die Sendung ist im Haus gedruckt und wartet darauf, aufgegeben oder übergeben zu werden.",
}


def explain(services: Services, reference: str, login: str | None = None) -> list[str]:
    """Sentences about one letter, from its state to its deadline; `login` None is the operator."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        may_read = _reader(session, login, office)
        view = view_of(session, services, letter, office)
        near = neighbours_by_number(session, letter, may_read)
        failing = failing_of(session, letter.reference, letter.case_id)
    sentences = [f"{view.title}, Schreiben {for_people(view.reference)} im Fall {view.file_number}."]
    sentences += _of_letter(services, view)
    for recipient in view.recipients:
        sentences += _of_recipient(services, view, recipient)
        sentences += _of_envelope(view, recipient, near[recipient.number])
    zone = services.schedule.zone
    return sentences + [
        f"Die Akte hat einen Eintrag seit {each.since.astimezone(zone):%d.%m.%Y %H:%M} nicht angenommen "
        f"({each.error_code}, {each.attempts} Versuche); das hält sonst nichts auf."
        for each in failing
    ]


def _of_letter(services: Services, view: LetterView) -> list[str]:
    sentences = []
    if view.standing is Standing.APPROVED and view.approved_at is not None:
        day = services.schedule.run_day_for(view.approved_at)
        sentences.append(f"Es ist freigegeben und geht mit dem Tageslauf am {day:%d.%m.%Y}.")
    if view.hold_reason is None and LetterState(view.state) in CANCELLABLE:
        sentences += _suspended(services, view.reference)
    if view.hold_reason:
        sentences.append(f"Grund der Anhaltung: {view.hold_reason}")
    sentences += stop_reasons(services, view.reference)
    if view.replaces:
        sentences.append(f"Es ersetzt das Schreiben {for_people(view.replaces)}.")
    if view.left is not None:
        sentences += left_sentences(view.left, services.schedule.zone)
    if view.note:
        sentences.append(f"Vermerk: {view.note}")
    return sentences


def _suspended(services: Services, reference: str) -> list[str]:
    """That it will be held, before it is submitted."""
    with services.db.reading() as session:
        return suspension_notes(session, find_letter(session, reference)[0])


def beside(services: Services, reference: str, login: str | None = None) -> dict[int, Neighbours]:
    """What shares the envelope of each recipient's copy, or does not and why; by the recipient's number."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        return neighbours_by_number(session, letter, _reader(session, login, office))


def _reader(session: Session, login: str | None, office: Office) -> Callable[[str], bool]:
    """Of which offices the user may read; the operator of all. Raises `NotPermitted` if not of this one."""
    if login is None:
        return lambda _office: True
    who = actor(session, login)
    who.require(Action.READ, office.key)
    return partial(who.may, Action.READ)


def _of_envelope(view: LetterView, recipient: RecipientView, near: Neighbours) -> list[str]:
    """What lies in the same envelope, and why something else does not."""
    prefix = f"Empfänger {recipient.number}: " if len(view.recipients) > 1 else ""
    together = [
        f"{prefix}Im selben Umschlag: {other.title}, Schreiben {for_people(other.reference)} im Fall "
        f"{other.file_number}."
        for other in near.together
    ]
    apart = [
        f"{prefix}Nicht gebündelt mit Schreiben {for_people(other.reference)}: {veto.reason} ({veto.code})"
        for other, veto in near.apart
    ]
    return together + apart


def _by_hand(recipient: RecipientView) -> str | None:
    """What is special about a piece that leaves by hand, until its fate is known."""
    if recipient.hand is None:
        return None
    if recipient.hand.channel is HandChannel.COURIER and recipient.standing is Standing.POSTED:
        return "Ein Kurier hat die Sendung; ihr Empfang ist noch nicht vermerkt."
    return _BY_HAND.get(recipient.standing)


def _only_told(recipient: RecipientView) -> str | None:
    """A delivery that a provider tells, and that nobody has confirmed: it enters no deadline."""
    if recipient.standing is Standing.DELIVERED and recipient.proof is None:
        return "Der Dienstleister meldet die Zustellung; als Zugang bestätigt hat sie noch niemand."
    return None


def _of_return(recipient: RecipientView) -> list[str]:
    """Why it came back, what was decided, and which letter stands in for it."""
    found = recipient.came_back
    if found is None:
        return []
    said = f"Rückläufer vom {found.came_back_on:%d.%m.%Y}: {REASON_WORDS[found.reason]}."
    decided = f"Bekanntgabe: {FICTION_WORDS[found.fiction]}"
    grounds = f" ({found.fiction_reason})" if found.fiction_reason else ""
    sentences = [said, f"{decided}{grounds}."]
    if found.action is None:
        sentences.append("Die Aufgabe ist offen; zu entscheiden ist unter „Rückläufer“.")
    return sentences + [f"Ersetzt durch Schreiben {for_people(each)}." for each in found.replaced_by]


def _of_recipient(services: Services, view: LetterView, recipient: RecipientView) -> list[str]:
    prefix = f"Empfänger {recipient.number}: " if len(view.recipients) > 1 else ""
    standing = _by_hand(recipient) or _only_told(recipient) or _SENTENCES.get(recipient.standing)
    sentences = [prefix + standing] if standing else []
    sentences += [f"{prefix}Befund {finding.code}: {finding.message}" for finding in recipient.findings]
    if recipient.problem:
        sentences.append(f"{prefix}{recipient.problem}")
    if recipient.next_attempt_at:
        again = recipient.next_attempt_at.astimezone(services.schedule.zone)
        sentences.append(f"{prefix}Nächster Versuch am {again:%d.%m.%Y um %H:%M} Uhr.")
    if recipient.not_posted:
        sentences.append(f"{prefix}Zwei Personen haben vermerkt, dass sie doch nicht zur Post gegeben wurde.")
    if recipient.posting_reported_on and not recipient.records:
        sentences.append(
            f"{prefix}Die Aufgabe zur Post ist gemeldet, aber noch nicht bestätigt; Daten sind vorläufig."
        )
    sentences += [prefix + sentence for sentence in _of_return(recipient)]
    if recipient.assessment:
        sentences += [prefix + reason for reason in recipient.assessment.reasons]
    return sentences
