"""What was deleted is gone from SQLite's files too."""

from pathlib import Path

import pytest
from sqlalchemy import delete

from storage.engine import make_engine, reading, writing
from storage.forget import empty_wal, overwrite_deleted
from tests.builders_databases import Databases
from tests.builders_deployment import Deployment, deploy
from tests.builders_privacy import BANK, erase_it
from transparency.tables import tokens


def bytes_of(made: Deployment) -> bytes:
    var = made.services.settings.var
    return b"".join(path.read_bytes() for path in sorted(var.glob("sigill.db*")))


def test_no_byte_of_an_erased_message_is_left_in_the_files(tmp_path: Path) -> None:
    made = deploy(tmp_path)
    kept = [made.sign().get_json() for _ in range(30)]
    gone = made.sign(conversation="chat-1").get_json()
    said = [gone["id"].encode(), gone["seal"].split("~")[0].encode(), gone["code"].replace("-", "").encode()]
    assert all(part in bytes_of(made) for part in said)
    erase_it(made, gone["id"])
    assert empty_wal(made.services.engine)
    left = bytes_of(made)
    assert [part for part in said if part in left] == []
    assert kept[0]["id"].encode() in left
    assert made.services.log.head(BANK) is not None
    made.services.engine.dispose()


def test_without_it_what_was_deleted_stays_in_the_file(tmp_path: Path) -> None:
    made = deploy(tmp_path)
    gone = [made.sign().get_json() for _ in range(3)]
    with writing(made.services.engine) as connection:
        connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        connection.execute(delete(tokens))
    empty_wal(made.services.engine)
    assert gone[0]["id"].encode() in bytes_of(made)
    made.services.engine.dispose()


def test_a_reader_at_work_puts_it_off(databases: Databases) -> None:
    with databases.migrated("sqlite") as url:
        engine = make_engine(url, busy_timeout_s=0.1)
        with reading(engine) as reader:
            reader.exec_driver_sql("SELECT count(*) FROM logs").one()
            with writing(engine) as writer:
                overwrite_deleted(writer)
                writer.exec_driver_sql("INSERT INTO logs VALUES ('a', 'a', 0, '', '', NULL)")
            assert not empty_wal(engine)
        assert empty_wal(engine)
        engine.dispose()


def test_a_file_that_is_gone_puts_it_off_too(databases: Databases) -> None:
    with databases.migrated("sqlite") as url:
        engine = make_engine(url)
        path = Path(engine.url.database or "")
        assert empty_wal(engine)
        path.rename(path.with_name("moved.db"))
        assert not empty_wal(engine)
        engine.dispose()


@pytest.mark.servers
def test_postgresql_cleans_up_by_itself(databases: Databases) -> None:
    with databases.migrated("postgresql") as url:
        engine = make_engine(url)
        with writing(engine) as connection:
            overwrite_deleted(connection)
        assert empty_wal(engine)
        engine.dispose()
