"""Settings: `config.toml`, overridable by environment, secrets also as `*_file`. Unknown keys are errors."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
    field_serializer,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.case_file_settings import CmisAccount
from gateway.domain.pieces.mailpiece import Service
from gateway.errors import ConfigError
from gateway.inbound_settings import InboundSettings
from gateway.original_settings import OriginalSettings
from gateway.provider_settings import (
    CanarySettings,
    DeskSettings,
    FolderHouse,
    PingenAccount,
    PostingSettings,
    Section,
    SftpAccount,
    SweepSettings,
)

ENV_PREFIX = "GATEWAY_"
_NESTED = "__"
_CMIS_TABLES = {f"case_file.cmis.{name}" for name in ("properties", "log_properties", "constants")}
_FREE_TABLES = frozenset(
    {
        "provider.plugin",
        "provider.daily_capacity",
        "case_file.plugin",
        "inbound.sources",
        "originals.longer_days",
        *_CMIS_TABLES,
    }
)
"""Tables whose keys are names that only the operator or a plug-in knows."""


def _hidden(tables: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """What a plug-in is told may be a secret; only the names are shown."""
    return {name: dict.fromkeys(table, "**********") for name, table in tables.items()}


PluginTables = Annotated[
    dict[str, dict[str, Any]], Field(repr=False), PlainSerializer(_hidden, when_used="json")
]
"""Settings of plug-ins by name; `gateway.plugins` reads them."""


class DatabaseSettings(Section):
    """Where the rows are: `sqlite:///FILE` or `postgresql+psycopg://USER@HOST/DATABASE`.

    The other settings are PostgreSQL's; times in seconds.
    """

    url: SecretStr = SecretStr("sqlite:///{data_dir}/gateway.db")
    password: SecretStr = SecretStr("")
    pool_size: int = Field(10, ge=1, le=200)
    connect_timeout_s: int = Field(10, ge=1)
    statement_timeout_s: int = Field(300, ge=0)
    lock_timeout_s: int = Field(30, ge=1)

    @field_validator("url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
        return value

    @field_serializer("url", when_used="json")
    def _without_password(self, url: SecretStr) -> str:
        return re.sub(r"(://[^:@/]*):[^@/]*@", r"\1:***@", url.get_secret_value())


class DocumentSettings(Section):
    """Where the documents are."""

    dir: str = "{data_dir}/documents"


class RenderingSettings(Section):
    """Worker processes that render; `workers` 0 renders in the calling process."""

    templates_dir: Path = Path("letter_templates")
    workers: int = Field(2, ge=0, le=64)
    timeout_s: float = Field(30, gt=0)
    max_worker_mb: int = Field(300, ge=100)
    letters_per_worker: int = Field(500, ge=1)


class TemplateSettings(Section):
    """How template versions are published."""

    four_eyes: bool = True


class RunSettings(Section):
    """When the nightly run happens."""

    time_zone: str = "Europe/Berlin"
    cut_off: time = time(17, 30)
    start: time = time(19, 0)
    closed_days: tuple[str, ...] = ("12-24", "12-31")
    duplex: bool = True
    bundling: bool = True

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except ZoneInfoNotFoundError as error:
            raise ValueError("unknown time zone") from error
        return value

    @field_validator("closed_days")
    @classmethod
    def _month_and_day(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            month, _, day = entry.partition("-")
            if not (month.isdigit() and day.isdigit() and 1 <= int(month) <= 12 and 1 <= int(day) <= 31):
                raise ValueError("a closed day is written MM-DD")
        return value

    def closed(self) -> frozenset[tuple[int, int]]:
        """Closed days as (month, day)."""
        return frozenset((int(entry[:2]), int(entry[3:])) for entry in self.closed_days)


class EpostAccount(Section):
    """Account at the E-POSTBUSINESS interface.

    `hold_days`: how long letters wait in the provider's hold basket, where they can be taken back; 0: not at all.
    """

    base_url: str = "http://127.0.0.1:8090"
    vendor_id: str = "TRAINING"
    ekp: str = "1234567890"
    secret: SecretStr = SecretStr("")
    password: SecretStr = SecretStr("")
    test_mode: bool = False
    test_email: str = ""
    settle_time_s: float = Field(900, ge=0)
    hold_days: int = Field(0, ge=0, le=31)
    premium_address: Literal["", "basis", "report"] = ""
    min_poll_interval_s: float = Field(5, ge=0)
    connect_timeout_s: float = Field(10, gt=0)
    read_timeout_s: float = Field(60, gt=0)
    connections: int = Field(4, ge=1, le=32)


class RouteSetting(Section):
    """Which letters another provider takes; what is left out fits every letter."""

    provider: str
    office: str | None = None
    service: Service | None = None
    template: str | None = None
    abroad: bool | None = None
    min_letters: int | None = Field(None, ge=0)
    max_letters: int | None = Field(None, ge=0)


class ProviderSettings(Section):
    """Which provider takes the letters; `others` are connected too, for routes and for what is under way there."""

    name: str = "epost"
    others: tuple[str, ...] = ()
    routes: tuple[RouteSetting, ...] = ()
    daily_capacity: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    epost: EpostAccount = EpostAccount()
    pingen: PingenAccount = PingenAccount()
    sftp: SftpAccount = SftpAccount()
    folder: FolderHouse = FolderHouse()
    plugin: PluginTables = Field(default_factory=dict)

    def connected(self) -> list[str]:
        """The names of all providers that are connected, each once, the one that takes the letters first."""
        return list(dict.fromkeys([self.name, *self.others, *(route.provider for route in self.routes)]))


class CaseFileSettings(Section):
    """Which case-file system keeps them."""

    name: str = "folder"
    dir: str = "{data_dir}/case-files"
    cmis: CmisAccount = CmisAccount()
    plugin: PluginTables = Field(default_factory=dict)


class UploadSettings(Section):
    """Finished PDFs of line-of-business software; without `watch_dir` no folder is watched."""

    watch_dir: str = ""


class AuditSettings(Section):
    """Where the head of the audit chain is written down every day."""

    anchors: str = "{data_dir}/audit-anchors.jsonl"


class EnclosureSetting(Section):
    """A PDF that travels with all letters of a template, of an office, or of both; days included."""

    file: str
    title: str
    template: str | None = None
    office: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class WebSettings(Section):
    """The pages."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535)
    session_secret: SecretStr = SecretStr("")
    session_hours: float = Field(10, gt=0)


