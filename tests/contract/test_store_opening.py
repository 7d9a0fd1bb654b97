"""Creating and opening a database, on both kinds; and what is not ours is left alone."""

import importlib.util
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from databases import PostgresDatabases, SqliteDatabases, run_sql
from records import NOW, SPACE, case, enrol, entry, vector
from reviews import task
from sqlalchemy import create_engine, make_url

from matcher.domain.faces import Quality
from matcher.domain.ids import CaseId, FaceId, PhotoId, SightingId
from matcher.domain.messages import Channel, Message, MessageId, MessageState
from matcher.domain.people import PersonId
from matcher.domain.reviews import ClaimId, Task, TaskId, TaskKind, day_of
from matcher.errors import Damaged, ExtraMissing, MatcherError, StoreProblem, WrongUse
from matcher.store import desk_tables, tables
from matcher.store.chain import entry_text
from matcher.store.database import Reading, Store

Databases = SqliteDatabases | PostgresDatabases

_WHEN = "'2026-01-02 03:04:05.000000'"
_CASE = (
    "INSERT INTO cases (id, number, status, other_names, sex, circumstance, legal_basis, created_at, updated_at) "
    f"VALUES (7, 'A-1', 'open', '[]', 'unknown', 'unknown', 'unspecified', {_WHEN}, {_WHEN})"
)


@pytest.fixture(autouse=True)
def quick_homes() -> None:
    """Here the migrations run themselves."""


def test_creating_twice_keeps_everything(databases: Databases) -> None:
    with databases.fresh(empty=True) as url:
        with Store.create(url) as store, store.write() as tx:
            tx.cases.add(case("A-1"))
        with Store.create(url) as store, store.read() as reading:
            assert reading.cases.get("A-1") is not None


