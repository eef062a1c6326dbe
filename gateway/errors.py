"""The whole error tree.

    GatewayError                    code, exit_code, message: what is wrong, why we refuse, what to do
    ├── ConfigError          3      config.toml or the environment cannot be used
    ├── InputError           4      what was handed in breaks a rule; nothing was changed
    │   ├── DataInvalid             letter data or an import file breaks its schema
    │   ├── AddressInvalid          an address that cannot stand in a window
    │   └── DocumentInvalid         a PDF, manifest or scan that cannot be read or does not match its hash
    ├── NotPermitted         5      role or office does not allow it
    ├── NotFound             6      no such letter, case, user, template
    ├── Conflict             7      the row is no longer in the state that the action needs
    ├── RenderError          8      template, asset, glyph or time limit
    ├── ProviderError        9      what a print provider did or did not do, as a fact
    │   ├── NotSent                 certainly not done: nothing reached the provider; safe to repeat
    │   ├── Refused                 certainly not done: the provider declined; repeating will not help
    │   ├── AlreadyReleased         certainly done before: success
    │   └── OutcomeUnknown          may or may not have been done; ask, never repeat blindly
    ├── CaseFileError        10     the case-file system did not confirm a filing
    │   └── CaseFileUnavailable     at present it confirms none
    └── IntegrityError       11     stored bytes are not what their hash says

A message never carries a citizen's name or address, nor a secret: it goes to logs and screens.
Codes are stable, kebab-case, and shared by pages, logs, API and commands.
"""


class GatewayError(Exception):
    """Base of all errors a user may see; `code` is stable, `message` says what to do."""

    exit_code = 1

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ConfigError(GatewayError):
    """The configuration cannot be used."""

    exit_code = 3


class InputError(GatewayError):
    """What was handed in breaks a rule; nothing was changed."""

    exit_code = 4


class DataInvalid(InputError):
    """Letter data or an import file breaks its schema."""


class AddressInvalid(InputError):
    """An address that cannot stand in a window."""


class DocumentInvalid(InputError):
    """A PDF, manifest or scan that cannot be read or does not match its hash."""


class NotPermitted(GatewayError):
    """Role or office does not allow it."""

    exit_code = 5


class NotFound(GatewayError):
    """No such letter, case, user or template."""

    exit_code = 6


class Conflict(GatewayError):
    """The row is no longer in the state that the action needs."""

    exit_code = 7


class RenderError(GatewayError):
    """A document could not be rendered: template, asset, glyph or time limit."""

    exit_code = 8


class ProviderError(GatewayError):
    """What a print provider did or did not do, as a fact."""

    exit_code = 9


class NotSent(ProviderError):
    """Certainly not done: nothing reached the provider; safe to repeat.

    `retry_after_s` is set where the provider named a waiting time (HTTP 429).
    """

    def __init__(self, code: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s


class Refused(ProviderError):
    """Certainly not done: the provider declined; repeating will not help.

    `piece_key` is set where one piece of several is at fault; the others may go without it.
    """

    def __init__(self, code: str, message: str, *, piece_key: str | None = None) -> None:
        super().__init__(code, message)
        self.piece_key = piece_key


class AlreadyReleased(ProviderError):
    """Certainly done before: success. `provider_reference` names what was accepted then."""

    def __init__(self, code: str, message: str, *, provider_reference: str) -> None:
        super().__init__(code, message)
        self.provider_reference = provider_reference


class OutcomeUnknown(ProviderError):
    """May or may not have been done; ask the provider, never repeat blindly."""


class CaseFileError(GatewayError):
    """The case-file system did not confirm a filing; it is tried again."""

    exit_code = 10


class CaseFileUnavailable(CaseFileError):
    """The case-file system as a whole is away, refuses us, or is set up wrongly: no other entry would fare better."""


class IntegrityError(GatewayError):
    """Stored bytes are not what their hash says."""

    exit_code = 11
