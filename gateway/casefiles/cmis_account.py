"""Where a CMIS repository is, who we are there, and which of its types and properties take what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter

from gateway.domain.endpoint import check_address
from gateway.domain.filing.filing_fields import FIELDS
from gateway.errors import ConfigError

IN_A_PATH = frozenset({"file_number", "bg_number", "office"})


@dataclass(frozen=True)
class CmisSettings:
    """Access to one repository by the CMIS 1.1 browser binding.

    `properties` and `log_properties`: canonical field (`gateway.domain.filing.filing_fields`) → property id of the
    document's or the log entry's type, secondary types included. `item_property` and `log_item_property` hold our
    own key; it is what makes filing idempotent, so it is never left out. `constants`: property id → value, the same
    for every document.
    Raises `ConfigError`.
    """

    url: str
    repository: str = ""
    """Empty: the only one there is."""
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    folder: str = "/Akten/{office}/{file_number}"
    log_folder: str = "Verlauf"
    """Below the case's folder; empty: the case's folder itself."""
    folder_type: str = "cmis:folder"
    document_type: str = "cmis:document"
    log_type: str = "cmis:document"
    secondary_types: Sequence[str] = ()
    log_secondary_types: Sequence[str] = ()
    item_property: str = "cmis:description"
    log_item_property: str = "cmis:description"
    properties: Mapping[str, str] = field(default_factory=dict)
    log_properties: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what could never work, before the first letter."""
        check_address("cmis", "[case_file.cmis] url", self.url)
        if self.token and self.user:
            raise ConfigError(
                "cmis-two-logins", "[case_file.cmis] nennt user und token; bitte nur eines davon."
            )
        self._check_folder()
        for field_name in [*self.properties, *self.log_properties]:
            if field_name not in FIELDS:
                raise ConfigError(
                    "cmis-field-unknown",
                    f"[case_file.cmis] ordnet „{field_name}“ zu; bekannt sind: {', '.join(FIELDS)}.",
                )

    def _check_folder(self) -> None:
        names = {name for _, name, _, _ in Formatter().parse(self.folder) if name is not None}
        if not self.folder.startswith("/") or names - IN_A_PATH or "file_number" not in names:
            raise ConfigError(
                "cmis-folder-template",
                "[case_file.cmis] folder muss mit / beginnen und {file_number} enthalten; möglich sind außerdem"
                " {office} und {bg_number}.",
            )