def test_the_migrations_make_the_very_tables_of_the_code(database_url: str) -> None:
    url = make_url(database_url)
    engine = create_engine(url if url.drivername == "sqlite" else url.set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": tables.REVISION_TABLE})
        assert compare_metadata(context, desk_tables.metadata) == []
        checks = {
            check["name"]
            for table in desk_tables.metadata.tables
            for check in engine.dialect.get_check_constraints(connection, table)
        }
    engine.dispose()
    assert checks == {
        str(constraint.name)
        for table in desk_tables.metadata.tables.values()
        for constraint in table.constraints
        if str(constraint.name).startswith("ck_")
    }


def test_the_newest_migration_is_the_one_that_opening_asks_for() -> None:
    migrations = Path(tables.__file__).with_name("migrations")
    assert ScriptDirectory(str(migrations)).get_heads() == [tables.REVISION]


def test_an_older_database_is_upgraded_with_what_is_in_it(databases: Databases) -> None:
    """Rows of the first tables: a photo without a measured shortfall, a face without a measured fine structure."""
    with databases.fresh(empty=True) as url:
        with _revision("0001"), Store.create(url):
            pass
        run_sql(
            url,
            _CASE,
            "INSERT INTO photos (id, case_id, position, blob, digest, original_digest, media_type, width, height, "
            "size, state, reason, created_at) "
            f"VALUES (8, 7, 0, 'b', 'd', 'o', 'image/png', 9, 9, 9, 'ready', NULL, {_WHEN})",
            'INSERT INTO faces (id, photo_id, number, "left", top, "right", bottom, landmarks, score, turn, quality) '
            f"VALUES (9, 8, 1, 0, 0, 5, 5, {_bytes(url, 40)}, 1, 0, "
            '\'{"inter_eye_distance"\\: 48.5, "sharpness"\\: 120.0, "under_exposure_prevention"\\: 0.9, '
            '"over_exposure_prevention"\\: 1.0, "head_pose_yaw"\\: null, "head_pose_roll"\\: -3.5, '
            '"single_face_present"\\: true}\')',
        )
        with pytest.raises(StoreProblem, match="matcher init"):
            Store.open(url)
        assert Store.is_older(url)
        with Store.create(url) as store, store.write() as tx:
            (photo,), ((face,),) = tx.photos.of_case(CaseId(7)), tx.faces.of_photos([PhotoId(8)]).values()
            assert photo.shortfall is None
            assert face.quality == Quality(48.5, 120.0, 0.9, 1.0, None, -3.5, single_face_present=True)
            tx.cases.add(case("A-2"))
            assert tx.relations.pairs() == []


def test_cards_of_before_say_of_their_photo_what_was_read_from_it(databases: Databases) -> None:
    with databases.fresh(empty=True) as url:
        with _revision("0018"), Store.create(url):
            pass
        run_sql(
            url,
            _CASE,
        )
        for number, (age, taken) in enumerate([("6.9", "'2019-05-03'"), ("1.45", "NULL"), ("NULL", "NULL")], start=1):
            run_sql(
                url,
                "INSERT INTO photos (id, case_id, position, blob, digest, original_digest, media_type, width, height, "
                f"size, state, age, taken, created_at) VALUES ({number}, 7, 0, 'b{number}', 'd{number}', 'o', "
                f"'image/png', 9, 9, 9, 'ready', {age}, {taken}, {_WHEN})",
                'INSERT INTO faces (id, photo_id, number, "left", top, "right", bottom, landmarks, score, turn, '
                f"quality) VALUES ({number}, {number}, 1, 0, 0, 5, 5, {_bytes(url, 40)}, 1, 0, '{{}}')",
                "INSERT INTO cards (id, case_id, code, state, policy, facts, face_id, phone, expires_at, drafted_by, "
                f"drafted_at) VALUES ({number}, 7, 'C{number}', 'draft', 'full', "
                '\'{"name"\\: "Li", "sex"\\: "female", "missing_since"\\: "2019-06-01"}\', '
                f"{number}, '110', {_WHEN}, 'ma', {_WHEN})",
            )
        with Store.create(url) as store, store.read() as reading:
            facts = {one.code: one.facts for one in reading.cards.of_case(CaseId(7))}
    assert {code: (one.photo_age, one.photo_year) for code, one in facts.items()} == {
        "C1": (6.0, 2019),
        "C2": (17 / 12, None),
        "C3": (None, None),
    }
    assert {one.name for one in facts.values()} == {"Li"}


def test_what_was_told_before_there_was_an_outbox_is_not_sent(databases: Databases) -> None:
    with databases.fresh(empty=True) as url:
        with _revision("0005"), Store.create(url):
            pass
        run_sql(
            url,
            "INSERT INTO people (id, name, shown_name, roles, email, active, created_at) "
            "VALUES (7, 'chen', 'Chen', '[\"officer\"]', 'chen@example.org', true, '2026-01-02 03:04:05.000000')",
        )
        assert Store.is_older(url)
        new = Message(
            id=MessageId(9), channel=Channel.EMAIL, kind="pair.escalated", about=8, person_id=PersonId(7),
            created_at=NOW, due_at=NOW,
        )  # fmt: skip
        with Store.create(url) as store, store.write() as tx:
            assert tx.outbox.list(list(MessageState)) == []
            tx.outbox.add([new])
            assert tx.outbox.list(list(MessageState)) == [new]


def test_notes_of_before_are_found_by_what_they_are_about(databases: Databases) -> None:
    with databases.fresh(empty=True) as url:
        with _revision("0016"), Store.create(url):
            pass
        texts = [entry_text(entry(objects=objects)).replace(":", "\\:") for objects in (("a", "b"), (), ("b",))]
        run_sql(
            url,
            *(f"INSERT INTO audit VALUES ({at}, 'p{at}', 'h{at}', '{text}')" for at, text in enumerate(texts)),
            "INSERT INTO audit_notes VALUES (0, 'one'), (1, 'two'), (2, 'three')",
        )
        with Store.create(url) as store, store.write() as tx:
            assert tx.audit.forget_notes({"a"}) == 1
            assert [record.note for record in tx.audit.records(after=-1)] == [None, "two", "three"]
            assert tx.audit.forget_notes({"a", "b"}) == 1
            assert [record.note for record in tx.audit.records(after=-1)] == [None, "two", None]


def test_to_the_first_watch_all_cases_of_before_are_new(databases: Databases) -> None:
    """They are numbered, so that it can go through them a part at a time."""
    with databases.fresh(empty=True) as url:
        with _revision("0009"), Store.create(url):
            pass
        run_sql(
            url,
            _CASE,
            *(
                statement.format(number=number)
                for number in (1, 2, 3)
                for statement in (
                    "INSERT INTO photos (id, case_id, position, blob, digest, original_digest, media_type, width, "
                    f"height, size, state, created_at) VALUES ({{number}}, 7, 0, 'b{{number}}', 'd', 'o', 'image/png', "
                    f"9, 9, 9, 'ready', {_WHEN})",
                    'INSERT INTO faces (id, photo_id, number, "left", top, "right", bottom, landmarks, score, turn, '
                    f"quality) VALUES ({{number}}, {{number}}, 1, 0, 0, 5, 5, {_bytes(url, 40)}, 1, 0, '{{{{}}}}')",
                    f"INSERT INTO embeddings VALUES ({{number}}, 's', {_bytes(url, 16)})",
                    "INSERT INTO gallery_members (space, face_id, case_id) VALUES ('s', {number}, 7)",
                )
            ),
        )
        with Store.create(url) as store, store.read() as reading:
            found = reading.watching.new_members("s", None, 0, 2)
            assert len(found) == 2
            found += reading.watching.new_members("s", found[-1].change, 0, 2)
        assert {one.face_id for one in found} == {1, 2, 3}
        assert len({one.change for one in found}) == 3 and all(one.change < 0 for one in found)


def test_an_upgrade_keeps_the_time_in_whatever_zone_the_database_is(databases: Databases) -> None:
    """A list is made for candidates that were found before there were lists; it waits since the upgrade."""
    with databases.fresh(empty=True) as url:
        if url.startswith("postgresql"):
            name = make_url(url).database
            run_sql(url, f"ALTER DATABASE {name} SET TimeZone = 'Asia/Shanghai'")
        with _revision("0003"), Store.create(url):
            pass
        face = (
            'INSERT INTO faces (id, photo_id, number, "left", top, "right", bottom, landmarks, score, turn, quality) '
            f"VALUES (%s, %s, 1, 0, 0, 5, 5, {_bytes(url, 40)}, 1, 0, '{{}}')"
        )
        photo = (
            "INSERT INTO photos (id, {0}, position, blob, digest, original_digest, media_type, width, height, size, "
            "state, created_at) VALUES ({1}, 7, 0, 'b{1}', 'd', 'o', 'image/png', 9, 9, 9, 'ready', " + _WHEN + ")"
        )
        run_sql(
            url,
            _CASE,
            f"INSERT INTO sightings (id, how_seen, apparent_sex, created_at) VALUES (7, 'unknown', 'unknown', {_WHEN})",
            photo.format("case_id", 8),
            photo.format("sighting_id", 9),
            face % (8, 8),
            face % (9, 9),
            "INSERT INTO candidates (id, sighting_id, face_id, case_id, gallery_face_id, similarity, rank, flags, "
            f"space, snapshot, software, created_at) VALUES (7, 7, 9, 7, 8, 0.5, 1, '[]', 's', 's', '0', {_WHEN})",
        )
        begun = datetime.now(timezone.utc) - timedelta(seconds=1)
        with Store.create(url) as store, store.read() as reading:
            (task,) = reading.tasks.list_of(FaceId(9))
        assert begun <= task.created_at <= datetime.now(timezone.utc)
        assert task.day in (day_of(begun), day_of(task.created_at))


def test_recusals_from_candidates_become_recusals_from_cases_and_sightings(databases: Databases) -> None:
    """Nobody is asked again about what it was recused from."""
    with databases.fresh(empty=True) as url:
        with _revision("0007"), Store.create(url):
            pass
        run_sql(url, *_older_rows(url, _WHEN))
        seen = {1: "search", 2: "case", 3: "sighting", 4: "reveal"}  # what showed the candidate of this number
        run_sql(
            url,
            *(
                "INSERT INTO recusals (candidate_id, person_id, because, at) "
                f"VALUES ({number}, 7, '{because}', {_WHEN})"
                for number, because in seen.items()
            ),
            "INSERT INTO decisions (id, task_id, round, kind, actor, note, at) "
            f"VALUES (5, 51, 1, 'confirmed', 'chen', 'why', {_WHEN})",
        )
        with Store.create(url) as store, store.read() as reading:

            def kept(kind: TaskKind, **changes: SightingId) -> list[bool]:
                asked = [replace(_task(number), kind=kind, **changes) for number in range(1, 6)]
                return [reading.recusals.from_task(PersonId(7), one) for one in asked]

            assert kept(TaskKind.PAIR) == kept(TaskKind.LIST) == [True, True, True, True, False]
            elsewhere = kept(TaskKind.PAIR, sighting_id=SightingId(0))
            assert elsewhere == [True, True, False, True, False], "a sighting tells the numbers of its cases only"
            (old,) = reading.verdicts.decisions(TaskId(51))
            assert (old.actor, old.note, old.confirmation) == ("chen", "why", None)
            assert reading.claims.get(ClaimId(61)).revealed_at is None


def _older_rows(url: str, when: str) -> Iterator[str]:
    """A person (7), five cases with a photo, each the only candidate of a sighting; a pair (51) and a claim (61)."""
    yield (
        "INSERT INTO people (id, name, shown_name, roles, active, created_at) "
        f"VALUES (7, 'li', 'Li', '[\"reviewer\"]', true, {_WHEN})"
    )
    for number in range(1, 6):
        yield (
            "INSERT INTO cases "
            "(id, number, status, other_names, sex, circumstance, legal_basis, created_at, updated_at) "
            f"VALUES ({number}, 'A-{number}', 'open', '[]', 'unknown', 'unknown', 'unspecified', {_WHEN}, {_WHEN})"
        )
        yield (
            "INSERT INTO sightings (id, how_seen, apparent_sex, created_at) "
            f"VALUES ({number + 10}, 'unknown', 'unknown', {_WHEN})"
        )
        yield (
            "INSERT INTO photos (id, sighting_id, position, blob, digest, original_digest, media_type, width, height, "
            f"size, state, created_at) VALUES ({number + 20}, {number + 10}, 0, 'b{number}', 'd', 'o', 'image/png', "
            f"9, 9, 9, 'ready', {_WHEN})"
        )
        yield (
            'INSERT INTO faces (id, photo_id, number, "left", top, "right", bottom, landmarks, score, turn, quality) '
            f"VALUES ({number + 30}, {number + 20}, 1, 0, 0, 5, 5, {_bytes(url, 40)}, 1, 0, '{{}}')"
        )
        yield (
            "INSERT INTO candidates (id, sighting_id, face_id, case_id, gallery_face_id, similarity, rank, flags, "
            f"space, snapshot, software, created_at) VALUES ({number}, {number + 10}, {number + 30}, {number}, "
            f"{number + 30}, 0.5, 1, '[]', '{SPACE}', 's', '0', {_WHEN})"
        )
    yield (
        "INSERT INTO tasks (id, kind, state, sighting_id, face_id, space, case_id, candidate_id, round, needed, "
        f"created_at, updated_at) VALUES (51, 'pair', 'confirmed', 11, 31, '{SPACE}', 1, 1, 1, 2, {_WHEN}, {_WHEN})"
    )
    yield (
        "INSERT INTO claims (id, task_id, person_id, round, claimed_at, expires_at) "
        f"VALUES (61, 51, 7, 1, {_WHEN}, {_WHEN})"
    )


def _task(number: int) -> Task:
    return task(sighting_id=SightingId(number + 10), face_id=FaceId(number + 30), case_id=CaseId(number))


@contextmanager
def _revision(number: str) -> Iterator[None]:
    """The migrations as they were when this was the newest."""
    real = command.upgrade
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, _revision: real(config, number))
        yield


