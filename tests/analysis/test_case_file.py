"""Case files: only ever added to, sealed, shared, and readable errors for whatever lies there."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from geocore.analysis import case_file, case_tables
from geocore.analysis.case_file import FIRST_HASH, open_case
from geocore.analysis.case_state import case_state
from geocore.analysis.records import (
    decision_record,
    failure_record,
    note_record,
    opened_record,
    photo_record,
)
from geocore.errors import CaseError

SHA = "ab" * 32
WRITER = """
import sys
from geocore.analysis.case_file import open_case
case = open_case(sys.argv[1], create=True)
for number in range(100_000):
    print(case.append("note", {"photo_sha256": None, "text": str(number)}, analyst="A").seq)
    sys.stdout.flush()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "flood.case"


@pytest.fixture
def case(path):
    with open_case(path, create=True) as case:
        case.append("opened", opened_record("Flood", "search and rescue", "0.1"), analyst="Ada")
        case.append("note", note_record("Nur für später – 洪水"), analyst="Ada")
        yield case


def altered(path, statement, *values):
    """Change the file as somebody would who removes the triggers first."""
    with sqlite3.connect(path) as connection:
        names = connection.execute("select name from sqlite_master where type = 'trigger'")
        for (name,) in names.fetchall():
            connection.execute(f"drop trigger {name}")
        connection.execute(statement, values)
    connection.close()


def test_entries_come_back_in_order_and_chained(case):
    first, second = case.entries()
    assert (first.seq, first.previous_hash, second.previous_hash) == (1, FIRST_HASH, first.hash)
    assert second.body["text"] == "Nur für später – 洪水"
    assert case.verify().ok
    assert "2 entries" in case.verify().sentence
    assert case.verify().head_hash == second.hash
    assert [entry.seq for entry in case.entries(after=1)] == [2]
    assert [entry.kind for entry in case.entries(kinds=["opened"])] == ["opened"]


def test_a_case_survives_being_closed(case, path):
    case.close()
    with open_case(path) as again:
        assert case_state(again.entries()).title == "Flood"


@pytest.mark.parametrize(
    "statement",
    ["update entries set body = '{}'", "delete from entries", "delete from stored_photos"],
)
def test_the_database_refuses_changes(case, path, statement):
    case.store_photo(b"a photo")
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("update entries set body = replace(body, 'p', 'q') where seq = 2", "its hash differs"),
        ("update entries set analyst = 'Eve' where seq = 2", "its hash differs"),
        ("update entries set time_utc = '2020' where seq = 1", "its hash differs"),
        ("update entries set hash = 'x' where seq = 1", "its hash differs"),
        ("delete from entries where seq = 1", "Entry 1 is missing"),
        ("update entries set seq = 7 where seq = 2", "Entry 2 is missing"),
        ("update stored_photos set content = x'00'", "not the one its hash names"),
    ],
)
def test_verifying_finds_what_was_altered(case, path, statement, sentence):
    case.store_photo(b"a photo")
    altered(path, statement)
    checked = case.verify()
    assert not checked.ok
    assert sentence in checked.sentence
    assert case.entries(after=99) == []


def test_every_flipped_byte_of_an_entry_is_found(case, path):
    """Each byte of the text of entry 2, changed on disk, is found or makes the file unreadable."""
    case.close()
    sqlite3.connect(path).execute("pragma wal_checkpoint(truncate)")
    content = path.read_bytes()
    start = content.index("Nur für später".encode())
    for at in range(start, start + len("Nur für später – 洪水".encode()), 3):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with open_case(path, read_only=True) as damaged:
            try:
                assert not damaged.verify().ok
            except CaseError as error:
                assert "damaged" in str(error)


def test_two_writers_take_turns(path):
    def write(name):
        with open_case(path) as mine:
            for number in range(20):
                mine.append("note", note_record(f"{name} {number}"), analyst=name)

    open_case(path, create=True).close()
    with ThreadPoolExecutor(2) as writers:
        list(writers.map(write, ["Ada", "Ben"]))
    with open_case(path) as case:
        texts = [entry.body["text"] for entry in case.entries()]
        assert case.verify().ok
    assert len(texts) == 40
    assert [text for text in texts if "Ada" in text] == [f"Ada {number}" for number in range(20)]


