"""The daily check of all tokens and of the API version, which warns while a person can still act (B9, B11)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import anyio.to_thread
from pydantic import SecretStr

from sophia.config import Settings
from sophia.database.engine import Database
from sophia.meta.client import GraphClient
from sophia.meta.tokens import TokenFacts, debug_tokens
from sophia.meta.versions import version_warning
from sophia.portfolio.connecting import CANNOT_CHECK, app_of, with_pages
from sophia.portfolio.scopes import missing
from sophia.portfolio.service import AccountInfo, accounts_with_tokens, record_facts
from sophia.vault import Vault


@dataclass(frozen=True, slots=True)
class TokenWarning:
    """Something that a person should do before data stops. `account` is None for the installation as a whole."""

    code: str  # unchecked, version, invalid, permissions, ends, data_access_ends
    message: str
    account_id: int | None = None
    account: str | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """The number of checked accounts and the warnings."""

    checked: int
    warnings: tuple[TokenWarning, ...]


async def check_tokens(
    database: Database, vault: Vault, client: GraphClient, settings: Settings, clock: Callable[[], datetime]
) -> TokenCheck:
    """Ask Meta about every token, store the answers, and return what a person should do.

    Raises GraphError when Meta cannot be asked, ConfigurationError when the stored tokens cannot be decrypted.
    """
    now, warnings = clock(), list[TokenWarning]()
    if (sunset := version_warning(settings.graph_api_version, now.astimezone(UTC).date())) is not None:
        warnings.append(TokenWarning("version", sunset))
    app = app_of(settings)
    if app is None:
        return TokenCheck(0, (*warnings, TokenWarning("unchecked", CANNOT_CHECK)))
    holders = await anyio.to_thread.run_sync(_by_token, database, vault)
    facts = await debug_tokens(client, app, [SecretStr(token) for token in holders])
    await anyio.to_thread.run_sync(_record, database, list(zip(holders.values(), facts, strict=True)), now)
    soon = timedelta(days=settings.token_warning_days)
    for accounts, fact in zip(holders.values(), facts, strict=True):
        warnings += [warning for account in accounts for warning in judge(account, fact, now, soon)]
    return TokenCheck(sum(len(accounts) for accounts in holders.values()), tuple(warnings))


def _by_token(database: Database, vault: Vault) -> dict[str, list[AccountInfo]]:
    """Return {token: its accounts}. A Page and its Instagram account share a token, which is checked once."""
    holders: dict[str, list[AccountInfo]] = {}
    with database.read() as session:
        for account, token in accounts_with_tokens(session, vault):
            holders.setdefault(token.get_secret_value(), []).append(account)
    return holders


def _record(database: Database, checked: list[tuple[list[AccountInfo], TokenFacts]], now: datetime) -> None:
    with database.write() as session:
        for accounts, facts in checked:
            record_facts(session, [account.id for account in accounts], facts, now)


def judge(account: AccountInfo, facts: TokenFacts, now: datetime, soon: timedelta) -> list[TokenWarning]:
    """Return the warnings about an account's token. `soon` is how long before its end warnings begin."""

    def warning(code: str, message: str, ends_at: datetime | None = None) -> TokenWarning:
        return TokenWarning(code, f"{account.label}: {message}", account.id, account.name, ends_at)

    if not facts.is_valid:
        return [warning("invalid", f"Connect it again: sophia connect ({facts.problem or 'the token ended'})")]
    token_warnings: list[TokenWarning] = []
    if missing_scopes := missing(account.platform, with_pages(facts.scopes)):
        token_warnings.append(
            warning("permissions", f"{' '.join(missing_scopes)} Connect it again and allow this: sophia connect")
        )
    for code, subject, end in (
        ("ends", "its token", facts.expires_at),
        ("data_access_ends", "the access to its data", facts.data_access_expires_at),
    ):
        if end is not None and end - now <= soon:
            when = f"ended on {end.date()}" if end <= now else f"ends on {end.date()}"
            token_warnings.append(warning(code, f"{subject} {when}. Connect it again: sophia connect", end))
    return token_warnings
