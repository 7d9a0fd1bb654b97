"""`matcher user …` and `matcher key …`: accounts, and keys for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from matcher.accounts.rights import Right
from matcher.cli.app import App, home_option, json_option, login_name, print_json, print_table, say
from matcher.cli.session import read_password, signed_in, signed_in_or_none
from matcher.domain.people import Role

if TYPE_CHECKING:
    from matcher.domain.people import ApiKey, Person

_roles_option = click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="What the account is for; may be given several times.",
)
_stdin_option = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group()
def user() -> None:
    """Accounts: who works here, and in which role."""


@user.command("add")
@click.argument("name")
@_roles_option
@click.option("--shown-name", help="What others see; default: NAME.")
@click.option("--email", help="Where the person is reached.")
@_stdin_option
@home_option
@click.pass_obj
def user_add(app: App, /, name: str, roles: tuple[str, ...], password_stdin: bool, **given: Any) -> None:
    """Add an account. The first one is an administrator's; from then on an administrator has to be signed in."""
    from matcher.services.accounts import NewPerson

    held = frozenset(map(Role, roles))
    with app.open() as matcher:
        acting = signed_in_or_none(matcher)
        password = None if Role.SERVICE in held else read_password("Password", password_stdin, repeat=True)
        new = NewPerson(name=name, roles=held, password=password, **given)
        matcher.accounts.add(acting, new, local_actor=login_name() if acting is None else None)
    say(f"Added {name}: {', '.join(sorted(roles))}.")


@user.command("list")
@json_option
@home_option
@click.pass_obj
def user_list(app: App, as_json: bool) -> None:
    """List all accounts."""
    with app.open() as matcher:
        found = matcher.accounts.list(signed_in(matcher))
    if as_json:
        print_json([_plain(person) for person in found])
        return
    rows = [
        (one.name, one.shown_name, _roles(one), one.email, one.trained, "yes" if one.active else "no") for one in found
    ]
    print_table(("NAME", "SHOWN AS", "ROLES", "E-MAIL", "TRAINED", "ACTIVE"), rows, "No account here yet.")


@user.command("change")
@click.argument("name")
@_roles_option
@click.option("--shown-name", help="What others see.")
@click.option("--email", help="Where the person is reached.")
@click.option("--trained", type=click.DateTime(["%Y-%m-%d"]), help="Day of the training in facial review.")
@click.option("--active/--inactive", default=None, help="Whether the account may sign in.")
@home_option
@click.pass_obj
def user_change(app: App, /, name: str, roles: tuple[str, ...], trained: datetime | None, **given: Any) -> None:
    """Change an account; other roles replace all earlier ones and end its sessions."""
    changes = {key: value for key, value in given.items() if value is not None}
    if roles:
        changes["roles"] = frozenset(map(Role, roles))
    if trained is not None:
        changes["trained"] = trained.date()
    if not changes:
        raise click.UsageError("Nothing to change: give an option.")
    with app.open() as matcher:
        person = matcher.accounts.change(signed_in(matcher), name, **changes)
    say(f"{person.name}: {_roles(person)}{'' if person.active else ', not active'}.")


@user.command("deactivate")
@click.argument("name")
@home_option
@click.pass_obj
def user_deactivate(app: App, name: str) -> None:
    """End an account: its sessions and keys open nothing from now on; what it did stays."""
    with app.open() as matcher:
        matcher.accounts.change(signed_in(matcher), name, active=False)
    say(f"{name} is not active any more.")


@user.command("password")
@click.argument("name")
@_stdin_option
@home_option
@click.pass_obj
def user_password(app: App, name: str, password_stdin: bool) -> None:
    """Give an account another password, as an administrator; its sessions end."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        matcher.accounts.set_password(acting, name, read_password("New password", password_stdin, repeat=True))
    say(f"{name} has a new password.")


@user.command("unblock")
@click.argument("name")
@home_option
@click.pass_obj
def user_unblock(app: App, name: str) -> None:
    """Let an account sign in at once, where failed attempts, its own or those of others, make it wait."""
    with app.open() as matcher:
        matcher.accounts.unblock(signed_in(matcher), name)
    say(f"{name} can sign in.")


@click.group()
def key() -> None:
    """Keys with which programs use the programming interface."""


@key.command("add")
@click.argument("name")
@click.option("--label", required=True, help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([right.value for right in Right]),
    help="A right that the key gives; may be given several times.",
)
@click.option("--days", type=int, default=90, show_default=True, help="How long it is valid.")
@home_option
@click.pass_obj
def key_add(app: App, name: str, label: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a key for the account NAME and show it, this once."""
    from matcher.services.accounts import NewKey, shown_key

    wanted = frozenset(map(Right, scopes))
    with app.open() as matcher:
        acting = signed_in(matcher)
        text, made = matcher.accounts.add_key(acting, NewKey(name=name, label=label, scopes=wanted, days=days))
    say(f"Key {shown_key(made)} of {name}, valid until {made.expires_at.date()}. It is shown this once:")
    click.echo(text)


@key.command("list")
@click.argument("name")
@json_option
@home_option
@click.pass_obj
def key_list(app: App, name: str, as_json: bool) -> None:
    """List the keys of the account NAME."""
    from matcher.services.accounts import shown_key

    with app.open() as matcher:
        found = matcher.accounts.keys(signed_in(matcher), name)
    if as_json:
        print_json([_plain_key(one) | {"id": shown_key(one)} for one in found])
        return
    rows = [(shown_key(one), one.label, tuple(sorted(one.scopes)), one.expires_at, one.revoked_at) for one in found]
    print_table(("KEY", "LABEL", "SCOPES", "VALID UNTIL", "REVOKED"), rows, "This account has no key.")


@key.command("revoke")
@click.argument("key_id", metavar="KEY")
@home_option
@click.pass_obj
def key_revoke(app: App, key_id: str) -> None:
    """End a key at once."""
    with app.open() as matcher:
        matcher.accounts.revoke_key(signed_in(matcher), key_id)
    say(f"Key {key_id} is not valid any more.")


def _roles(person: Person) -> str:
    return ", ".join(sorted(role.value for role in person.roles))


def _plain(person: Person) -> dict[str, str | bool | date | list[str] | None]:
    return {
        "name": person.name,
        "shown_name": person.shown_name,
        "roles": sorted(role.value for role in person.roles),
        "email": person.email,
        "trained": person.trained,
        "active": person.active,
    }


def _plain_key(key: ApiKey) -> dict[str, str | datetime | list[str] | None]:
    # Neither id nor digest of the store leaves it.
    return {
        "label": key.label,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
