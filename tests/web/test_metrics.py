"""What Prometheus reads."""

from __future__ import annotations

from desks import SECRETS, STAFF, Desk
from prometheus_client.parser import text_string_to_metric_families

from matcher.domain.ids import SightingId, new_id, parse_id
from matcher.domain.messages import Channel, Message, MessageId, MessageState


def figures(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(desk: Desk) -> str:
    token = desk.program("root").token
    answer = desk.browser().client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def test_requests_and_work_are_counted_and_nobody_is_named(desk: Desk) -> None:
    li = desk.program("li")
    claim = li.post("/queue/next")["claim"]
    for _ in range(2):
        li.get(f"/claims/{claim}/list")
    li.get("/cases/CASE-77-1", 403)
    li.client.request("BREW", "/v1/CASE-77-1")
    text = read(desk)
    found = figures(text)
    assert found["matcher_requests_total", "GET", "/v1/claims/{claim}/list", "200"] == 2
    assert found["matcher_requests_total", "GET", "/v1/cases/{case}", "403"] == 1
    assert found["matcher_requests_total", "other", "other", "404"] == 1
    assert found["matcher_request_seconds_count", "GET", "/v1/claims/{claim}/list"] == 2
    assert found["matcher_tasks", "list", "all"] == 1
    assert found["matcher_tasks", "pair", "all"] == 0
    assert found[("matcher_claims",)] == 1
    assert found[("matcher_gallery_faces",)] == found[("matcher_gallery_tail",)] == 3
    assert found["matcher_messages", "waiting"] == found["matcher_messages", "dead"] == 0
    assert ("matcher_snapshot_age_seconds",) not in found
    desk.matcher.reindex(actor="night")
    assert 0 <= figures(read(desk))["matcher_snapshot_age_seconds",] < 100
    assert not any(hidden in text for hidden in (*SECRETS, claim, *(f'"{name}"' for name in STAFF)))


def test_the_urgent_lane_is_counted(desk: Desk) -> None:
    with desk.matcher.context.store.read() as reading:
        now = desk.matcher.context.clock()
        lists = reading.tasks.of_sighting(SightingId(parse_id(desk.matcher.sightings()[0].id)))
        counts = reading.tasks.count_waiting(now)
    urgent = sum(task.urgent_until is not None and task.urgent_until > now for task in lists)
    assert [counts[kind] for kind in counts] == [(1, urgent, 0), (0, 0, 0)]


def test_messages_that_wait_or_were_given_up_are_counted(desk: Desk) -> None:
    def made(state: MessageState) -> Message:
        now = desk.matcher.context.clock()
        told = {"channel": Channel.WEBHOOK, "kind": "pair.escalated", "about": 1, "state": state}
        return Message(id=MessageId(new_id()), created_at=now, due_at=now, **told)

    with desk.matcher.context.store.write() as transaction:
        transaction.outbox.add(made(state) for state in (MessageState.WAITING, MessageState.DEAD, MessageState.DEAD))
    found = figures(read(desk))
    assert (found["matcher_messages", "waiting"], found["matcher_messages", "dead"]) == (1, 2)


def test_only_those_who_watch_may_read_them(desk: Desk) -> None:
    nobody = desk.browser().client
    assert nobody.get("/metrics").status_code == 401
    token = desk.program("li").token
    answer = nobody.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


def test_applications_count_for_themselves(desk: Desk) -> None:
    other = Desk(desk.matcher)
    desk.program("li")
    assert ("matcher_requests_total", "POST", "/v1/sessions", "201") in figures(read(desk))
    assert figures(read(other))["matcher_requests_total", "POST", "/v1/sessions", "201"] == 1
