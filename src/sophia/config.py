"""Settings: every SOPHIA_ variable with its type and meaning. Nothing is read before Settings() is called."""

import os
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from sophia.errors import ConfigurationError

GraphVersion = Literal["v22.0", "v23.0", "v24.0", "v25.0", "v26.0", "v27.0"]


@cache
def all_zones() -> frozenset[str]:
    """Return all zones; cached, because the zone database is a tree of files."""
    return frozenset(available_timezones())


def known_zone(name: str) -> str:
    """Refuse a zone that is not in the zone database; "EST5" and "" would otherwise fail at the first job."""
    if name not in all_zones() or ("/" not in name and name != "UTC"):
        raise ValueError(f"{name!r} is not a time zone; use a name such as America/Toronto, Europe/Berlin or UTC")
    return name


ZoneName = Annotated[str, AfterValidator(known_zone)]
MetaId = Annotated[str, Field(pattern=r"^[0-9]{1,30}$")]


def safe_base_url(address: str) -> str:
    """Refuse an address to which no token may be sent. The message omits the address, which may contain a password."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        _ = parts.port  # raises for an invalid port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or not address.isprintable() or " " in address:
        raise ValueError("an address begins with https:// and names a host, such as https://graph.facebook.com")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("an address has neither a user nor a question mark nor a hash sign")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("plain http is for this machine only; over a network, others could read the tokens")
    return address


def safe_database_url(url: SecretStr | None) -> SecretStr | None:
    """Refuse an address whose password has a bare @: the text after it would count, and be shown, as the host."""
    scheme, _, rest = ("" if url is None else url.get_secret_value()).partition("://")
    if scheme.startswith("postgres") and rest.count("@") > 1:
        raise ValueError(
            "an address has one @, between the password and the host; write any other @ as %40, and encode : / ? # % in a "
            "user or password likewise"
        )
    return url


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


BaseUrl = Annotated[str, AfterValidator(safe_base_url)]
DatabaseUrl = Annotated[SecretStr | None, AfterValidator(safe_database_url)]


class Settings(BaseSettings):
    """The settings from the environment and from a file .env in the current folder; the environment wins."""

    model_config = SettingsConfigDict(env_prefix="SOPHIA_", env_file=".env", extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(default=Path("data"), description="Folder of the SQLite database and of the key file.")
    # A secret, because it may hold a password.
    database_url: DatabaseUrl = Field(
        default=None,
        description="The database of the store: sqlite:///file.db or postgresql://user:password@host/name. "
        "Default: sophia.db in the data folder.",
    )
    encryption_key: SecretStr | None = Field(
        default=None,
        description="Key for platform tokens at rest (several, comma-separated, newest first, while rotating). "
        "Default: the file key in the data folder, created on first use.",
    )

    graph_base_url: BaseUrl = Field(
        default="https://graph.facebook.com",
        description="Address of Meta's Graph API. Plain http is for this machine only.",
    )
    graph_upload_url: BaseUrl = Field(
        default="https://rupload.facebook.com", description="Address to which videos of reels are uploaded."
    )
    graph_api_version: GraphVersion = Field(default="v27.0", description="The Graph API version that is called.")
    facebook_app_id: MetaId | None = Field(
        default=None, description="Your Meta app; needed to check and extend tokens."
    )
    facebook_app_secret: SecretStr | None = Field(
        default=None, description="Secret of the app; signs every call when set."
    )

    facebook_login_config_id: MetaId | None = Field(
        default=None,
        description="Configuration of Facebook Login for Business, with which operators connect accounts on the pages.",
    )
    facebook_login_url: BaseUrl = Field(
        default="https://www.facebook.com", description="Address of Meta's login dialog."
    )

    facebook_access_token: SecretStr | None = Field(default=None, description="Connects one Page without a prompt.")
    facebook_page_id: MetaId | None = Field(default=None, description="The Page of facebook_access_token.")
    instagram_access_token: SecretStr | None = Field(
        default=None, description="Connects one Instagram account without a prompt."
    )
    instagram_business_account_id: MetaId | None = Field(
        default=None, description="The Instagram account of instagram_access_token."
    )

    operator_timezone: ZoneName = Field(
        default="UTC",
        description="Zone of daily and weekly jobs and of displayed times; never the zone of a reading.",
    )
    daily_hour: int = Field(default=6, ge=0, le=23, description="Hour of the daily collection in operator_timezone.")
    initial_days: int = Field(default=90, ge=1, le=730, description="Days of history that a first collection reads.")
    restatement_days: int = Field(
        default=3, ge=1, le=28, description="Latest days read again by every run; Meta restates about 48 hours."
    )
    concurrency: int = Field(default=20, ge=1, le=200, description="Accounts collected at the same time.")
    request_timeout_seconds: float = Field(
        default=30.0, gt=0, le=300, description="Longest wait for the next bytes of Meta's answer."
    )
    answer_timeout_seconds: float = Field(
        default=120.0, gt=0, le=3600, description="Longest time for a complete answer of Meta."
    )
    run_minutes: float = Field(
        default=60.0, gt=0, le=1440, description="Longest time for the run of an account; the next run continues."
    )
    ask_also: frozenset[str] = Field(
        default=frozenset(),
        description="Metrics to collect that the catalogue marks *on request*, as a JSON list: "
        '["content_monetization_earnings"].',
    )
    token_warning_days: int = Field(default=14, ge=1, le=60, description="Warn this long before a token ends.")
    raw_answer_days: int = Field(
        default=7,
        ge=0,
        le=90,
        description="Days for which Meta's raw answers are stored for recomputing; 0 stores none.",
    )
    collect_comments: bool = Field(
        default=True, description="Collects comments once a day, without the names of their authors."
    )
    comment_days: int = Field(
        default=365, ge=30, le=3650, description="Days for which comments are stored after they were written."
    )
    link_check_loopback: bool = Field(
        default=False, description="Lets link checks follow links to this machine. For tests only."
    )

    picture_megabytes: int = Field(
        default=500,
        ge=0,
        le=1_000_000,
        description="Space for small copies of the pictures of posts; the oldest are removed. 0 fetches none.",
    )
    picture_loopback: bool = Field(
        default=False, description="Lets pictures come from this machine. For the demo and for tests only."
    )

    two_person_approval: bool = Field(
        default=False,
        description="Requires that different keys or people approve and queue a draft; otherwise it is not sent.",
    )

    host: str = Field(default="127.0.0.1", description="Address that `sophia serve` listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that `sophia serve` listens on; 0 picks one.")
    path_prefix: str = Field(
        default="",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Path prefix that a proxy removes, such as /sophia; links to next pages start with it.",
    )
    watchdog_seconds: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        description="`sophia serve` ends with an error when its event loop is blocked this long, so that a supervisor "
        "restarts it; 0 never ends it.",
    )
    requests_per_minute: int = Field(default=600, ge=1, description="API requests that one key may make a minute.")
    assistant_key: SecretStr | None = Field(
        default=None,
        description="API key with which `sophia mcp` reads, so that an assistant sees the clients of that key. "
        "Default: it sees every client.",
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines are written.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")

    @property
    def resolved_database_url(self) -> str:
        """Return the address of the store, with its password if it has one."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'sophia.db'}"

    @property
    def secrets(self) -> list[SecretStr]:
        """Return every value that must not be shown: all secrets, each encryption key and the database password."""
        values = [value for _, value in self if isinstance(value, SecretStr) and value is not self.database_url]
        if self.encryption_key is not None:
            values += [SecretStr(key.strip()) for key in self.encryption_key.get_secret_value().split(",")]
        if self.database_url is not None:
            with suppress(ValueError):
                values.append(SecretStr(urlsplit(self.database_url.get_secret_value()).password or ""))
        return values

    @property
    def operator_zone(self) -> ZoneInfo:
        return ZoneInfo(self.operator_timezone)


