"""`sophia key`: keys for the API and their roles, and the key that encrypts tokens at rest."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.opening import Installation, open_installation
from sophia.cli.output import confirm, echo
from sophia.cli.tables import AsJson, local, show_json, show_table

if TYPE_CHECKING:
    from sophia.access.roles import Role

ROLES = ("read", "write", "publish", "admin")
ROLES_EXPLAINED = (
    "read: answers only. write: also conversions, costs, goals, annotations, campaigns and drafts. publish: also approve "
    "drafts and send them. admin: also a client's industry and, without --client, what concerns the whole portfolio."
)
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help=f"One of {', '.join(ROLES)}.")]

keys = typer.Typer(help="Keys for the API, and the key that tokens are encrypted with.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as it is shown. `clients` are names; None when the key sees every client."""

    name: str
    begins_with: str
    role: str
    clients: list[str] | None
    created_at: datetime
    revoked_at: datetime | None


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Who or what will use it.")],
    client: Annotated[
        list[str] | None, typer.Option(metavar="NAME_OR_ID", help="May be given several times; without it: all.")
    ] = None,
    role: Annotated[
        str, typer.Option(metavar="ROLE", help=f"What it may do. {ROLES_EXPLAINED}", show_default=True)
    ] = ROLES[0],
    as_json: AsJson = False,
) -> None:
    """Make a key for the API and show it, for the only time. It can only read, unless --role says otherwise."""
    chosen = parse_role(role)
    installation = open_installation()
    from sophia.access.keys import create_key, list_keys  # noqa: PLC0415
    from sophia.errors import ConflictError, InvalidInputError  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    if not name.strip() or len(name) > 100:  # noqa: PLR2004 - as wide as the column
        raise InvalidInputError("A key's name has 1 to 100 characters.")
    with installation.database.write() as session:
        if name in {row.name for row in list_keys(session)}:
            raise ConflictError(
                f"There is a key named {name!r} already. Names are not used twice, even after revoking."
            )
        found = None if client is None else [find_client(session, one) for one in client]
        ids = None if found is None else [one.id for one in found]
        names = None if found is None else [one.name for one in found]
        key = create_key(session, name, ids, installation.clock(), role=chosen)
    if as_json:
        show_json({"name": name, "key": key, "role": chosen.value, "clients": names})
        return
    echo(key)
    sees = "every client" if names is None else ", ".join(names)
    echo(f"Its role is {chosen}. It sees {sees}. It is not shown again.", err=True)


def parse_role(text: str) -> "Role":
    """Raises BadParameter for a role that does not exist."""
    from sophia.access.roles import Role  # noqa: PLC0415

    try:
        return Role(text.strip().lower())
    except ValueError:
        raise typer.BadParameter(f"there is no role {text!r}; use one of {', '.join(ROLES)}") from None


@keys.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the keys that were made; never the keys themselves."""
    installation = open_installation()
    from sophia.access.keys import list_keys  # noqa: PLC0415
    from sophia.portfolio.service import list_clients  # noqa: PLC0415

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
            "made": local(key_info.created_at, zone),
            "revoked": local(key_info.revoked_at, zone) if key_info.revoked_at else "no",
        }
        for key_info in key_infos
    ]
    show_table(rows, empty="There is no key yet. Make one with: sophia key create NAME")


@keys.command("role")
def change(name: Annotated[str, typer.Argument(help="The key's name.")], role: RoleName) -> None:
    """Give a key another role. It counts from the key's next request."""
    chosen = parse_role(role)
    installation = open_installation()
    from sophia.access.keys import change_role  # noqa: PLC0415

    with installation.database.write() as session:
        previous = change_role(session, name, chosen)
    echo(f"The key {name} has the role {chosen} now; before, it had {previous}.")


@keys.command()
def revoke(name: str) -> None:
    """Let a key open nothing any more."""
    installation = open_installation()
    from sophia.access.keys import revoke_key  # noqa: PLC0415

    with installation.database.write() as session:
        revoke_key(session, name, installation.clock())
    echo(f"The key {name} opens nothing any more.")


@keys.command()
def encryption() -> None:
    """Print a new key for SOPHIA_ENCRYPTION_KEY. Put it before the old one, separated by a comma, then: key rotate."""
    from cryptography.fernet import Fernet  # noqa: PLC0415

    echo(Fernet.generate_key().decode())


@keys.command()
def rotate(
    lost: Annotated[
        bool, typer.Option("--lost", help="The old key is lost: take away all tokens, which nobody can read any more.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Encrypt all stored tokens with a new key, and drop the old one.

    The key file is changed as a whole, and programs that run go on. A key in SOPHIA_ENCRYPTION_KEY is yours to change:
    this prints what to set.
    """
    installation = open_installation()
    if lost:
        forget(installation, yes=yes)
        return
    from sophia.portfolio.service import rotate_keys  # noqa: PLC0415

    if installation.vault.path is None:
        rotate_setting(installation)
        return
    count = rotate_keys(installation.database, installation.vault)
    echo(f"{count} tokens are encrypted with a new key, in {installation.vault.path}. Keep a copy of it.")


def rotate_setting(installation: Installation) -> None:
    """The next of two steps: print what to set, or, with the new key before the old one, encrypt with the new one."""
    from sophia.portfolio.service import expect_keys, lock_keys, reencrypt_tokens  # noqa: PLC0415

    vault = installation.vault
    if vault.key_count == 1:
        from cryptography.fernet import Fernet  # noqa: PLC0415

        with installation.database.read() as session:
            expect_keys(session, vault)
        old = installation.settings.encryption_key
        echo(f"{Fernet.generate_key().decode()},{old.get_secret_value().strip(' ,') if old else ''}")
        echo(
            "Set SOPHIA_ENCRYPTION_KEY to this, the new key before the old one, wherever Sophia runs; start what runs "
            "anew; then once more: sophia key rotate",
            err=True,
        )
        return
    with installation.database.write() as session:
        lock_keys(session)
        count = reencrypt_tokens(session, vault)
    echo(
        f"{count} tokens are encrypted with the newest key. Take away the first comma in SOPHIA_ENCRYPTION_KEY and all "
        "that stands behind it."
    )


def forget(installation: Installation, *, yes: bool) -> None:
    from sophia.portfolio.service import forget_tokens  # noqa: PLC0415

    if not yes:
        confirm("Take away the tokens of all accounts? Each must be connected again.", abort=True)
    with installation.database.write() as session:
        count = forget_tokens(session)
    echo(f"{count} tokens are taken away. Next, connect the accounts again: sophia connect")


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="key")
