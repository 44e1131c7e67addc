"""`sophia user`: the people who sign in to the pages."""

from typing import Annotated

import typer

from sophia.cli.installation import open_installation
from sophia.cli.output import ask_hidden, echo
from sophia.cli.tables import AsJson, local_time, show_json, show_table

users = typer.Typer(help="Create, list and disable the users of the pages.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name or e-mail address.")]


@users.command("create")
def create(
    name: Name,
    role: Annotated[
        str, typer.Option(help="operator: everything; manager: works with some clients; viewer: reads some clients.")
    ] = "operator",
    client: Annotated[
        list[str] | None, typer.Option("--client", help="A client that a manager or viewer may see. May be repeated.")
    ] = None,
    password: Annotated[bool, typer.Option(help="Ask for a password. Otherwise print a sign-in address.")] = False,
) -> None:
    """Create a user, and print an address that signs the user in once within 15 minutes."""
    from sophia.access.passwords import hash_password
    from sophia.access.sessions import create_sign_in_link
    from sophia.access.users import UserRole, create_user, expect_password
    from sophia.errors import InvalidInputError
    from sophia.portfolio.service import find_client

    installation = open_installation()
    try:
        user_role = UserRole(role)
    except ValueError:
        raise InvalidInputError(f"There is no role {role!r}. Choose operator, manager or viewer.") from None
    password_hash = None
    if password:
        text = ask_hidden("Password")
        expect_password(text)
        password_hash = hash_password(text)
    now = installation.clock()
    with installation.database.write() as session:
        client_ids = [find_client(session, text).id for text in client or ()]
        user = create_user(session, name, user_role, client_ids, now, password_hash)
        token = None if password else create_sign_in_link(session, user.id, now)
    echo(f"Created the user {user.name} with the role {user.role}.")
    if token is not None:
        echo(f"Sign in once within 15 minutes: {sign_in_address(installation.settings.port, token)}")


@users.command("link")
def link(name: Name) -> None:
    """Print a new address that signs a user in once within 15 minutes, for instance after a lost password."""
    from sophia.access.sessions import create_link_for

    installation = open_installation()
    with installation.database.write() as session:
        token = create_link_for(session, name, installation.clock())
    echo(sign_in_address(installation.settings.port, token))


@users.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all users with their roles and clients."""
    from zoneinfo import ZoneInfo

    from sophia.access.users import list_users

    installation = open_installation()
    with installation.database.read() as session:
        records = list_users(session)
    if as_json:
        show_json({"users": records})
        return
    zone = ZoneInfo(installation.settings.operator_timezone)
    rows = [
        {
            "name": user.name,
            "role": user.role.value,
            "clients": "all" if user.client_ids is None else ", ".join(map(str, sorted(user.client_ids))),
            "created": local_time(user.created_at, zone),
            "state": "active" if user.disabled_at is None else f"disabled {local_time(user.disabled_at, zone)}",
        }
        for user in records
    ]
    show_table(rows, empty="There is no user yet. Create one: sophia user create NAME")


@users.command("disable")
def disable(name: Name) -> None:
    """Disable a user and end all of the user's sessions."""
    from sophia.access.sessions import disable_user

    installation = open_installation()
    with installation.database.write() as session:
        user = disable_user(session, name, installation.clock())
    echo(f"Disabled the user {user.name}. All sessions of this user have ended.")


def sign_in_address(port: int, token: str) -> str:
    """Return the address on this machine; behind a proxy its host replaces 127.0.0.1."""
    return f"http://127.0.0.1:{port}/sign-in/{token}"
