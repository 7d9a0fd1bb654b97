"""`matcher login|logout`, and who is signed in on this command line."""

from __future__ import annotations

import getpass
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli.app import App, home_option, kept_sign_in, login_name, private, say
from matcher.errors import NotSignedIn

if TYPE_CHECKING:
    from matcher.accounts.rights import Acting
    from matcher.engine import Matcher

_ADDRESS = "command line"  # where attempts are counted that come from no network


@click.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@home_option
@click.pass_obj
def login(app: App, name: str, password_stdin: bool) -> None:
    """Sign in as NAME: commands that decide something need it, and all others record that name."""
    password = read_password("Password", password_stdin, repeat=False)
    with app.open() as matcher:
        earlier = _token(matcher)
        token, acting = matcher.accounts.sign_in(name, password, f"{_ADDRESS} of {_user()}")
        file = kept_in(matcher)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with private(file) as handle:
            handle.write(f"{token}\n{acting.name}\n")
        if earlier is not None:  # nobody could end it any more
            matcher.accounts.sign_out(earlier)
    say(f"Signed in as {acting.name}. `matcher logout` ends it.")


@click.command()
@home_option
@click.pass_obj
def logout(app: App) -> None:
    """End the sign-in of this command line."""
    with app.open() as matcher:
        token = _token(matcher)
        if token is not None:
            matcher.accounts.sign_out(token)
            kept_in(matcher).unlink(missing_ok=True)
    say("Signed out." if token is not None else "Nobody was signed in.")


def signed_in(matcher: Matcher) -> Acting:
    """Who is signed in; `NotSignedIn` says how to."""
    token = _token(matcher)
    if token is None:
        raise NotSignedIn("Nobody is signed in: `matcher login NAME`; accounts are made by `matcher user add`.")
    return matcher.accounts.acting(token)


def signed_in_or_none(matcher: Matcher) -> Acting | None:
    """Who is signed in, or `None` if nobody is or the session has ended."""
    with suppress(NotSignedIn):
        return signed_in(matcher)
    return None


def account_here(matcher: Matcher) -> str | None:
    """The account of this user's sign-in, held or ended: what a command shows, this person has seen."""
    kept = kept_sign_in(matcher.context.home.root)
    return None if kept is None else kept[1]


def onlooker(matcher: Matcher) -> str:
    """Who looks at what a command shows: the account that is signed in, else the login name."""
    return account_here(matcher) or login_name()


def read_password(prompt: str, from_stdin: bool, *, repeat: bool) -> str:
    """A password from the terminal, unseen, or the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt(prompt, hide_input=True, confirmation_prompt=repeat)
    return password


def kept_in(matcher: Matcher) -> Path:
    """The file of this user's sign-in to a home."""
    from matcher.config import sign_in_file

    return sign_in_file(matcher.context.home.root)


def _token(matcher: Matcher) -> str | None:
    kept = kept_sign_in(matcher.context.home.root)
    return None if kept is None else kept[0]


def _user() -> str:
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return "somebody"
