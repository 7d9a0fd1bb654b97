"""Messages on their way: a real mail server, a real receiver of webhooks, and both misbehaving."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import uvicorn
from accounts import person
from click.testing import CliRunner, Result
from desks import SECRETS, Desk, acting_of, fill
from receivers import HookServer, MailServer, certificate, hook_server, mail_server
from records import report
from reviews import Clock, list_of

from matcher import Matcher
from matcher.cli.root import root
from matcher.config import Home
from matcher.crypto.signatures import verify
from matcher.delivery import sending, webhook
from matcher.delivery.sending import ATTEMPTS, Postman, require_secrets, send_due, wait_after
from matcher.domain.ids import id_text
from matcher.domain.messages import LONGEST_WAIT, Channel, MessageState
from matcher.domain.partners import LONGEST_REST
from matcher.domain.people import Role
from matcher.domain.reviews import TaskState
from matcher.errors import StoreProblem, WrongUse
from matcher.services import desk_pairs, doctor, outbox
from matcher.services.context import Context
from matcher.services.findings import Finding

START = datetime(2026, 3, 14, 9, 30, tzinfo=timezone.utc)
SECRET = "only the receiver knows"  # noqa: S105
WAITING, SENT, DEAD = MessageState.WAITING, MessageState.SENT, MessageState.DEAD


@dataclass
class Office:
    """A home that sends to two servers of this machine, and its clock."""

    home: Path
    mail: MailServer
    hook: HookServer
    clock: Clock
    context: Context

    def configure(self, **settings: object) -> None:
        """Open the home anew with these settings; `None` takes one away."""
        given = {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.mail.port,
            "smtp_security": "none",
            "mail_from": "desk@example.org",
            "webhook_url": self.hook.url,
            "webhook_secret": SECRET,
            **settings,
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in given.items() if value is not None]
        Home(self.home).settings_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.context.close()
        self.context = Context(Home(self.home), clock=self.clock)

    def staff(self, name: str, role: Role, email: str | None = None, **changes: object) -> None:
        new = replace(person(name, role), email=email, **changes)
        with self.context.store.write() as transaction:
            transaction.people.add(new, None)

    def happen(self, state: TaskState = TaskState.ESCALATED) -> str:
        """Something to tell, in a transaction of its own; the shown id of its task."""
        with self.context.store.write() as transaction:
            task, _ = list_of(transaction, *report(transaction), [])
            outbox.tell_of_pair(self.context, transaction, task.id, state)
        return id_text(task.id)

    def listed(self, *states: MessageState) -> list[outbox.MessageView]:
        return list(outbox.listed(self.context, states or tuple(MessageState)))

    def pairs(self) -> list[tuple[Channel, MessageState, int, str | None]]:
        return sorted((one.channel, one.state, one.attempts, one.error) for one in self.listed())


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    """One officer with an address, and both channels."""
    with mail_server() as letters, hook_server() as hook:
        clock = Clock(START)
        made = Office(home, letters, hook, clock, Context(Home(home), clock=clock))
        made.configure()
        made.staff("gao", Role.OFFICER, "gao@example.org")
        yield made
        made.context.close()


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(root, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def test_who_is_told_of_what(office: Office) -> None:
    office.staff("wu", Role.OFFICER, "wu@example.org")
    office.staff("left", Role.OFFICER, "left@example.org", active=False)
    office.staff("silent", Role.OFFICER)
    office.staff("zhou", Role.SUPERVISOR, "zhou@example.org")
    office.staff("li", Role.REVIEWER, "li@example.org")
    office.happen(TaskState.EXCLUDED)
    assert office.listed() == []
    agreed, disputed = office.happen(TaskState.ESCALATED), office.happen(TaskState.DISPUTED)
    told = {(one.channel, one.to, one.about, one.kind) for one in office.listed()}
    assert told == {
        (Channel.EMAIL, "gao", agreed, "pair.escalated"),
        (Channel.EMAIL, "wu", agreed, "pair.escalated"),
        (Channel.WEBHOOK, None, agreed, "pair.escalated"),
        (Channel.EMAIL, "zhou", disputed, "pair.disputed"),
        (Channel.WEBHOOK, None, disputed, "pair.disputed"),
    }
    assert send_due(office.context) == {SENT: 5}
    assert sorted(letter.to for letter in office.mail.letters) == [
        ["gao@example.org"], ["wu@example.org"], ["zhou@example.org"]
    ]  # fmt: skip
    assert len(office.hook.events) == 2
    assert send_due(office.context) == {}, "once is enough"


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.WEBHOOK, None])
def test_a_channel_that_is_not_set_gets_nothing(office: Office, channel: Channel | None) -> None:
    without = {"smtp_host": None, "mail_from": None} if channel is not Channel.EMAIL else {}
    without |= {"webhook_url": None, "webhook_secret": None} if channel is not Channel.WEBHOOK else {}
    office.configure(**without)
    office.happen()
    assert [one.channel for one in office.listed()] == ([] if channel is None else [channel])


def test_what_waits_for_a_channel_that_was_taken_away_stays(office: Office) -> None:
    office.happen()
    office.configure(webhook_url=None, webhook_secret=None)
    assert send_due(office.context) == {SENT: 1}
    assert [one.channel for one in office.listed(WAITING)] == [Channel.WEBHOOK]


def test_what_a_letter_and_an_event_say_is_this_and_nothing_else(office: Office) -> None:
    office.configure(desk_url="https://desk.example.org/")
    task = office.happen()
    send_due(office.context)
    ids = {one.channel: one.id for one in office.listed()}
    (letter,), (event,) = office.mail.letters, office.hook.events
    assert (letter.sender, letter.to) == ("desk@example.org", ["gao@example.org"])
    assert letter.message.get_content().replace("\r\n", "\n") == (
        "A pair waits for an officer: reviewers agree, or a supervisor passed it on.\n"
        f"Look into your inbox.\n\nTask: {task}\nInbox: https://desk.example.org/inbox\n"
    )
    assert dict(letter.message.items()) == {
        "To": "gao@example.org",
        "From": "desk@example.org",
        "Subject": "sighting-matcher: a pair waits for you",
        "Date": "Sat, 14 Mar 2026 09:30:00 +0000",
        "Message-ID": f"<{ids[Channel.EMAIL]}@example.org>",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "7bit",
        "MIME-Version": "1.0",
    }
    assert office.mail.lines[0] == "ehlo example.org", "not this machine's name"
    assert json.loads(event.body) == {
        "specversion": "1.0",
        "id": ids[Channel.WEBHOOK],
        "source": "sighting-matcher",
        "type": "sighting-matcher.pair.escalated",
        "subject": task,
        "time": "2026-03-14T09:30:00+00:00",
        "datacontenttype": "application/json",
        "data": {
            "text": "A pair waits for an officer: reviewers agree, or a supervisor passed it on.",
            "task": task,
            "inbox": "https://desk.example.org/inbox",
        },
    }
    assert event.headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"
    assert verify(SECRET, event.headers["Matcher-Signature"], event.body, START.timestamp())
    assert not verify("another secret of length", event.headers["Matcher-Signature"], event.body, START.timestamp())
    assert not event.headers.keys() - {
        "Host", "Accept-Encoding", "Content-Length", "Content-Type", "User-Agent", "Connection", "Matcher-Signature"
    }  # fmt: skip


def test_nothing_about_a_child_leaves_the_desk(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way: three children full of secrets, a sighting, two people who agree."""
    office.configure(desk_url="https://desk.example.org", control_rate=0, second_look_rate=0)
    with Matcher(office.context) as matcher:
        fill(matcher)
        desk = Desk(matcher)
        li, wang, zhao = (acting_of(desk, name) for name in ("li", "wang", "zhao"))
        claim = matcher.desk.next(li, "list")
        matcher.desk.list_sheet(li, claim.claim)
        matcher.desk.seal_list(li, claim.claim, [1])
        for acting in (wang, zhao):
            claim = matcher.desk.next(acting, "pair")
            matcher.desk.pair_sheet(acting, claim.claim)
            with monkeypatch.context() as patched, pytest.raises(StoreProblem):
                patched.setattr(desk_pairs, "record", _away)  # after all rows were written, the last among them
                matcher.desk.seal_pair(acting, claim.claim, "potential", note="verdict-secret")
            assert office.listed() == [], "nothing is sent for a verdict that was not sealed"
            matcher.desk.seal_pair(acting, claim.claim, "potential", note="verdict-secret")
        assert send_due(office.context) == {SENT: 2}
        with office.context.store.read() as reading:
            seen = reading.sightings.list()[0].sighting
            candidates = reading.candidates.of_sighting(seen.id)
            photos = [*reading.photos.of_sighting(seen.id)]
            hidden = {*SECRETS, "verdict-secret", "li", "wang", "zhao", "Li", "Wang", "Zhao"}
            hidden |= {f"{one.similarity:.3f}" for one in candidates}
            for number in [seen.id, *(one.id for one in photos), *(one.case_id for one in candidates),
                           *(one.id for one in candidates), *(one.face_id for one in candidates)]:  # fmt: skip
                hidden |= {id_text(number), str(number)}
            hidden |= {one.digest for one in photos}
    (letter,), (event,) = office.mail.letters, office.hook.events
    everything = letter.raw + str(office.mail.lines).encode() + event.body + str(event.headers).encode()
    words = set(re.findall(r"\\w+", everything.decode()))
    assert id_text(candidates[0].id) in hidden
    assert [secret for secret in hidden if secret in (words if len(secret) < 5 else everything.decode())] == []