def _bytes(url: str, count: int) -> str:
    return f"decode('{'00' * count}', 'hex')" if url.startswith("postgresql") else f"x'{'00' * count}'"


def test_an_absent_database_is_named_with_the_next_step(databases: Databases) -> None:
    with databases.fresh(empty=True) as url:
        with pytest.raises(StoreProblem, match="restore it from a backup"):
            Store.open(url)
        if url.startswith("sqlite"):
            assert not Path(str(make_url(url).database)).exists()


@pytest.mark.parametrize(("revision", "step"), [("0000", "matcher init"), ("9999", "upgrade sighting-matcher")])
def test_another_version_is_told_from_ours(database_url: str, revision: str, step: str) -> None:
    run_sql(database_url, f"UPDATE {tables.REVISION_TABLE} SET version_num = '{revision}'")
    with pytest.raises(StoreProblem, match=step):
        Store.open(database_url)
    if revision == "9999":
        with pytest.raises(StoreProblem, match=step):
            Store.create(database_url)


def test_a_database_of_another_program_is_left_alone(databases: Databases) -> None:
    with databases.fresh(empty=True) as url:
        run_sql(url, "CREATE TABLE cases (colour TEXT)")
        for use in (Store.open, Store.create):
            with pytest.raises(StoreProblem, match="another program"):
                use(url)