def test_two_programs_may_begin_the_same_case(path):
    barrier = threading.Barrier(2)

    def begin(_):
        barrier.wait()
        with open_case(path, create=True) as case:
            return case.append("note", note_record("here"), analyst="A").seq

    with ThreadPoolExecutor(2) as programs:
        assert sorted(programs.map(begin, range(2))) == [1, 2]


def test_a_case_that_another_program_is_just_making_is_waited_for(path):
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # before the log is ahead of the file, SQLite does not wait
    timer = threading.Timer(0.1, other.execute, ["ROLLBACK"])
    timer.start()
    with open_case(path, create=True) as case:
        assert case.append("note", note_record("here"), analyst="A").seq == 1
    timer.join()
    other.close()


def test_several_records_are_written_together_or_not_at_all(case):
    with pytest.raises(ValueError, match="Unknown kind of entry 'gossip'"):
        case.append_many([("note", note_record("a")), ("gossip", {})], analyst="A")
    with pytest.raises(ValueError, match="JSON"):
        case.append_many([("note", note_record("a")), ("note", {"x": float("nan")})], analyst="A")
    assert len(case.entries()) == 2
    two = case.append_many([("note", note_record("b"))] * 2, analyst="A")
    assert [entry.seq for entry in two] == [3, 4]
    assert case.append_many([], analyst="A") == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_what_was_confirmed_survives_a_kill(path):
    process = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
    for _ in range(25):
        confirmed = int(process.stdout.readline())
    process.kill()
    confirmed = max([confirmed, *map(int, process.stdout.read().split(b"\n")[:-1])])
    process.wait()
    with open_case(path) as case:
        assert case.verify().ok
        assert len(case.entries()) >= confirmed
        case.append("note", note_record("goes on"), analyst="A")
        assert case.verify().ok


def test_clock_jumps_do_not_disturb_the_order(case, monkeypatch):
    class Past(case_file.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(1999, 1, 1, tzinfo=tz)

    monkeypatch.setattr(case_file, "datetime", Past)
    case.append("note", note_record("earlier, by the clock"), analyst="A")
    assert [entry.seq for entry in case.entries()] == [1, 2, 3]
    assert case.verify().ok


def test_stored_photos_come_back_and_are_kept_once(case):
    assert case.photo(SHA) is None
    sha256 = case.store_photo(b"bytes of a photo")
    assert case.store_photo(b"bytes of a photo") == sha256
    assert case.photo(sha256) == b"bytes of a photo"


def test_a_missing_case_is_not_made_by_accident(path):
    with pytest.raises(CaseError, match="there is no such case file"):
        open_case(path)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"GIF89a" * 300, b"SQLite format 3\0" + b"\xff" * 4000])
def test_another_file_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(CaseError, match=r"flood\.case: "):
        open_case(path, create=True)
    assert path.read_bytes() == content


def test_another_database_is_refused(path):
    with sqlite3.connect(path) as connection:
        connection.execute("create table sheep (name)")
    connection.close()
    with pytest.raises(CaseError, match="this is no case file"):
        open_case(path)


def test_a_newer_version_is_refused(case, path):
    altered(path, "update case_format set version = 9")
    with pytest.raises(CaseError, match=r"format 9, this program reads format 1.*Open it with"):
        open_case(path)


def test_a_locked_case_says_so(case, path, monkeypatch):
    monkeypatch.setattr("geocore.analysis.case_tables.BUSY_TIMEOUT_S", 0.05)
    holder = sqlite3.connect(path)
    holder.execute("begin immediate")
    with (
        open_case(path) as other,
        pytest.raises(CaseError, match="another program has held the case for too long"),
    ):
        other.append("note", note_record("a"), analyst="A")
    assert len(case.entries()) == 2, "reading goes on"
    holder.close()


