"""retention.toml as `RetentionRules`: a term for every kind, checked for gaps."""

from gateway.domain.retention import Kind, RetentionRule, RetentionRules
from gateway.facts.reading import Table, take, without_fault


def build_retention_rules(table: Table) -> RetentionRules:
    """All kinds; a KeyError or ValueError says what is missing or contradicts itself."""
    take(table, ["rule"])
    rules = [_rule(entry) for entry in table["rule"]]
    by_kind = {kind: tuple(rule for rule in rules if rule.kind is kind) for kind in Kind}
    for kind, found in by_kind.items():
        if not found:
            raise KeyError(kind.value)
        without_fault(found, kind)
    return RetentionRules(by_kind)


def _rule(entry: Table) -> RetentionRule:
    take(entry, ("kind", "days", "counts_from", "reason", "valid_from"), ("valid_to",))
    if not isinstance(entry["days"], int) or entry["days"] < 1:
        raise ValueError(f"{entry['kind']}: days ist eine Zahl von Tagen, mindestens 1")
    return RetentionRule(
        Kind(entry["kind"]),
        entry["days"],
        entry["counts_from"],
        entry["reason"],
        entry["valid_from"],
        entry.get("valid_to"),
    )
