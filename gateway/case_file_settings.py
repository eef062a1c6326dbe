"""Settings of case files in document management systems; `gateway.config` puts them together."""

from pydantic import Field, SecretStr

from gateway.provider_settings import Section


class CmisAccount(Section):
    """A repository behind the CMIS 1.1 browser binding; what the names mean stands in `gateway.casefiles.cmis_account`.

    With `token` the requests carry it as bearer, else user and password log in.
    """

    url: str = "https://dms.example/cmis/browser"
    repository: str = ""
    user: str = ""
    password: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    folder: str = "/Akten/{office}/{file_number}"
    log_folder: str = "Verlauf"
    folder_type: str = "cmis:folder"
    document_type: str = "cmis:document"
    log_type: str = "cmis:document"
    secondary_types: tuple[str, ...] = ()
    log_secondary_types: tuple[str, ...] = ()
    item_property: str = "cmis:description"
    log_item_property: str = "cmis:description"
    properties: dict[str, str] = Field(default_factory=dict)
    log_properties: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    connect_timeout_s: float = Field(10, gt=0)
    read_timeout_s: float = Field(60, gt=0)
