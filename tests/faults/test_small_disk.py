"""Disks that fill up, with work that takes no time to start: what is lost there is found."""

from pathlib import Path

import pytest

from geocore.faults import chaos
from geocore.faults.chaos import cold_start
from geocore.faults.small_disk import small_disk, starve, why_no_disks
from geocore.faults.trials import Trial

BLOCKS = 'n=$(ls "$0" | wc -l); while [ $n -lt 20 ]; do n=$((n + 1)); '
WRITES = (
    'head -c 4096 /dev/zero > "$0/new" || { rm -f "$0/new"; echo "The disk is full."; exit 2; }; '
)
CAREFUL = f'{BLOCKS} {WRITES} mv "$0/new" "$0/$n"; done'


@pytest.fixture(autouse=True)
def disks(tmp_path):
    if why := why_no_disks(tmp_path):
        pytest.skip(f"{why}; it takes root.")


def trial(script: str, check=lambda folder: []) -> Trial:
    return Trial(
        name="blocks",
        prepare=lambda folder: None,
        command=lambda folder: ["sh", "-c", script, str(folder)],
        check=check,
        result=lambda folder: {path.name: path.stat().st_size for path in folder.iterdir()},
    )


def test_work_that_stops_with_a_sentence_and_goes_on_passes(tmp_path):
    report = starve(trial(CAREFUL), 2, 1, tmp_path / "work", cold_start)
    assert (report.n_disks, report.n_stopped, report.problems) == (3, 3, [])
    assert "3 full or read-only disks" in report.summary
    assert not (tmp_path / "work").exists()


def test_half_a_file_taken_for_a_whole_one_is_found(tmp_path):
    careless = CAREFUL.replace('rm -f "$0/new"; ', "").replace('> "$0/new"', '> "$0/$n"')
    report = starve(trial(careless.replace('mv "$0/new" "$0/$n"', ":")), 2, 1, tmp_path, cold_start)
    assert any("ended otherwise" in problem for problem in report.problems)


@pytest.mark.parametrize("end", ["exit 1", "echo Traceback; exit 1"])
def test_work_that_stops_without_a_sentence_is_found(tmp_path, end):
    silent = CAREFUL.replace('echo "The disk is full."; exit 2', end)
    quiet = f"exec 2> /dev/null; {silent}"
    report = starve(trial(quiet), 1, 1, tmp_path, cold_start)
    assert any("without a sentence" in problem for problem in report.problems)


def test_what_its_own_check_finds_is_told(tmp_path):
    report = starve(trial(CAREFUL, lambda folder: ["half"]), 1, 1, tmp_path, cold_start)
    assert report.problems == ["half", "half"]


def test_work_that_fails_with_room_is_no_trial(tmp_path):
    report = starve(trial("echo broken; exit 3"), 1, 1, tmp_path, cold_start)
    assert report.problems == ["exit code 3 on a disk with room: ['broken']"]


def test_work_that_does_not_end_is_killed_and_told(tmp_path, monkeypatch):
    """The disk could not be unmounted otherwise, and the whole command ended with a traceback."""
    monkeypatch.setattr(chaos, "WAIT_S", 0.5)
    hangs = CAREFUL.replace(
        'echo "The disk is full."; exit 2', 'while [ ! -e "$0/20" ]; do :; done'
    )
    report = starve(trial(hangs), 1, 1, tmp_path / "work", cold_start)
    assert report.problems[0] == "Without room it did not end (exit code none after 0.5 s)."
    assert not (tmp_path / "work").exists()


def test_a_disk_ends_with_its_use(tmp_path):
    with small_disk(tmp_path / "disk", 64 << 10) as change:
        change("ro")
        with pytest.raises(OSError, match="Read-only"):
            (tmp_path / "disk" / "file").write_bytes(b"x")
    assert not (tmp_path / "disk").exists()
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