def test_one_failure_does_not_stop_the_others_and_is_tried_again(office: Office) -> None:
    office.hook.answer = 500
    first, _ = office.happen(), office.happen()
    assert send_due(office.context) == {SENT: 2, WAITING: 2}
    assert office.pairs() == [("email", "sent", 1, None)] * 2 + [("webhook", "waiting", 1, "http_500")] * 2
    assert send_due(office.context) == {}, "not before its time"
    office.clock.forward(seconds=73)
    office.hook.answer = 200
    assert send_due(office.context) == {SENT: 2}
    sent = [json.loads(event.body) for event in office.hook.events]
    assert len(sent) == 4
    assert len({one["id"] for one in sent}) == 2
    assert sum(one["subject"] == first for one in sent) == 2
    late = office.hook.events[-1]
    assert verify(SECRET, late.headers["Matcher-Signature"], late.body, office.clock.now.timestamp())
    assert {error for *_, error in office.pairs()} == {None}


@pytest.mark.parametrize(("answer", "error"), [
    (201, None), (204, None), (302, "http_302"), (307, "http_307"), (404, "http_404"), (500, "http_500"),
    ("never", "TimeoutError"), ("halfway", "BadStatusLine"), ("drip", "BadStatusLine"),
])  # fmt: skip
def test_only_a_clear_yes_counts(
    office: Office, answer: int | str, error: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.4)
    office.configure(smtp_host=None, mail_from=None)
    office.hook.answer = answer
    office.happen()
    began = time.monotonic()
    send_due(office.context)
    assert time.monotonic() - began < 3
    assert office.pairs() == [("webhook", "sent" if error is None else "waiting", 1, error)]
    assert [event.path for event in office.hook.events] == ["/"], "no redirect is followed"


