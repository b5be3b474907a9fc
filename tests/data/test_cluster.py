"""The same work on a Dask cluster of two processes, whatever becomes of them."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from geocore.data import cluster, scheduling
from geocore.data.cluster import check_scheduler
from geocore.data.scheduling import map_photos, photo_results
from geocore.errors import ClusterError

distributed = pytest.importorskip("distributed", reason="needs the extra 'cluster' (Dask)")


def local_cluster(n_workers):
    return distributed.LocalCluster(
        n_workers=n_workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )


@pytest.fixture(scope="module")
def two_workers():
    """A cluster of two processes."""
    with local_cluster(2) as local:
        yield local


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(scheduling, "CHECK_S", 0.3)


def square_and_process(item: int) -> tuple[int, int]:
    time.sleep(0.002)
    return item * item, os.getpid()


class Fatal:
    """Squares; at one item the process that does it is killed, so many times."""

    def __init__(self, marks: Path, at: int, times: int = 1) -> None:
        self.marks, self.at, self.times = marks, at, times

    def __call__(self, item: int) -> int:
        n_deaths = len(list(self.marks.iterdir()))
        if item == self.at and n_deaths < self.times:
            (self.marks / str(n_deaths)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return item * item


def test_a_worker_killed_in_mid_run_changes_nothing(two_workers, tmp_path):
    fatal, done = Fatal(tmp_path, at=150), []
    address = two_workers.scheduler_address
    results = map_photos(fatal, range(300), scheduler=address, batch=8, progress=done.append)
    assert len(list(tmp_path.iterdir())) == 1
    assert results == [x * x for x in range(300)]
    assert sum(done) == 300


def test_photos_that_kill_every_worker_are_named(two_workers, tmp_path, monkeypatch):
    monkeypatch.setattr(two_workers.scheduler, "allowed_failures", 0)
    address = two_workers.scheduler_address
    with pytest.raises(ClusterError, match="ended the worker they were given to several times"):
        map_photos(Fatal(tmp_path, at=10, times=9), range(100), scheduler=address, batch=8)


def test_both_processes_work(two_workers):
    address = two_workers.scheduler_address
    results = map_photos(square_and_process, range(200), scheduler=address, batch=4)
    assert [x for x, _ in results] == [x * x for x in range(200)]
    assert len({process for _, process in results} - {os.getpid()}) == 2


def test_what_the_function_raises_comes_back(two_workers):
    with pytest.raises(FileNotFoundError):
        map_photos(os.stat, ["/absent"], scheduler=two_workers.scheduler_address)


def test_processes_are_started_and_ended(monkeypatch):
    monkeypatch.setattr(cluster, "n_cores", lambda: 1)
    ((square, process),) = map_photos(square_and_process, [3], scheduler="processes")
    assert square == 9
    assert process != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_scheduler_that_goes_away(monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_S", 1)
    with local_cluster(1) as local:
        results = photo_results(
            square_and_process, range(1000), scheduler=local.scheduler_address, batch=8
        )
        next(results)
        local.close()
        with pytest.raises(ClusterError, match="went away during the work"):
            list(results)


def test_a_cluster_without_workers(monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_S", 0.5)
    with local_cluster(0) as local, pytest.raises(ClusterError, match="has no worker to give"):
        map_photos(str, [1], scheduler=local.scheduler_address)


def test_an_address_where_nobody_answers(monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_S", 0.3)
    with pytest.raises(ClusterError, match=r"tcp://127.0.0.1:9: no Dask scheduler answers there"):
        map_photos(str, [1], scheduler="tcp://127.0.0.1:9")


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"needs Dask.*pip install -e '.\[cluster\]'"):
        map_photos(str, [1], scheduler="processes")


@pytest.mark.parametrize("name", ["threads", "http://a:1", "tcp://host", "", "tcp://a/b:1"])
def test_an_unknown_scheduler(name):
    with pytest.raises(ValueError, match="scheduler must be 'processes' or the address"):
        map_photos(str, [1], scheduler=name)


@pytest.mark.parametrize("name", [None, "processes", "tcp://10.0.0.1:8786", "tls://node:1"])
def test_a_known_scheduler(name):
    assert check_scheduler(name) == name
