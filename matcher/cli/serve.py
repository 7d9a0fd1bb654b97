"""`matcher serve`: the review desk in a browser."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import click

from matcher.cli.app import App, home_option, say
from matcher.errors import ExtraMissing, WrongUse

_HERE = {"127.0.0.1", "::1", "localhost"}
_LOOPBACK = ("127.0.0.1", "::1")


def _networks(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses, or networks of them, as they are written."""
    for one in given:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError as error:
            wrong = f"'{one}' is no address like 10.0.0.4 and no network like 10.0.0.0/24."
            raise click.BadParameter(wrong, ctx, param) from error
    return given


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8300, show_default=True, help="Port to listen at.")
@click.option("--behind-tls", is_flag=True, help="A proxy speaks TLS with the browsers.")
@click.option(
    "--trusted-proxy",
    metavar="ADDRESS",
    multiple=True,
    callback=_networks,
    help="Where that proxy is, if not here; may be repeated.",
)
@click.option("--public", is_flag=True, help="Serve the pages of the public instead, and nothing of the desk.")
@home_option
@click.pass_obj
def serve(app: App, host: str, port: int, behind_tls: bool, trusted_proxy: tuple[str, ...], public: bool) -> None:
    """Serve the review desk to browsers, send what is due and look at reports of the public, until Ctrl-C.

    With --public: serve cards, alerts and the form for sightings instead. A desk that runs beside it does the rest.
    """
    _check_reach(host, behind_tls, trusted_proxy)
    try:
        import uvicorn

        from matcher.delivery.sending import Postman
        from matcher.services.report_work import Lookout
        from matcher.web.app import create_app
        from matcher.web.public.app import create_public_app
    except ImportError as error:
        raise ExtraMissing(f"The desk needs {error.name}: pip install 'sighting-matcher[web]'.") from error
    _require_free(host, port)
    with app.open() as matcher, _ended_in_order(), ExitStack() as beside:
        what, make = ("The public side", create_public_app) if public else ("The desk", create_app)
        if not public:
            beside.enter_context(Postman(matcher.context))
            beside.enter_context(Lookout(matcher.context))
        if public and matcher.context.settings.public_url is None:
            say("Note: set 'public_url', the address at which the public finds this: links need it.", err=True)
        application = make(matcher.context, secure=behind_tls)
        # What is loaded by now stays: to look through it for garbage again and again makes answers wait for 130 ms.
        gc.collect()
        gc.freeze()
        say(f"{what} is at http://{f'[{host}]' if ':' in host else host}:{port} until Ctrl-C.")
        uvicorn.run(
            application,
            host=host,
            port=port,
            proxy_headers=behind_tls,  # else every program on this machine could say where it comes from
            forwarded_allow_ips=[*_LOOPBACK, *trusted_proxy],
            # The server's own header and its log of addresses would tell more than anybody needs.
            server_header=False,
            access_log=False,
            log_level="warning",
        )


def _check_reach(host: str, behind_tls: bool, trusted_proxy: Sequence[str]) -> None:
    """Refuse to be reached in a way that gives passwords away or takes all browsers for one."""
    if trusted_proxy and not behind_tls:
        raise click.UsageError("--trusted-proxy says where the proxy of --behind-tls is: give both.")
    if host in _HERE:
        return
    if not behind_tls:
        raise click.UsageError("Faces and passwords travel over TLS only: put a proxy before it and say --behind-tls.")
    if not trusted_proxy:
        raise click.UsageError(
            "Without --trusted-proxy ADDRESS everybody seems to come from the proxy, and whoever guesses passwords "
            "locks all others out: name its address, or listen at 127.0.0.1 if it runs on this machine."
        )


def _require_free(host: str, port: int) -> None:
    """`WrongUse` where nobody can listen, before anything says that the desk is there."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise WrongUse(
            f"Nothing can listen at {host}, port {port} ({reason}): give another --port or --host."
        ) from error


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM leaves this block like any other end, so that what is being sent is noted as sent."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn hands it on when it has stopped
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
