"""Settings about the paper at the scan site; see `gateway.config`."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from gateway.domain.paper.originals import OriginalRules, OriginalTerms, SampleRule
from gateway.provider_settings import Section


class OriginalSettings(Section):
    """What was agreed about originals; `longer_days` lengthens terms by document class, `*` all of them."""

    sample_percent: float = Field(5, ge=0, le=100)
    sample_at_least: int = Field(3, ge=1)
    destroyed_within_days: int = Field(14, ge=1)
    answered_within_days: int = Field(5, ge=1)
    redelivered_within_days: int = Field(10, ge=1)
    level: Literal["P-5", "P-6", "P-7"] = "P-5"
    longer_days: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)

    def rules(self, terms: Callable[[Mapping[str, int]], OriginalTerms]) -> OriginalRules:
        """As the use cases have them, with the terms that the facts name."""
        return OriginalRules(
            terms=terms(self.longer_days),
            sample=SampleRule(self.sample_percent, self.sample_at_least),
            destroyed_within_days=self.destroyed_within_days,
            answered_within_days=self.answered_within_days,
            redelivered_within_days=self.redelivered_within_days,
            level=self.level,
        )