def test_a_failed_creation_leaves_nothing_behind(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    with databases.fresh(empty=True) as url:
        with monkeypatch.context() as patched:
            patched.setattr(ScriptDirectory, "run_env", _fail)
            with pytest.raises(RuntimeError):
                Store.create(url)
        with Store.create(url) as store, store.write() as tx:
            tx.audit.append(entry())


def _fail(_script: ScriptDirectory) -> None:
    raise RuntimeError("killed")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_bytes(b"these are not the tables that you are looking for" * 100)
    with pytest.raises(Damaged, match="notes.db.*not a database"):
        Store.open(f"sqlite:///{file}")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match="absent"):
        Store.create(f"sqlite:///{tmp_path}/absent/matcher.db")


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    with Store.create(f"sqlite:///{tmp_path}/matcher.db") as store, store.write() as tx:
        tx.audit.append(entry())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(["matcher.db", "matcher.db-wal", "matcher.db-shm"], 0o600)


def test_sqlite_is_set_up_not_to_lose_or_leak(tmp_path: Path) -> None:
    with Store.create(f"sqlite:///{tmp_path}/matcher.db") as store, store._engine.connect() as connection:
        pragmas = ["journal_mode", "synchronous", "foreign_keys", "secure_delete"]
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    assert values == ["wal", 2, 1, 1]  # 2: FULL


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://here/there", "nonsense"])
def test_addresses_that_cannot_be_used_are_wrong_use(url: str) -> None:
    with pytest.raises(WrongUse, match="sqlite:///FILE"):
        Store.open(url)