class Settings(BaseSettings):
    """All settings; relative paths are relative to the current folder."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter=_NESTED
    )
    data_dir: Path = Path("data")
    enclosure_rules: tuple[EnclosureSetting, ...] = ()
    database: DatabaseSettings = DatabaseSettings()
    documents: DocumentSettings = DocumentSettings()
    rendering: RenderingSettings = RenderingSettings()
    templates: TemplateSettings = TemplateSettings()
    run: RunSettings = RunSettings()
    provider: ProviderSettings = ProviderSettings()
    case_file: CaseFileSettings = CaseFileSettings()
    inbound: InboundSettings = InboundSettings()
    originals: OriginalSettings = OriginalSettings()
    uploads: UploadSettings = UploadSettings()
    desk: DeskSettings = DeskSettings()
    canary: CanarySettings = CanarySettings()
    audit: AuditSettings = AuditSettings()
    posting: PostingSettings = PostingSettings()
    sweep: SweepSettings = SweepSettings()
    web: WebSettings = WebSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment beats the file."""
        return env_settings, init_settings

    def path(self, value: str | Path) -> Path:
        """A path from the configuration: `{data_dir}` filled in, absolute."""
        return Path(str(value).replace("{data_dir}", str(self.data_dir))).absolute()

    def database_url(self) -> str:
        """The database address with `{data_dir}` filled in."""
        return self.database.url.get_secret_value().replace("{data_dir}", str(self.data_dir.absolute()))


def load_settings(file: Path | None = None, *, data_dir: Path | None = None) -> Settings:
    """Read the configuration; `data_dir` overrides the folder for rows, documents and files.

    The file is the argument, else `GATEWAY_CONFIG`, else `config.toml` in the current folder; without one the
    defaults hold. Raises `ConfigError` with the key at fault and the nearest known one.
    """
    values = _read(file)
    _refuse_unknown(values, "config.toml")
    _refuse_unknown(_environment_tree(), "environment")
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError("config-invalid", f"Die Einstellung {key} ist ungültig: {first['msg']}.") from None
    return settings.model_copy(update={"data_dir": data_dir}) if data_dir else settings


def _read(file: Path | None) -> dict[str, Any]:
    named = file or (Path(os.environ["GATEWAY_CONFIG"]) if "GATEWAY_CONFIG" in os.environ else None)
    path = named or Path("config.toml")
    if not path.exists():
        if named:
            raise ConfigError("config-missing", f"Die Konfigurationsdatei {path} gibt es nicht.")
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("config-unreadable", f"{path} ist kein gültiges TOML: {error}") from None


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Every key by its dotted name, sections included."""
    for name, field in model.model_fields.items():
        yield prefix + name
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from known_keys(kind, f"{prefix}{name}.")
        if kind is SecretStr:
            yield f"{prefix}{name}_file"


def _refuse_unknown(values: Mapping[str, Any], origin: str, prefix: str = "") -> None:
    known = set(known_keys())
    for name, value in values.items():
        key = prefix + name
        if key not in known:
            nearest = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
            hint = f" Gemeint ist vielleicht „{nearest[0]}“." if nearest else ""
            raise ConfigError("config-unknown-key", f"Unbekannte Einstellung „{key}“ ({origin}).{hint}")
        if isinstance(value, Mapping) and key not in _FREE_TABLES:
            _refuse_unknown(value, origin, f"{key}.")


def _environment_tree() -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in os.environ.items():
        if name.startswith(ENV_PREFIX) and name != "GATEWAY_CONFIG":
            *sections, key = name.removeprefix(ENV_PREFIX).lower().split(_NESTED)
            branch = tree
            for section in sections:
                branch = branch.setdefault(section, {})
            branch[key] = value
    return tree
