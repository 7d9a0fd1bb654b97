"""The top of the command line: which commands there are, where the home is, and how an error ends a command.

Commands load on use, from the table below: `matcher --help` must not wait for models or databases.
"""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Any

import click

from matcher.cli.app import App, home_option, say
from matcher.errors import MatcherError


class LazyGroup(click.Group):
    """A group whose commands are `module:attribute` and a line of help until one is called."""

    def __init__(self, *args: Any, lazy: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return None
        module, attribute = self.lazy[cmd_name][0].split(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.lazy[cmd_name][0]} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.lazy.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.lazy and not args[0].startswith("-"):
            ctx.fail(f"There is no command '{args[0]}': the commands are {', '.join(self.lazy)}.")
        return super().resolve_command(ctx, args)


class Root(LazyGroup):
    """Turns errors into one sentence and an exit code; a traceback appears only with `--debug`."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MatcherError as error:
            self._end(ctx, str(error), error.exit_code)
        except OSError as error:
            if error.errno == errno.EPIPE:
                ctx.exit(1)  # the reader of our output went away, as with `| head`
            self._end(ctx, f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}.", 8)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - the last border: people get a sentence, not a traceback
            self._end(ctx, f"Unexpected {type(error).__name__}: {error}. Run again with --debug and report it.", 1)

    @staticmethod
    def _end(ctx: click.Context, message: str, code: int) -> None:
        if ctx.obj.debug:
            raise  # noqa: PLE0704 - called from the handlers above only
        say(f"matcher: {message}", err=True)
        ctx.exit(code)


COMMANDS = {
    "init": ("matcher.cli.home:init", "Create a home."),
    "doctor": ("matcher.cli.home:doctor", "Check machine, models, store and gallery, and say what to do next."),
    "demo": ("matcher.cli.demo:demo", "Try everything on synthetic children, in a home of its own."),
    "case": ("matcher.cli.case:case", "Register, import, list, change and close cases."),
    "sighting": ("matcher.cli.sighting:sighting", "Submit, import, list and show sightings."),
    "card": (
        "matcher.cli.card:card",
        "What the public sees of a child: draft, approve, withdraw, show and list cards.",
    ),
    "alert": ("matcher.cli.alert:alert", "Ask the public to look out for a child; two officers issue an actual alert."),
    "report": ("matcher.cli.report:report", "What the public reports and disputes, and what people decide about it."),
    "partner": ("matcher.cli.partner:partner", "Services that are told of alerts by signed webhooks."),
    "match": ("matcher.cli.search:match", "Search a photo once, without keeping it."),
    "faces": ("matcher.cli.search:faces", "Show the faces that are found in a photo."),
    "review": ("matcher.cli.review:review", "The queue of candidates that wait for people."),
    "reindex": ("matcher.cli.home:reindex", "Build, verify and publish a snapshot of the gallery."),
    "backup": ("matcher.cli.backup:backup", "Back up a home while it is in use; list and verify backups."),
    "restore": ("matcher.cli.backup:restore", "Make a home of a backup, without what was erased since."),
    "nightly": ("matcher.cli.nightly:nightly", "Do everything that has to be done once a night."),
    "watch": ("matcher.cli.watch:watch", "Compare new cases with earlier sightings, and the other way round."),
    "models": ("matcher.cli.models:models", "List, install, verify, remove, describe and change the face models."),
    "index": ("matcher.cli.index:index", "Status of the gallery, and whether its bytes are intact."),
    "evaluate": ("matcher.cli.evaluate:evaluate", "How often the right child is found, measured on known photos."),
    "notices": ("matcher.cli.notices:notices", "E-mail and webhooks that tell who has to decide."),
    "serve": ("matcher.cli.serve:serve", "The review desk in a browser."),
    "login": ("matcher.cli.session:login", "Sign in; commands that decide something need it."),
    "logout": ("matcher.cli.session:logout", "Sign out."),
    "user": ("matcher.cli.people:user", "Add, list and change accounts."),
    "key": ("matcher.cli.people:key", "Make, list and revoke keys for programs."),
    "retention": ("matcher.cli.retention:retention", "What has been kept long enough, and letting it go."),
    "subject": ("matcher.cli.subject:subject", "What is held about one person, for that person."),
    "erasure": ("matcher.cli.erasure:erasure", "What was erased, and the proof that it is gone."),
    "encryption": ("matcher.cli.encryption:encryption", "Encryption of photos and embeddings, and its key."),
    "stop": ("matcher.cli.stop:stop", "Make the home read-only at once, in every process."),
    "start": ("matcher.cli.stop:start", "Let a stopped home go on."),
    "impact": ("matcher.cli.impact:impact", "A page that an impact assessment can start from."),
    "audit": ("matcher.cli.audit:audit", "Show, verify, report on, export and shorten the audit log."),
}


@click.group(cls=Root, lazy=COMMANDS)
@click.version_option(package_name="sighting-matcher", prog_name="matcher")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@home_option
@click.pass_context
def root(ctx: click.Context, debug: bool) -> None:
    """Rank sightings of missing children against case photos, for people to review.

    A similarity is a question, never an answer: possible resemblance, for human review; not an identification.
    """
    app = ctx.ensure_object(App)
    app.debug = debug
