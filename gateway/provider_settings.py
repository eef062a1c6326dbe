"""Settings of print houses and proofs of posting, and what every section is made of; see `gateway.config`."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from gateway.domain.account.sweep import SweepRules
from gateway.domain.desk.patience import DeskRules, Patience
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.posting.posting_list import Agreement, Evidence, PostingRules
from gateway.domain.runs.by_hand import BY_HAND
from gateway.domain.runs.canary import CanaryRules
from gateway.errors import ConfigError


class Section(BaseModel):
    """Part of the settings; a secret may be given as `NAME_file` instead, which wins over `NAME`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        resolved = dict(values)
        for name, field in cls.model_fields.items():
            file = resolved.pop(f"{name}_file", None) if field.annotation is SecretStr else None
            if file:
                resolved[name] = _secret_from(Path(str(file)), name)
        return resolved


def _secret_from(file: Path, name: str) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError:
        raise ConfigError("config-secret-file", f"Die Datei zu „{name}_file“ ist nicht lesbar.") from None


class PrintHouseSettings(Section):
    """What was agreed with a print house that takes whole batches; `seal_for` is its certificate (PEM).

    `list_signed_by` are certificates (PEM): its posting lists must be signed by them, or by whom they vouch for.
    """

    packaging: Literal["pieces", "collated"] = "pieces"
    manifest: Literal["json", "xml"] = "json"
    services: tuple[Service, ...] = (Service.STANDARD,)
    seal_for: str = ""
    staging: str = "staging"
    inbox: str = "in"
    outbox: str = "out"
    max_pieces: int = Field(2000, ge=2)
    max_bytes: int = Field(2_000_000_000, ge=1)
    min_poll_interval_s: float = Field(300, ge=0)
    acknowledge_within_h: float = Field(24, gt=0)
    read_again_days: float = Field(60, gt=0)
    daily_list: bool = True
    list_signed_by: tuple[str, ...] = ()


class SftpAccount(PrintHouseSettings):
    """A print centre behind SFTP; with `key_file` the key opens it, else the password."""

    host: str = "127.0.0.1"
    port: int = Field(8022, ge=1, le=65535)
    user: str = ""
    host_keys: tuple[str, ...] = ()
    key_file: str = ""
    passphrase: SecretStr = SecretStr("")
    password: SecretStr = SecretStr("")
    connect_timeout_s: float = Field(10, gt=0)
    read_timeout_s: float = Field(60, gt=0)


class FolderHouse(PrintHouseSettings):
    """An in-house print room behind a local or mounted folder, which has staging, inbox and outbox in it."""

    dir: str = "{data_dir}/print-room"


class PingenAccount(Section):
    """Account at Pingen. While its signing key is exchanged, `webhook_secret_before` is the one that still holds."""

    base_url: str = "https://api.pingen.com"
    identity_url: str = "https://identity.pingen.com"
    organisation: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    webhook_secret_before: SecretStr = SecretStr("")
    delivery_product: str = "dpag_standard"
    product_einwurf: str = ""
    product_uebergabe: str = ""
    product_rueckschein: str = ""
    address_position: Literal["left", "right"] = "left"
    key_lifetime_s: float = Field(3600, ge=0)
    validation_wait_s: float = Field(20, ge=0)
    min_poll_interval_s: float = Field(0, ge=0)
    connect_timeout_s: float = Field(10, gt=0)
    read_timeout_s: float = Field(60, gt=0)
    connections: int = Field(4, ge=1, le=32)

    def webhook_secrets(self) -> tuple[str, ...]:
        """The signing keys that hold, the newest first."""
        both = (self.webhook_secret.get_secret_value(), self.webhook_secret_before.get_secret_value())
        return tuple(secret for secret in both if secret)


class CanarySettings(Section):
    """The test letter before each run; `stops`: a difference stops the provider."""

    providers: tuple[str, ...] = ()
    template: str = "eingangsbestaetigung"
    lead_minutes: int = Field(60, ge=5, le=720)
    stops: bool = False

    def rules(self) -> CanaryRules:
        """The same as a value."""
        return CanaryRules(self.providers, self.template, timedelta(minutes=self.lead_minutes), self.stops)


class PatienceSetting(Section):
    """How long one provider may be silent, in working days."""

    provider: str
    production_days: int = Field(2, ge=1)
    posting_days: int = Field(3, ge=1)
    delivery_days: int | None = Field(None, ge=10)


class DeskSettings(Section):
    """After how many working days something is on the desk, or overdue there."""

    decide_days: int = Field(1, ge=0)
    hand_over_days: int = Field(1, ge=0)
    production_days: int = Field(2, ge=1)
    posting_days: int = Field(3, ge=1)
    delivery_days: int = Field(30, ge=10)
    of_provider: tuple[PatienceSetting, ...] = ()

    def rules(self) -> DeskRules:
        """The same as a value."""
        return DeskRules(
            decide_days=self.decide_days,
            hand_over_days=self.hand_over_days,
            patience=Patience(self.production_days, self.posting_days, delivery_days=self.delivery_days),
            of_provider={
                # What a person takes in hand leaves the house by the end of the next working day.
                BY_HAND: Patience(
                    production_days=1, posting_days=1, receipt_days=1, delivery_days=self.delivery_days
                ),
                **{
                    each.provider: Patience(
                        each.production_days,
                        each.posting_days,
                        delivery_days=each.delivery_days or self.delivery_days,
                    )
                    for each in self.of_provider
                },
            },
        )


class AgreementSetting(Section):
    """What proves a posting by one provider, where that is agreed, and who delivers if its lists do not say."""

    provider: str
    posting_evidence: Evidence
    contract: str = ""
    carrier: str = ""


class PostingSettings(Section):
    """Who is responsible for records of posting, and what was agreed; a provider not named proves nothing."""

    responsible: str = "Poststelle"
    carriers_file: str = ""
    of_provider: tuple[AgreementSetting, ...] = ()

    def rules(self) -> PostingRules:
        """The same for the use cases."""
        agreements = {
            each.provider: Agreement(each.posting_evidence, each.contract, each.carrier)
            for each in self.of_provider
        }
        return PostingRules(self.responsible, agreements)


class SweepSettings(Section):
    """How much the rolling sweep looks at every ten minutes, and in how many days everything must be seen once."""

    documents_a_pass: int = Field(2000, ge=1)
    filed_a_pass: int = Field(200, ge=1)
    copies_a_pass: int = Field(20_000, ge=1)
    everything_within_days: int = Field(30, ge=1)

    def rules(self) -> SweepRules:
        """As the use case has them."""
        return SweepRules(**self.model_dump())
