"""The stop switch, on both databases: it holds for everybody from the next transaction on."""

import pytest
from records import NOW, case, entry

from matcher.errors import Stopped
from matcher.store.database import Store
from matcher.store.stopping import Stop

STOP = Stop(NOW, "boss")


def stop(store: Store) -> None:
    with store.write() as tx:
        tx.audit.append(entry("home.stop"))
        tx.stop.begin(STOP)


def test_a_stopped_store_can_be_read_and_not_written(store: Store, database_url: str) -> None:
    with Store.open(database_url) as other:  # as another process has it open
        with other.write() as tx:
            tx.cases.add(case("A-1"))
        stop(store)
        with pytest.raises(Stopped, match="'boss' stopped this home at 2026-03-14 15:09 UTC"), other.write() as tx:
            tx.cases.add(case("A-2"))
        with other.read() as reading:
            assert [one.number for one in reading.cases.list()] == ["A-1"]
            assert reading.stop.present() == STOP
            assert reading.audit.verify().entries == 1
            with pytest.raises(Stopped):
                reading.stop.require_none()


def test_only_who_is_allowed_to_writes_on(store: Store) -> None:
    stop(store)
    with store.write(while_stopped=True) as tx:
        tx.audit.append(entry("home.start"))
        tx.stop.end()
    with store.write() as tx:
        tx.cases.add(case("A-2"))
        assert tx.stop.present() is None
        tx.stop.require_none()


def test_a_stop_that_is_undone_holds_for_nobody(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.stop.begin(STOP)
        raise ZeroDivisionError
    with store.write() as tx:
        assert tx.stop.present() is None
