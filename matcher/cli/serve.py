"""`matcher serve`: the review desk in a browser."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from matcher.cli.app import App, home_option, say
from matcher.errors import ExtraMissing

_HERE = {"127.0.0.1", "::1", "localhost"}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8300, show_default=True, help="Port to listen at.")
@click.option("--behind-tls", is_flag=True, help="A proxy on this machine speaks TLS with the browsers.")
@home_option
@click.pass_obj
def serve(app: App, host: str, port: int, behind_tls: bool) -> None:
    """Serve the review desk to browsers and send e-mail and webhooks that are due, until Ctrl-C."""
    if host not in _HERE and not behind_tls:
        raise click.UsageError("Faces and passwords travel over TLS only: put a proxy before it and say --behind-tls.")
    try:
        import uvicorn

        from matcher.delivery.sending import Postman
        from matcher.web.app import create_app
    except ImportError as error:
        raise ExtraMissing(f"The desk needs {error.name}: pip install 'sighting-matcher[web]'.") from error
    with app.open() as matcher:
        say(f"The desk is at http://{host}:{port} until Ctrl-C.")
        application = create_app(matcher.context, secure=behind_tls)
        # The server's own header and its log of addresses would tell more than anybody needs.
        with _ended_in_order(), Postman(matcher.context):
            uvicorn.run(application, host=host, port=port, server_header=False, access_log=False, log_level="warning")


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM leaves this block like any other end, so that what is being sent is noted as sent."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn hands it on when it has stopped
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