class IsolatedSettings(Settings):
    """Settings of the arguments and defaults only, without the environment and .env: for the demo."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def unknown_variables(names: Iterable[str] | None = None) -> dict[str, str | None]:
    """Return {unknown SOPHIA_ variable: the most similar setting or None}, to report misspelt variables.

    `names` defaults to the variables of the environment and of the file .env. SOPHIA_TEST_ variables are ignored.
    """
    if names is None:
        names = {*os.environ, *DotEnvSettingsSource(Settings).env_vars}
    variables = [f"SOPHIA_{name.upper()}" for name in Settings.model_fields]
    unknown = [name for name in sorted(map(str.upper, names)) if name.startswith("SOPHIA_") and name not in variables]
    return {
        name: next(iter(get_close_matches(name, variables, 1, cutoff=0.75)), None)
        for name in unknown
        if not name.startswith("SOPHIA_TEST_")
    }


def load_settings() -> Settings:
    """Return the settings of this machine. Raises ConfigurationError with the names of wrong variables, never their values."""
    try:
        return Settings()
    except (SettingsError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The settings cannot be read: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        lines = [f"SOPHIA_{'.'.join(str(p) for p in e['loc']).upper()}: {e['msg']}" for e in error.errors()]
        raise ConfigurationError("; ".join(lines)) from None
