"""originals.toml as `OriginalTerms`: how long paper is kept after its scan came, by class, checked for gaps."""

from collections.abc import Mapping

from gateway.domain.paper.originals import ANY_CLASS, OriginalTerm, OriginalTerms
from gateway.facts.reading import Table, take, without_fault


def build_original_terms(table: Table, longer: Mapping[str, int]) -> OriginalTerms:
    """All classes; a KeyError or ValueError says what is missing or contradicts itself."""
    take(table, ["term"])
    terms = [_term(entry) for entry in table["term"]]
    by_class = {
        each: tuple(term for term in terms if term.document_class == each)
        for each in dict.fromkeys(term.document_class for term in terms)
    }
    if ANY_CLASS not in by_class:
        raise KeyError(ANY_CLASS)
    for name, found in by_class.items():
        without_fault(found, name)
    return OriginalTerms(by_class, longer)


def _term(entry: Table) -> OriginalTerm:
    take(entry, ("class", "days", "reason", "valid_from"), ("valid_to",))
    if not isinstance(entry["days"], int) or entry["days"] < 1:
        raise ValueError(f"{entry['class']}: days ist eine Zahl von Tagen, mindestens 1")
    return OriginalTerm(
        entry["class"], entry["days"], entry["reason"], entry["valid_from"], entry.get("valid_to")
    )
