"""The only composition root: settings → engine, documents, renderer, providers, case file → `Services`."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from gateway import evidence_check
from gateway.application.filing.recalling import RecallingBlobs
from gateway.application.runs.connecting import require_connected, require_trial
from gateway.application.services import Services
from gateway.blobs.anchor_file import AnchorFile
from gateway.blobs.folder import FolderBlobs
from gateway.case_file_settings import CmisAccount
from gateway.casefiles.cmis import CmisCaseFile
from gateway.casefiles.cmis_account import CmisSettings
from gateway.casefiles.folder import FolderCaseFile
from gateway.config import (
    DatabaseSettings,
    EpostAccount,
    ProviderSettings,
    Settings,
)
from gateway.db.engine import Database
from gateway.db.locks import locks_for
from gateway.db.postgres import PostgresOptions
from gateway.domain.letters.enclosures import EnclosureRule
from gateway.domain.pieces.routing import Route, Routing
from gateway.domain.runs.by_hand import BY_HAND
from gateway.domain.runs.calendar import RunSchedule
from gateway.durable import write_durably
from gateway.errors import ConfigError
from gateway.facts import (
    is_holiday_nrw,
    load_carriers,
    load_countries,
    load_notification_rules,
    load_original_terms,
    load_places,
    load_postage_table,
    load_retention_rules,
    load_return_rules,
    work_calendar,
)
from gateway.plugins import case_file_plugin, provider_plugin
from gateway.ports.casefile import CaseFile
from gateway.ports.clock import Clock
from gateway.ports.provider import Provider
from gateway.provider_settings import FolderHouse, PingenAccount, PrintHouseSettings, Section, SftpAccount
from gateway.providers.by_hand import ByHandProvider
from gateway.providers.epost import EpostProvider
from gateway.providers.epost_account import EpostSettings
from gateway.providers.folder import FolderProvider
from gateway.providers.pingen import PingenProvider
from gateway.providers.pingen_account import PingenSettings
from gateway.providers.print_house import HouseRules
from gateway.providers.print_package import Packing
from gateway.providers.print_sealing import seal_for, signer_certificate
from gateway.providers.profiles import load_profile
from gateway.providers.sftp import SftpProvider, SftpSettings
from gateway.rendering.account import account_pdf
from gateway.rendering.evidence import cover_pdf
from gateway.rendering.fonts import FontMetrics, default_fonts_dir
from gateway.rendering.local import LocalRenderer, questions_at_once
from gateway.rendering.proof import proof_pdf
from gateway.scan_eyes import scan_reader
from gateway.scan_wiring import scan_sites
from gateway.tables.files import FileTables

T = TypeVar("T")


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)


class AddressType:
    """The letter font at the size of the address (10 pt; six lines are set smaller, so this errs on the safe side)."""

    SIZE_PT = 10.0

    def __init__(self, font: FontMetrics) -> None:
        self._font = font

    def width_mm(self, text: str) -> float:
        """Width of an address line."""
        return self._font.width_mm(text, self.SIZE_PT)

    def missing_glyphs(self, text: str) -> str:
        """Characters that the font cannot show."""
        return self._font.missing(text)


@contextmanager
def gateway(settings: Settings, *, clock: Clock | None = None) -> Iterator[Services]:
    """Services for as long as the block lasts; worker processes and connections end with it."""
    services = build(settings, clock=clock)
    try:
        yield services
    finally:
        close(services)


def build(settings: Settings, *, clock: Clock | None = None) -> Services:
    """Everything wired, the schema brought up to date. Whoever builds also calls `close`."""
    clock = clock or SystemClock()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url(), _postgres(settings.database))
    database.migrate()
    require_connected(database, [*settings.provider.connected(), BY_HAND])
    fonts_dir = default_fonts_dir()
    require_trial(providers := _providers(settings), settings.canary.providers)
    casefile = _case_file(settings)
    scans, read_window = scan_reader(settings.rendering.workers, settings.rendering.max_worker_mb)
    return Services(
        db=database,
        blobs=RecallingBlobs(FolderBlobs(settings.path(settings.documents.dir)), database, casefile),
        renderer=LocalRenderer(
            settings.path(settings.rendering.templates_dir),
            fonts_dir=fonts_dir,
            versions_dir=settings.data_dir.absolute() / "template-versions",
            workers=settings.rendering.workers,
            timeout_s=settings.rendering.timeout_s,
            max_worker_mb=settings.rendering.max_worker_mb,
            letters_per_worker=settings.rendering.letters_per_worker,
        ),
        providers=providers,
        routing=routing(settings.provider),
        casefile=casefile,
        scans=scans,
        tables=FileTables(),
        clock=clock,
        locks=locks_for(database, settings.data_dir / "locks"),
        text=AddressType(FontMetrics(fonts_dir)),
        schedule=schedule(settings, clock.now().year),
        notification=load_notification_rules(),
        is_holiday=is_holiday_nrw,
        postage=load_postage_table(),
        retention=load_retention_rules(),
        originals=settings.originals.rules(load_original_terms),
        anchors=AnchorFile(settings.path(settings.audit.anchors)),
        countries=load_countries(),
        places=load_places(),
        random_bits=secrets.randbits,
        parallel=questions_at_once(settings.rendering.workers),
        duplex=settings.run.duplex,
        bundling=settings.run.bundling,
        proof_pdf=proof_pdf,
        evidence_cover=cover_pdf,
        evidence_checker=Path(evidence_check.__file__).read_bytes(),
        account_pdf=account_pdf,
        receipts_dir=_folder(settings, settings.inbound.receipts_dir),
        scan_spool=_folder(settings, "{data_dir}/scan-spool"),
        quarantine_dir=_folder(settings, settings.inbound.quarantine_dir),
        scan_sites=scan_sites(settings.inbound, lambda configured: _folder(settings, configured)),
        scan_sources={name: each.rules(name, settings.path) for name, each in settings.inbound.sources.items()},
        enclosure_rules=tuple(
            EnclosureRule(**{**dict(rule), "file": str(settings.path(rule.file))})
            for rule in settings.enclosure_rules
        ),
        template_four_eyes=settings.templates.four_eyes,
        uploads_dir=_folder(settings, settings.uploads.watch_dir) if settings.uploads.watch_dir else None,
        desk=settings.desk.rules(),
        canary=settings.canary.rules(),
        posting=settings.posting.rules(),
        carriers=load_carriers(
            settings.path(settings.posting.carriers_file) if settings.posting.carriers_file else None
        ),
        sweep=settings.sweep.rules(),
        returns=load_return_rules(),
        read_window=read_window,
    )


def _providers(settings: Settings) -> dict[str, Provider]:
    """Every provider that the configuration names, built in or from another package."""
    chosen = settings.provider
    built_in: dict[str, Callable[[], Provider]] = {
        "epost": lambda: _epost(chosen.epost),
        "pingen": lambda: _pingen(settings, chosen.pingen),
        "sftp": lambda: _sftp(settings, chosen.sftp),
        "folder": lambda: _print_room(settings, chosen.folder),
    }
    providers = {
        name: provider_plugin(name, chosen.plugin[name], built_in=built_in)
        if name in chosen.plugin
        else _known("provider", name, built_in)()
        for name in chosen.connected()
        if name != BY_HAND
    }
    profile = providers[chosen.name].profile if chosen.name in providers else load_profile("sftp")
    return {**providers, BY_HAND: ByHandProvider(profile)}


def _case_file(settings: Settings) -> CaseFile:
    chosen = settings.case_file
    built_in: dict[str, Callable[[], CaseFile]] = {
        "cmis": lambda: _cmis(chosen.cmis),
        "folder": lambda: FolderCaseFile(_folder(settings, chosen.dir)),
    }
    if chosen.name in chosen.plugin:
        return case_file_plugin(chosen.name, chosen.plugin[chosen.name], built_in=built_in)
    return _known("case_file", chosen.name, built_in)()


def _cmis(account: CmisAccount) -> CmisCaseFile:
    secrets_shown = {name: getattr(account, name).get_secret_value() for name in ("password", "token")}
    return CmisCaseFile(CmisSettings(**(dict(account) | secrets_shown)))


def _known(section: str, name: str, built_in: Mapping[str, Callable[[], T]]) -> Callable[[], T]:
    if name not in built_in:
        raise ConfigError(
            "config-invalid",
            f"[{section}] nennt „{name}“; eingebaut sind: {', '.join(sorted(built_in))}. "
            f"Ein Erweiterungspaket braucht den Abschnitt [{section}.plugin.{name}].",
        )
    return built_in[name]


def routing(chosen: ProviderSettings) -> Routing:
    """Who takes which letters, as the configuration says."""
    routes = [Route(**dict(route)) for route in chosen.routes]
    return Routing(chosen.name, routes, dict(chosen.daily_capacity))


def close(services: Services) -> None:
    """End worker processes and connections."""
    services.renderer.close()
    services.scans.close()
    for provider in services.providers.values():
        provider.close()
    services.locks.close()
    services.db.close()


def _postgres(database: DatabaseSettings) -> PostgresOptions:
    others = database.model_dump(exclude={"url", "password"})
    return PostgresOptions(password=database.password.get_secret_value(), **others)


def _folder(settings: Settings, configured: str) -> Path:
    """Made where it lies in our own data folder; anywhere else it must exist, it may be a share not yet mounted."""
    folder = settings.path(configured)
    if folder.is_relative_to(settings.data_dir.absolute()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def schedule(settings: Settings, year: int) -> RunSchedule:
    """When runs happen; holidays are known for some years around `year`."""
    return RunSchedule(
        zone=ZoneInfo(settings.run.time_zone),
        cut_off=settings.run.cut_off,
        run_time=settings.run.start,
        calendar=work_calendar(settings.run.closed(), range(year - 3, year + 20)),
    )


def session_secret(settings: Settings) -> str:
    """The secret that signs sessions: from the configuration, else made once and kept in the data folder."""
    configured = settings.web.session_secret.get_secret_value()
    return configured or _kept_secret(settings.data_dir / "session-secret")


def _kept_secret(file: Path) -> str:
    if not file.exists():
        write_durably(file, secrets.token_urlsafe(48).encode())
    return file.read_text(encoding="ascii")


def _same(account: Section, kind: type[Any]) -> dict[str, Any]:
    """What the account and the adapter's settings call alike; secrets and spans of time are said apart."""
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in account if name in names and not isinstance(value, SecretStr)}


