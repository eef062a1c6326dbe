"""Proofs over the figures of a letter: the sums that a template declares, its columns and its months.

The gateway calculates no benefit. It only proves that the figures it was given add up, because a sum that
does not is an unlawful decision. Money is text with two decimals (`"1037.19"`), None is an empty cell.

Paths name values in the data: `calculations[i].needs[*].amounts[p]`. A letter in brackets runs over the list
and is the same on both sides of a proof; `*` stands for all of them. What is not there counts nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[([a-z]|\*)\]")

Bindings = Mapping[str, int]


@dataclass(frozen=True)
class SumProof:
    """`total` = sum of `plus` − sum of `minus`, for every place that the letters of `total` run over."""

    title: str
    total: str
    plus: Sequence[str]
    minus: Sequence[str] = ()


@dataclass(frozen=True)
class ColumnsProof:
    """Every list that `lists` names is as long as the one that `like` names: no column is lost or invented."""

    title: str
    like: str
    lists: Sequence[str]


@dataclass(frozen=True)
class MonthsProof:
    """`ranges` cover the period without gap or overlap: objects with `valid_from` and `valid_to`, or with `month`.

    Months are YYYY-MM; `first` and `last` name the period's first and last day (YYYY-MM-DD).
    """

    title: str
    first: str
    last: str
    ranges: str


Proof = SumProof | ColumnsProof | MonthsProof


@dataclass(frozen=True)
class Flaw:
    """A proof that failed, and where: `places` are positions counted from 1, such as month 1, column 2."""

    proof: Proof
    places: Sequence[int] = field(default_factory=tuple)


def flaws(data: object, proofs: Sequence[Proof]) -> list[Flaw]:
    """Every proof that fails on `data`, in the order declared. `data` has passed its schema."""
    found: list[Flaw] = []
    for proof in proofs:
        match proof:
            case SumProof():
                found.extend(_sum_flaws(data, proof))
            case ColumnsProof():
                found.extend(_column_flaws(data, proof))
            case MonthsProof():
                found.extend(_month_flaws(data, proof))
    return found


def _sum_flaws(data: object, proof: SumProof) -> Iterator[Flaw]:
    for bindings, total in _values(data, proof.total, {}):
        expected = sum((_added(data, path, bindings) for path in proof.plus), Decimal(0))
        expected -= sum((_added(data, path, bindings) for path in proof.minus), Decimal(0))
        if _amount(total) != expected:
            yield Flaw(proof, tuple(position + 1 for position in bindings.values()))


def _added(data: object, path: str, bindings: Bindings) -> Decimal:
    return sum((_amount(value) for _, value in _values(data, path, bindings)), Decimal(0))


def _amount(value: object) -> Decimal:
    return Decimal(0) if value is None else Decimal(str(value))


def _column_flaws(data: object, proof: ColumnsProof) -> Iterator[Flaw]:
    lengths = {len(value) for _, value in _values(data, proof.like, {}) if isinstance(value, list)}
    for path in proof.lists:
        for _, value in _values(data, path, {}):
            if isinstance(value, list) and {len(value)} != lengths:
                yield Flaw(proof)
                return


def _month_flaws(data: object, proof: MonthsProof) -> Iterator[Flaw]:
    first, last = (str(next(_values(data, path, {}))[1]) for path in (proof.first, proof.last))
    spans = [_span(value) for _, value in _values(data, proof.ranges, {}) if isinstance(value, dict)]
    whole = spans[0][0] == _month(first) and spans[-1][1] == _month(last) if spans else False
    forward = all(start <= end for start, end in spans)
    joined = all(later[0] == earlier[1] + 1 for earlier, later in pairwise(spans))
    if not (whole and forward and joined):
        yield Flaw(proof)


def _span(entry: Mapping[str, object]) -> tuple[int, int]:
    """First and last month of an entry, which names either one month or a range of days."""
    month = entry.get("month")
    return _month(str(entry.get("valid_from", month))), _month(str(entry.get("valid_to", month)))


def _month(text: str) -> int:
    """Months since year 0 of `2026-12` or `2026-12-31`."""
    return int(text[:4]) * 12 + int(text[5:7])


def months_between(valid_from: str, valid_to: str) -> list[str]:
    """Every month from `2026-12` to `2027-02`, both included."""
    return [
        f"{(n - 1) // 12:04d}-{(n - 1) % 12 + 1:02d}" for n in range(_month(valid_from), _month(valid_to) + 1)
    ]


def _values(data: object, path: str, bindings: Bindings) -> Iterator[tuple[dict[str, int], object]]:
    """Every value that `path` names, with the positions its letters took."""
    if _STEP.sub("", path).strip("."):
        raise ValueError(f"not a path: {path}")
    steps = [name or f"[{letter}]" for name, letter in _STEP.findall(path)]
    return _walk(data, steps, dict(bindings))


def _walk(
    value: object, steps: Sequence[str], bindings: dict[str, int]
) -> Iterator[tuple[dict[str, int], object]]:
    if not steps:
        yield bindings, value
        return
    step, rest = steps[0], steps[1:]
    if not step.startswith("["):
        if isinstance(value, Mapping) and step in value:
            yield from _walk(value[step], rest, bindings)
    elif isinstance(value, list):
        letter = step[1]
        for position, item in enumerate(value):
            if letter == "*":
                yield from _walk(item, rest, bindings)
            elif bindings.get(letter, position) == position:
                yield from _walk(item, rest, {**bindings, letter: position})
