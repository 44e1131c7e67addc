"""`sophia key`: API keys with their roles, and the key that encrypts the stored tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.installation import Installation, open_installation
from sophia.cli.output import confirm, echo
from sophia.cli.tables import AsJson, local_time, show_json, show_table

if TYPE_CHECKING:
    from sophia.access.roles import Role

ROLES = ("read", "write", "publish", "admin")
ROLES_EXPLAINED = (
    "read: only read. write: also write conversions, costs, goals, annotations, campaigns and drafts. publish: also "
    "approve and publish drafts. admin: also set a client's industry and, without --client, portfolio settings."
)
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help=f"One of {', '.join(ROLES)}.")]

keys = typer.Typer(help="Manage API keys, and the key that encrypts the stored tokens.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key in a list. `clients` are names, or None when the key sees every client."""

    name: str
    begins_with: str
    role: str
    clients: list[str] | None
    created_at: datetime
    revoked_at: datetime | None


@keys.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person or program that uses the key.")],
    client: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME_OR_ID", help="A client that the key sees. Can be repeated. Default: all."),
    ] = None,
    role: Annotated[
        str, typer.Option(metavar="ROLE", help=f"The key's role. {ROLES_EXPLAINED}", show_default=True)
    ] = ROLES[0],
    as_json: AsJson = False,
) -> None:
    """Create an API key and show it once. The key can only read unless --role allows more."""
    from sophia.access.keys import create_key
    from sophia.portfolio.service import find_client

    chosen_role = parse_role(role)
    installation = open_installation()
    with installation.database.write() as session:
        clients = None if client is None else [find_client(session, name_or_id) for name_or_id in client]
        ids = None if clients is None else [row.id for row in clients]
        names = None if clients is None else [row.name for row in clients]
        key = create_key(session, name, ids, installation.clock(), role=chosen_role)
    if as_json:
        show_json({"name": name, "key": key, "role": chosen_role.value, "clients": names})
        return
    echo(key)
    sees = "every client" if names is None else ", ".join(names)
    echo(f"Its role is {chosen_role}. It sees {sees}. It cannot be shown again.", err=True)


def parse_role(text: str) -> "Role":
    """Raise BadParameter for an unknown role."""
    from sophia.access.roles import Role

    try:
        return Role(text.strip().lower())
    except ValueError:
        raise typer.BadParameter(f"There is no role {text!r}. Use one of {', '.join(ROLES)}") from None


@keys.command("list")
def list_(as_json: AsJson = False) -> None:
    """List keys by name. The keys themselves are never shown."""
    from sophia.access.keys import list_keys
    from sophia.portfolio.service import list_clients

    installation = open_installation()
    zone = installation.settings.operator_zone
    with installation.database.read() as session:
        names = {client.id: client.name for client in list_clients(session)}
        key_infos = [
            KeyInfo(
                row.name,
                f"sophia_{row.prefix}",
                row.role,
                sorted(names[link.client_id] for link in row.clients) if row.limited else None,
                row.created_at,
                row.revoked_at,
            )
            for row in list_keys(session)
        ]
    if as_json:
        show_json({"keys": key_infos})
        return
    rows = [
        {
            "name": key_info.name,
            "begins with": key_info.begins_with,
            "role": key_info.role,
            "sees": "every client" if key_info.clients is None else ", ".join(key_info.clients) or "no client",
            "created": local_time(key_info.created_at, zone),
            "revoked": local_time(key_info.revoked_at, zone) if key_info.revoked_at else "no",
        }
        for key_info in key_infos
    ]
    show_table(rows, empty="There is no key yet. Create one with: sophia key create NAME")


@keys.command("role")
def change(name: Annotated[str, typer.Argument(metavar="NAME", help="The key's name.")], role: RoleName) -> None:
    """Change a key's role, starting with its next request."""
    from sophia.access.keys import change_role

    chosen_role = parse_role(role)
    installation = open_installation()
    with installation.database.write() as session:
        previous = change_role(session, name, chosen_role)
    echo(f"The key {name} has the role {chosen_role} now. Its previous role was {previous}.")


@keys.command()
def revoke(name: Annotated[str, typer.Argument(metavar="NAME", help="The key's name.")]) -> None:
    """Revoke a key."""
    from sophia.access.keys import revoke_key

    installation = open_installation()
    with installation.database.write() as session:
        revoke_key(session, name, installation.clock())
    echo(f"The key {name} is revoked.")


@keys.command()
def encryption() -> None:
    """Print a new key for SOPHIA_ENCRYPTION_KEY. Put it before the old key with a comma between them, then: key rotate."""
    from cryptography.fernet import Fernet

    echo(Fernet.generate_key().decode())


@keys.command()
def rotate(
    lost: Annotated[
        bool,
        typer.Option(
            "--lost", help="The old key is lost: delete all stored tokens, because they can no longer be decrypted."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Encrypt all stored tokens with a new key, and delete the old key.

    Running programs continue. If the key is in SOPHIA_ENCRYPTION_KEY, the command prints the new value for you to set.
    """
    from sophia.portfolio.service import rotate_keys

    installation = open_installation()
    if lost:
        forget(installation, yes=yes)
        return
    if installation.vault.path is None:
        rotate_setting(installation)
        return
    count = rotate_keys(installation.database, installation.vault)
    echo(f"{count} tokens are encrypted with a new key, in {installation.vault.path}. Keep a copy of it.")


def rotate_setting(installation: Installation) -> None:
    """Do the next of two steps: print the new setting, or encrypt with the new key once the setting has both keys."""
    from sophia.portfolio.service import expect_keys, lock_keys, reencrypt_tokens

    vault = installation.vault
    if vault.key_count == 1:
        from cryptography.fernet import Fernet

        with installation.database.read() as session:
            expect_keys(session, vault)
        old = installation.settings.encryption_key
        echo(f"{Fernet.generate_key().decode()},{old.get_secret_value().strip(' ,') if old else ''}")
        echo(
            "Set SOPHIA_ENCRYPTION_KEY to this value wherever Sophia runs, restart running programs, then run again: "
            "sophia key rotate",
            err=True,
        )
        return
    with installation.database.write() as session:
        lock_keys(session)
        count = reencrypt_tokens(session, vault)
    echo(
        f"{count} tokens are encrypted with the newest key. In SOPHIA_ENCRYPTION_KEY, delete the first comma and "
        "everything after it."
    )


def forget(installation: Installation, *, yes: bool) -> None:
    from sophia.portfolio.service import forget_tokens

    if not yes:
        confirm("Delete the tokens of all accounts? Every account must be connected again.", abort=True)
    with installation.database.write() as session:
        count = forget_tokens(session)
    echo(f"{count} tokens are deleted. Next, connect the accounts again: sophia connect")
