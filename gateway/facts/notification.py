"""notification.toml as `NotificationRules`: fictions and remedy periods of every regime, checked for gaps."""

from gateway.domain.receipt.carriers import Doubt
from gateway.domain.receipt.deadlines import (
    Channel,
    Fiction,
    NotificationRules,
    Regime,
    RegimeRules,
    Remedy,
    RemedyPeriod,
)
from gateway.facts.reading import Table, take, without_fault

_FICTION = ("channels", "rule", "exception_rule", "valid_from")
_REMEDY = (
    "remedy",
    "name",
    "months",
    "rule",
    "months_abroad",
    "rule_abroad",
    "months_without_notice",
    "rule_without_notice",
    "counting_rule",
    "rolling_rule",
    "valid_from",
)


def build_notification_rules(table: Table) -> NotificationRules:
    """All regimes; a KeyError or ValueError says what is missing or contradicts itself."""
    take(table, [regime.value for regime in Regime])
    return NotificationRules({regime: _regime(table[regime.value]) for regime in Regime})


def _regime(table: Table) -> RegimeRules:
    take(table, ("returned_rule", "doubt", "fiction", "proof", "remedy"), ("shift_rule",))
    rules = RegimeRules(
        fictions=tuple(_fiction(entry) for entry in table["fiction"]),
        periods=tuple(_period(entry) for entry in table["remedy"]),
        proof_rules={Channel(channel): str(rule) for channel, rule in table["proof"].items()},
        returned_rule=table["returned_rule"],
        shift_rule=table.get("shift_rule"),
        doubt=Doubt(**take(table["doubt"], ("days", "rule", "counter_rule"))),
    )
    _check(rules)
    return rules


def _fiction(entry: Table) -> Fiction:
    take(entry, _FICTION, ("days", "months", "valid_to"))
    return Fiction(
        channels=frozenset(Channel(channel) for channel in entry["channels"]),
        days=int(entry.get("days", 0)),
        months=int(entry.get("months", 0)),
        rule=entry["rule"],
        exception_rule=entry["exception_rule"],
        valid_from=entry["valid_from"],
        valid_to=entry.get("valid_to"),
    )


def _period(entry: Table) -> RemedyPeriod:
    take(entry, _REMEDY, ("valid_to",))
    facts = {key: entry[key] for key in _REMEDY if key != "remedy"}
    return RemedyPeriod(remedy=Remedy(entry["remedy"]), valid_to=entry.get("valid_to"), **facts)


def _check(rules: RegimeRules) -> None:
    """Every way has a rule of proof, or is electronic and has a fiction; every remedy has a period, one for any day."""
    for fiction in rules.fictions:
        if (fiction.days > 0) == (fiction.months > 0):
            raise ValueError(f"{fiction.rule}: entweder days oder months ist anzugeben")
    for channel in Channel:
        fictions = [fiction for fiction in rules.fictions if channel in fiction.channels]
        without_fault(fictions, channel)
        if (not fictions or channel is not Channel.ELECTRONIC) and channel not in rules.proof_rules:
            raise KeyError(channel.value)
    for remedy in Remedy:
        periods = [period for period in rules.periods if period.remedy is remedy]
        without_fault(periods, remedy)
        if not periods:
            raise KeyError(remedy.value)