def test_a_handshake_that_drips_is_cut_off(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def drip() -> None:
            connected, _ = server.accept()
            with connected, suppress(OSError):
                connected.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 kB, which never comes to its end
                while True:
                    connected.sendall(b"\0")
                    time.sleep(0.1)

        threading.Thread(target=drip, daemon=True).start()
        office.configure(smtp_host=None, mail_from=None, webhook_url=f"https://127.0.0.1:{port}/")
        office.happen()
        began = time.monotonic()
        assert send_due(office.context) == {WAITING: 1}
        assert time.monotonic() - began < 3


def test_nobody_listens(office: Office) -> None:
    with mail_server() as gone:
        port = gone.port
    office.configure(smtp_port=port, webhook_url=f"http://127.0.0.1:{port}/")
    office.happen()
    assert send_due(office.context) == {WAITING: 2}
    assert {one.error for one in office.listed()} == {"ConnectionRefusedError"}


def test_a_mail_server_that_refuses_or_hangs_up(office: Office) -> None:
    office.configure(webhook_url=None, webhook_secret=None)
    office.mail.at_recipient = "550 no such user gao@example.org"
    office.happen()
    send_due(office.context)
    assert office.pairs() == [("email", "waiting", 1, "SMTPRecipientsRefused")]
    office.mail.at_recipient, office.mail.answers_data = "250 ok", False
    office.clock.forward(minutes=2)
    send_due(office.context)
    assert office.pairs() == [("email", "waiting", 2, "SMTPServerDisconnected")]
    office.mail.answers_data = True
    office.clock.forward(minutes=5)
    assert send_due(office.context) == {SENT: 1}
    assert len({letter.message["Message-ID"] for letter in office.mail.letters}) == 1
    assert len(office.mail.letters) == 2, "it was taken twice: its answer was lost"
    office.mail.answers_quit = False
    office.happen()
    assert send_due(office.context) == {SENT: 1}, "it was taken, whatever comes after"


def test_a_sender_that_dies_after_sending_sends_the_same_once_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.happen()

    def killed(*_arguments: object) -> MessageState:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(sending, "end", killed)
        for _ in range(2):
            with pytest.raises(SystemExit):
                send_due(office.context)
    assert send_due(office.context) == {}, "its lease holds"
    office.clock.forward(minutes=10)
    assert send_due(office.context) == {SENT: 2}
    assert len(office.mail.letters) == len(office.hook.events) == 2
    assert len({letter.message["Message-ID"] for letter in office.mail.letters}) == 1
    assert len({json.loads(event.body)["id"] for event in office.hook.events}) == 1


def test_senders_at_one_time_send_each_message_once(office: Office) -> None:
    for _ in range(6):
        office.happen()
    workers = [threading.Thread(target=send_due, args=(office.context,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len({letter.message["Message-ID"] for letter in office.mail.letters}) == len(office.mail.letters) == 6
    assert len({json.loads(event.body)["id"] for event in office.hook.events}) == len(office.hook.events) == 6


def test_waits_grow_from_a_minute_to_six_hours_and_end_after_three_days() -> None:
    nominal = [min(60 * 2**number, 6 * 3600) for number in range(ATTEMPTS - 1)]
    assert sum(nominal) / 3600 == pytest.approx(68.5, abs=0.1)
    for attempts, seconds in enumerate(nominal, start=1):
        found = {wait_after(attempts) for _ in range(20)}
        assert len(found) > 1, "by chance"
        for wait in found:
            assert wait is not None
            assert 0.8 * seconds <= wait.total_seconds() <= 1.2 * seconds
    assert wait_after(ATTEMPTS) is None
    assert wait_after(ATTEMPTS + 1) is None


def test_no_wait_is_longer_than_what_a_wrong_clock_is_known_by() -> None:
    waits = [wait for attempts in range(1, ATTEMPTS) for _ in range(20) if (wait := wait_after(attempts)) is not None]
    assert max(waits) < LONGEST_REST < LONGEST_WAIT
    assert sending._LEASE < LONGEST_WAIT


def test_a_clock_that_was_wrong_for_a_moment_puts_no_event_off_for_days(office: Office) -> None:
    office.configure(smtp_host=None, mail_from=None)
    office.hook.answer = 500
    for _ in range(2):
        office.happen()
    office.clock.forward(days=2)
    assert outbox.begin(office.context, timedelta(minutes=10)) is not None, "and its sender dies"
    assert send_due(office.context) == {WAITING: 1}
    office.hook.answer = 200
    office.clock.forward(days=-2)
    assert send_due(office.context) == {SENT: 2}


def test_after_three_days_a_message_is_given_up_and_said_so(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.configure(smtp_host=None, mail_from=None)
    office.hook.answer = 503
    office.happen()
    tried = 0
    while not office.listed(DEAD):
        tried += sum(send_due(office.context).values())
        office.clock.forward(minutes=30)
    assert tried == ATTEMPTS == len(office.hook.events)
    assert timedelta(hours=50) < office.clock.now - START < timedelta(hours=90)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert office.listed()[0].id in caplog.text
    finding = by_doctor(office)
    assert (finding.ok, finding.text) == (False, "1 were given up within 7 days.")
    office.clock.forward(days=8)
    assert by_doctor(office).ok
    assert outbox.revive(office.context) == 1
    assert by_doctor(office).text == "1 wait for more than an hour."
    office.hook.answer = 200
    assert send_due(office.context) == {SENT: 1}
    assert by_doctor(office).text == "none is late; sent by: webhook"


def by_doctor(office: Office) -> Finding:
    return doctor._messages(office.context)


@pytest.mark.parametrize("email", [
    "gao@example.org\r\nBcc: evil@example.org", "gao@example.org\nX: y", "gao@example.org, evil@example.org",
    "Gao <gao@example.org>", "gao@example.org>\r\nRCPT TO:<evil@example.org", "gao", "@", "", " ", "a b@example.org",
])  # fmt: skip
def test_an_address_cannot_smuggle_anything_in(office: Office, email: str) -> None:
    """No use case keeps such an address; a row that somebody else wrote may hold one."""
    office.configure(webhook_url=None, webhook_secret=None)
    office.staff("bad", Role.SUPERVISOR, email or " ", shown_name="Bad\r\nBcc: evil@example.org")
    with office.context.store.write() as transaction:
        bad = transaction.people.by_name("bad")
    office.happen(TaskState.DISPUTED)
    with office.context.store.write() as transaction:
        transaction.people.update(replace(bad, email=email))
    assert send_due(office.context) == {DEAD: 1}
    assert [one.error for one in office.listed()] == ["no_address"]
    assert (office.mail.letters, office.mail.lines) == ([], [])


def test_a_shown_name_is_in_no_letter(office: Office) -> None:
    office.staff("odd", Role.SUPERVISOR, "odd@example.org", shown_name="Odd\r\nBcc: evil@example.org")
    office.happen(TaskState.DISPUTED)
    send_due(office.context)
    (letter,) = office.mail.letters
    assert letter.to == ["odd@example.org"]
    assert b"evil" not in letter.raw
    assert b"Odd" not in letter.raw


def test_who_left_meanwhile_gets_nothing(office: Office) -> None:
    office.happen()
    with office.context.store.write() as transaction:
        transaction.people.update(replace(transaction.people.by_name("gao"), active=False))
    assert send_due(office.context) == {DEAD: 1, SENT: 1}
    assert office.mail.lines == []


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")


@needs_openssl
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_over_tls_with_a_password(
    office: Office, security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.mail.tls, trusted = certificate(tmp_path)
    office.mail.tls_at_once = security == "tls"
    password = {"smtp_user": "desk", "smtp_password": "p"}
    office.configure(smtp_security=security, webhook_url=None, webhook_secret=None, **password)
    office.happen()
    send_due(office.context)
    assert office.mail.letters == [], "nobody vouches for this certificate"
    assert office.pairs() == [("email", "waiting", 1, "SSLCertVerificationError")]
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    office.clock.forward(minutes=2)
    assert send_due(office.context) == {SENT: 1}
    (letter,) = office.mail.letters
    assert (letter.over_tls, letter.signed_in) == (True, "desk p")


@pytest.mark.parametrize(("url", "reached"), [
    ("https://hook.example.org/in", ("hook.example.org", 443)), ("https://[2001:db8::7]/in", ("2001:db8::7", 443)),
    ("https://[2001:db8::7]:8443/in", ("2001:db8::7", 8443)), ("http://[::1]", ("::1", 80)),
])  # fmt: skip
def test_where_a_webhook_goes(
    office: Office, url: str, reached: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def unreachable(address: object, *_options: object) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError

    office.configure(smtp_host=None, mail_from=None, webhook_url=url)
    office.happen()
    monkeypatch.setattr(socket, "create_connection", unreachable)
    send_due(office.context)
    assert asked == [reached]


@needs_openssl
def test_a_webhook_over_tls(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls, trusted = certificate(tmp_path)
    with hook_server(tls) as hook:
        address = hook.url.replace("http:", "https:")
        office.configure(smtp_host=None, mail_from=None, webhook_url=f"{address}in?from=desk")
        office.happen()
        send_due(office.context)
        assert office.pairs() == [("webhook", "waiting", 1, "SSLCertVerificationError")]
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        office.clock.forward(minutes=2)
        assert send_due(office.context) == {SENT: 1}
        assert [event.path for event in hook.events] == ["/in?from=desk"]


def test_without_tls_on_the_other_side_nothing_is_said(office: Office) -> None:
    over_tls = {"smtp_security": "starttls", "smtp_user": "desk", "smtp_password": "hush"}
    office.configure(**over_tls, webhook_url=None, webhook_secret=None)
    office.happen()
    send_due(office.context)
    assert office.pairs() == [("email", "waiting", 1, "SMTPNotSupportedError")]
    assert {line.split()[0].lower() for line in office.mail.lines} <= {"ehlo", "quit"}


def test_the_postman_sends_until_it_is_stopped(office: Office) -> None:
    with Postman(office.context, every=0.01):
        office.happen()
        until(lambda: len(office.listed(SENT)) == 2)
    assert "postman" not in {thread.name for thread in threading.enumerate()}
    office.happen()
    time.sleep(0.1)
    assert len(office.listed(WAITING)) == 2


def test_the_postman_outlives_a_database_that_is_away(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.happen()
    with monkeypatch.context() as away:
        away.setattr(office.context.store, "read", _away)
        with Postman(office.context, every=0.01):
            until(lambda: len(caplog.records) == 2)
            time.sleep(0.1)
            assert [record.getMessage() for record in caplog.records] == [
                "areas of alerts cannot grow: StoreProblem",
                "messages cannot be sent: StoreProblem",
            ]
            away.undo()
            until(lambda: len(office.listed(SENT)) == 2)
            away.setattr(office.context.store, "read", _away)
            until(lambda: len(caplog.records) == 4)


def _away(*_arguments: object) -> None:
    raise StoreProblem("The database at gao@secret cannot be used.")


def test_without_a_channel_there_is_a_postman_for_partners_and_the_areas_of_alerts(office: Office) -> None:
    office.configure(smtp_host=None, mail_from=None, webhook_url=None, webhook_secret=None)
    with Postman(office.context):
        assert "postman" in {thread.name for thread in threading.enumerate()}
    assert by_doctor(office).text == "only in the inboxes of the desk"


def test_a_secret_is_needed_only_where_messages_are_sent(office: Office) -> None:
    office.configure(webhook_secret=None)
    office.happen()
    assert len(office.listed(WAITING)) == 2, "they wait for a process that has the secret"
    assert by_doctor(office).ok is None
    for begin in (lambda: require_secrets(office.context), Postman(office.context).__enter__):
        with pytest.raises(WrongUse, match="'webhook_url' needs 'webhook_secret'.*MATCHER_WEBHOOK_SECRET"):
            begin()
    assert "postman" not in {thread.name for thread in threading.enumerate()}


def until(happened: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_the_commands(office: Office) -> None:
    assert "Nothing waits" in run("notices", "list").output
    task = office.happen()
    office.staff("gone", Role.SUPERVISOR, "gone@example.org")
    office.happen(TaskState.DISPUTED)
    with office.context.store.write() as transaction:
        transaction.people.update(replace(transaction.people.by_name("gone"), email=None))
    office.hook.answer = 500
    # The command runs by the real clock, for which all this happened long ago.
    output = run("notices", "send", code=3).output
    assert "1 sent, 2 waiting, 1 dead." in output
    assert "1 messages were given up now: see why with `matcher notices list`." in output
    listed = run("notices", "list").output
    assert "pair.escalated" in listed
    assert "http_500" in listed
    assert "no_address" in listed
    assert "gone" in listed
    assert "@" not in listed
    rows = json.loads(run("notices", "list", "--json").stdout)
    assert {(one["state"], one["error"]) for one in rows} == {("waiting", "http_500"), ("dead", "no_address")}
    assert any(one["about"] == task for one in rows)
    assert len(json.loads(run("notices", "list", "--json", "--limit", 1).stdout)) == 1
    assert json.loads(run("notices", "send", "--json").stdout) == {"sent": 0, "given_up": 0, "waiting": 2, "dead": 1}
    assert "given up now" in run("notices", "send", "--again", code=3).output
    assert "FAIL messages: 1 were given up within 7 days." in run("doctor", code=9).output


def test_the_server_sends(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """`matcher serve` has its postman for as long as it runs."""
    monkeypatch.setattr(Postman.__init__, "__defaults__", (0.01,))

    def serving(*_arguments: object, **_options: object) -> None:
        office.happen()
        until(lambda: len(office.listed(SENT)) == 2)

    monkeypatch.setattr(uvicorn, "run", serving)
    run("serve")
    assert "postman" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without asking them")
def test_a_server_that_is_ended_notes_what_it_is_sending(office: Office) -> None:
    office.configure(smtp_host=None, mail_from=None)
    office.hook.seconds = 1.5
    office.happen()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-W", "error", "-m", "matcher", "serve", "--port", port]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
        until(lambda: len(office.hook.events) == 1, 30)
        served.terminate()
        assert (served.wait(30), served.stderr.read()) == (0, "")
    assert office.pairs() == [("webhook", "sent", 1, None)]