def test_postgresql_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ExtraMissing, match=r"sighting-matcher\[postgres\]"):
        Store.create("postgresql://nowhere/db")


def test_a_connection_that_the_server_dropped_is_replaced(postgres_databases: PostgresDatabases) -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    drop_others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    with postgres_databases.fresh() as url, Store.open(url) as store:
        assert store.change_counter() == 0
        run_sql(url, drop_others)
        assert store.change_counter() == 0
        with pytest.raises(StoreProblem, match="cannot be used"), store.write() as tx:
            run_sql(url, drop_others)
            tx.audit.append(entry())
        with store.write() as tx:
            assert tx.audit.append(entry()).number == 1


@pytest.mark.parametrize(
    ("harm", "error", "use"),
    [
        ("UPDATE cases SET status = 'lost'", Damaged, lambda reading: reading.cases.list()),
        ("DELETE FROM head", StoreProblem, lambda reading: reading.gallery.counter()),
    ],
)
def test_harm_done_behind_our_back_is_named(
    store: Store, database_url: str, harm: str, error: type[MatcherError], use: Callable[[Reading], object]
) -> None:
    with store.write() as tx:
        enrol(tx, "A-1")
    run_sql(database_url, harm)
    with pytest.raises(error, match="restore a backup"), store.read() as reading:
        use(reading)


@pytest.mark.parametrize("column", ["taken = 5", "created_at = 5", "shortfall = 'x'"])
def test_a_value_of_another_kind_in_a_damaged_file_is_told_as_damage(tmp_path: Path, column: str) -> None:
    url = f"sqlite:///{tmp_path / 'matcher.db'}"
    with Store.create(url) as store, store.write() as tx:
        case_id = enrol(tx, "A-1").case.id
    run_sql(url, f"UPDATE photos SET {column}")
    with Store.open(url) as store, store.read() as reading, pytest.raises(Damaged, match="restore a backup"):
        reading.photos.of_case(case_id)


def test_a_damaged_schema_is_told_as_damage(tmp_path: Path) -> None:
    """SQLite quotes it as it is, which may be no text."""
    file = tmp_path / "matcher.db"
    Store.create(f"sqlite:///{file}").close()
    content = file.read_bytes()
    for old, new in ((b"CREATE TABLE head", b"CREATE TABLE h\xccad"), (b"CREATE TABLE head", b"CREATE T\xccBLE head")):
        assert old in content
        file.write_bytes(content.replace(old, new))
        with pytest.raises(Damaged, match="restore"):
            Store.open(f"sqlite:///{file}")


def test_vectors_of_different_length_in_one_space_are_never_cut_into_rows(store: Store) -> None:
    with store.write() as tx:
        enrol(tx, "A-1")
        other = enrol(tx, "A-2", searchable=False)
        tx.faces.put_vectors({other.face.id: vector(1, 16)}, SPACE)
        tx.gallery.add(other.face.id, other.case.id, SPACE)
        with pytest.raises(Damaged, match="length"):
            list(tx.gallery.rows(SPACE))


def test_a_server_that_does_not_answer_is_a_store_problem(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreProblem, match="cannot be used") as caught:
        Store.open(f"postgresql://user:secret@/db?host={tmp_path}")
    assert "secret" not in str(caught.value)