def test_reading_only_leaves_no_trace(case, path):
    case.close()
    before = path.read_bytes()
    with open_case(path, read_only=True) as reader:
        assert reader.verify().ok
        with pytest.raises(CaseError, match="opened for reading only"):
            reader.append("note", note_record("a"), analyst="A")
        with pytest.raises(CaseError, match="opened for reading only"):
            reader.store_photo(b"a")
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_a_case_on_a_disk_that_cannot_be_written_can_be_read(case, tmp_path, path):
    case.close()
    folder = tmp_path / "sealed"
    folder.mkdir()
    shutil.copy(path, folder / "flood.case")
    folder.chmod(0o555)
    try:
        with open_case(folder / "flood.case", read_only=True) as reader:
            assert reader.verify().n_entries == 2
    finally:
        folder.chmod(0o755)


def test_no_password_is_shown():
    name = case_tables.name_of("postgresql://ada:secret@host/cases")
    assert "secret" not in name
    assert "host" in name


def test_the_log_folds_into_what_an_analyst_sees(case):
    photo = photo_record("a.jpg", SHA, n_bytes=9, size_px=(4, 3), exif_position=(1.0000001, -2.0))
    case.append_many(
        [
            ("photo", photo),
            ("decision", decision_record(SHA, "rejected")),
            ("decision", decision_record(SHA, "accepted")),
            ("note", note_record("river bank", SHA)),
            ("event", {"event_id": "e1", "photo_sha256s": [SHA]}),
            ("failure", failure_record("b.jpg", "no photo")),
            ("failure", failure_record("c.jpg", "no photo either", "cd" * 32)),
            ("prior", {"label": "Ghana", "removed": False}),
        ],
        analyst="Ben",
    )
    state = case_state(case.entries())
    seen = state.photos[SHA]
    assert (seen.name, seen.decision, seen.notes) == ("a.jpg", "accepted", [("Ben", "river bank")])
    assert seen.photo["exif_position"] == [1.0, -2.0]
    assert seen.event_ids == ["e1"]
    assert state.failures == [("b.jpg", "no photo")]
    assert state.photos["cd" * 32].failure == "no photo either"
    assert state.prior["label"] == "Ghana"
    assert (state.n_entries, state.head_hash) == (10, case.verify().head_hash)
    case.append("event", {"event_id": "e1", "photo_sha256s": []}, analyst="Ben")
    case.append("prior", {"label": "Ghana", "removed": True}, analyst="Ben")
    state = case_state(case.entries())
    assert (state.prior, state.photos[SHA].event_ids) == (None, [])


def test_an_unknown_decision_is_refused():
    with pytest.raises(ValueError, match="one of open, accepted, rejected, received 'maybe'"):
        decision_record(SHA, "maybe")


# Case files that mean harm


@pytest.mark.parametrize(
    "statement",
    [
        "create trigger t after insert on entries begin delete from stored_photos; end",
        "create view v as select * from entries",
        "create virtual table v using fts5(x)",
        "create trigger entries_no_update after insert on entries begin select 1; end",
    ],
)
def test_a_case_that_holds_more_than_a_case_is_refused(case, path, statement):
    altered(path, statement)
    with pytest.raises(CaseError, match=r"nothing but a case, this one also holds '.+'.*original"):
        open_case(path)


@pytest.mark.parametrize("body", ["no json", "[" * 200_000])
def test_an_entry_that_is_no_json_is_named(case, path, body):
    altered(path, "update entries set body = ? where seq = 2", body)
    with pytest.raises(CaseError, match="Entry 2 of the case cannot be read"):
        case.entries()
    assert not case.verify().ok


def test_a_file_that_is_refused_is_not_kept_open(tmp_path):
    path = tmp_path / "bad.case"
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table t (x)")
    with pytest.raises(CaseError, match="no case file"):
        open_case(path)
    kept = [target.readlink() for target in Path("/proc/self/fd").iterdir() if target.is_symlink()]
    assert path not in kept
