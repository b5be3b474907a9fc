"""Data stage: a Dask cluster as the place where a function runs over many photos.

Dask is the extra "cluster" and loaded only when it is asked for. It hands a lost worker's photos to
another one; nothing of that is done here.
"""

import logging
import re
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

from geocore.data.scheduling import Pool, n_cores
from geocore.errors import ClusterError

LOCAL = "processes"
ADDRESS = re.compile(r"(tcp|tls)://[^/\s]+:\d+")
ANSWER_S = 20  # a scheduler and a first worker must answer within


@contextmanager
def open_cluster(scheduler: str) -> Iterator[Pool]:
    """Connect to a cluster, or start one of local processes, for as long as the `with` lasts.

    Args:
        scheduler: "processes", or the address of a Dask scheduler.

    Raises:
        ValueError: neither of these.
        ClusterError: Dask is not installed, no scheduler answers, it has no worker, it is gone, or
            a batch lost its worker again and again.
    """
    check_scheduler(scheduler)
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(
            "Work on several processes or machines needs Dask, which is not installed. Install it "
            "with: pip install -e '.[cluster]'"
        ) from error
    with _cluster(distributed, scheduler) as address, _client(distributed, address) as client:
        executor = client.get_executor(pure=False)
        try:
            yield Pool(
                executor,
                n_slots=lambda: _n_slots(client, scheduler),
                check=lambda: _wait_for_a_worker(client, scheduler),
            )
        except distributed.KilledWorker as error:
            raise ClusterError(
                f"{scheduler}: the same photos ended the worker they were given to several times, "
                "last one after another. Either a file among them is harmful or the workers have "
                f"too little memory; their logs say which. ({error})"
            ) from error
        except CancelledError as error:  # what Dask makes of tasks whose scheduler is gone
            raise ClusterError(_gone(scheduler)) from error
        finally:
            with suppress(OSError, distributed.client.ClosedClientError):  # the scheduler is gone
                executor.shutdown(wait=False)


def check_scheduler(scheduler: str | None) -> str | None:
    """The scheduler, if it is one.

    Raises:
        ValueError: it is neither None nor "processes" nor an address.
    """
    if scheduler is None or scheduler == LOCAL or ADDRESS.fullmatch(scheduler):
        return scheduler
    raise ValueError(
        f"scheduler must be {LOCAL!r} or the address of a Dask scheduler such as "
        f"tcp://192.168.0.5:8786, received {scheduler!r}."
    )


@contextmanager
def _cluster(distributed: ModuleType, scheduler: str) -> Iterator[str]:
    """Address of the scheduler; the local cluster is started and ended."""
    if scheduler != LOCAL:
        yield scheduler
        return
    with distributed.LocalCluster(
        n_workers=n_cores(),
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",  # any free port
        silence_logs=logging.ERROR,
    ) as cluster:
        yield cluster.scheduler_address


@contextmanager
def _client(distributed: ModuleType, address: str) -> Iterator[Any]:
    try:
        client = distributed.Client(address, timeout=ANSWER_S, set_as_default=False)
    except OSError as error:
        raise ClusterError(
            f"{address}: no Dask scheduler answers there ({error}). Start one with 'dask "
            f"scheduler' and at least one 'dask worker {address}', or leave --scheduler away."
        ) from error
    with client:
        _wait_for_a_worker(client, address)
        yield client


def _n_slots(client: Any, scheduler: str) -> int:
    try:
        return max(1, sum(client.nthreads().values()))
    except OSError as error:
        raise ClusterError(_gone(scheduler)) from error


def _wait_for_a_worker(client: Any, scheduler: str) -> None:
    """Return at once where there is one; a lost one may be on its way back."""
    try:
        client.wait_for_workers(1, timeout=ANSWER_S)
    except TimeoutError as error:
        raise ClusterError(
            f"{scheduler}: the cluster has no worker to give photos to. Start one with "
            f"'dask worker {scheduler}', then this command again: what is done is kept."
        ) from error
    except OSError as error:
        raise ClusterError(_gone(scheduler)) from error


def _gone(scheduler: str) -> str:
    return (
        f"{scheduler}: the Dask scheduler went away during the work. Start it again, then this "
        "command: what is done is kept."
    )