def _epost(account: EpostAccount) -> EpostProvider:
    settings = EpostSettings(
        **_same(account, EpostSettings),
        secret=account.secret.get_secret_value(),
        password=account.password.get_secret_value(),
        settle_time=timedelta(seconds=account.settle_time_s),
        min_poll_interval=timedelta(seconds=account.min_poll_interval_s),
    )
    return EpostProvider(settings, load_profile("epost"))


def _pingen(settings: Settings, account: PingenAccount) -> PingenProvider:
    interface = PingenSettings(
        **_same(account, PingenSettings),
        client_secret=account.client_secret.get_secret_value(),
        webhook_secrets=account.webhook_secrets(),
        key_lifetime=timedelta(seconds=account.key_lifetime_s),
        validation_wait=timedelta(seconds=account.validation_wait_s),
        min_poll_interval=timedelta(seconds=account.min_poll_interval_s),
        cursor_file=_folder(settings, "{data_dir}/providers") / "pingen-events.json",
    )
    return PingenProvider(interface, load_profile("pingen"))


def _sftp(settings: Settings, account: SftpAccount) -> SftpProvider:
    if not account.user or not account.host_keys:
        text = "[provider.sftp] braucht user und host_keys; der Schlüssel des Servers wird nie ungeprüft angenommen."
        raise ConfigError("config-invalid", text)
    told = _same(account, SftpSettings) | {
        "key_file": settings.path(account.key_file) if account.key_file else None,
        "passphrase": account.passphrase.get_secret_value(),
        "password": account.password.get_secret_value(),
    }
    wire = SftpSettings(**told)
    return SftpProvider(
        wire, _packing(settings, account), _house_rules(settings, account), load_profile("sftp")
    )


def _print_room(settings: Settings, house: FolderHouse) -> FolderProvider:
    root = _folder(settings, house.dir)
    for name in (house.staging, house.inbox, house.outbox):
        _folder(settings, f"{root}/{name}")
    return FolderProvider(root, _packing(settings, house), _house_rules(settings, house), load_profile("sftp"))


def _packing(settings: Settings, house: PrintHouseSettings) -> Packing:
    return Packing(
        packaging=house.packaging,
        manifest=house.manifest,
        services=frozenset(house.services),
        seal=seal_for(settings.path(house.seal_for)) if house.seal_for else None,
    )


def _house_rules(settings: Settings, house: PrintHouseSettings) -> HouseRules:
    return HouseRules(
        **_same(house, HouseRules),
        min_poll_interval=timedelta(seconds=house.min_poll_interval_s),
        acknowledge_within=timedelta(hours=house.acknowledge_within_h),
        read_again=timedelta(days=house.read_again_days),
        list_signers=tuple(signer_certificate(settings.path(name)) for name in house.list_signed_by),
    )
