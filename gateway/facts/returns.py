"""returns.toml as `ReturnRules`: one rule for every reason."""

from gateway.domain.receipt.returning import ReturnFiction, ReturnReason, ReturnRule, ReturnRules
from gateway.facts.reading import Table, take


def build_return_rules(table: Table) -> ReturnRules:
    """All reasons; a KeyError or ValueError says what is missing or contradicts itself."""
    take(table, [reason.value for reason in ReturnReason])
    return ReturnRules({reason: _rule(table[reason.value]) for reason in ReturnReason})


def _rule(entry: Table) -> ReturnRule:
    take(entry, ("rule", "suspends"), ("proposal",))
    proposal = ReturnFiction(entry["proposal"]) if "proposal" in entry else None
    if proposal is ReturnFiction.DISPUTED or not isinstance(entry["suspends"], bool):
        raise ValueError("proposal ist void oder holds, suspends true oder false")
    return ReturnRule(proposal, entry["rule"], entry["suspends"])
