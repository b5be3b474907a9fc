"""Data stage: one function over many photos, on all cores of this machine or on a cluster.

It knows nothing of what the function does. A cluster is `geocore.data.cluster`, loaded on demand.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

CHECK_S = 10.0  # how often a pool that delivers nothing is asked whether it still can


@dataclass(frozen=True)
class Pool:
    """Where the function runs.

    Attributes:
        executor: takes tasks.
        n_slots: tasks that run at once; asked again and again, for a cluster grows and shrinks.
        check: raises ClusterError when nothing can be expected any more.
        is_local: whether tasks run on threads of this very process.
    """

    executor: Executor
    n_slots: Callable[[], int]
    check: Callable[[], None]
    is_local: bool = False


Scheduler = str | Pool | None


def map_photos(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    scheduler: Scheduler = None,
    batch: int = 64,
    progress: Callable[[int], object] | None = None,
) -> list[Result]:
    """Apply a function to every item, many at a time.

    Args:
        function: called once per item, or once more where a worker was lost; on a thread of its own
            or in another process, so it must not change what other calls see. What it raises ends
            the work and is raised here: return what is wrong with one photo, if the others shall
            go on. For processes and clusters it must be importable there, not a lambda's state.
        items: paths, rows, whatever the function takes.
        scheduler: None for threads of this process on all cores; "processes" for one process per
            core; "tcp://host:port" for a Dask cluster, whose workers must see the same files; or
            what `open_pool` gave for one of these.
        batch: items per task.
        progress: called with the number of items just done, `tqdm.update` for example.

    Returns:
        The results in the order of the items.

    Raises:
        ValueError: unknown scheduler, or `batch` is not positive.
        ClusterError: the cluster cannot be reached or is gone.
    """
    results: list[Any] = [None] * len(items)
    for start, part in photo_results(function, items, scheduler=scheduler, batch=batch):
        results[start : start + len(part)] = part
        if progress is not None:
            progress(len(part))
    return results


def photo_results(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    scheduler: Scheduler = None,
    batch: int = 64,
) -> Iterator[tuple[int, list[Result]]]:
    """As `map_photos`, batch by batch as they come: the first item's index and the results."""
    if batch < 1:
        raise ValueError(f"batch must be at least 1, received {batch}.")
    starts = iter(range(0, len(items), batch))
    running: dict[Future, int] = {}
    with open_pool(scheduler) as pool:
        while True:
            for start in islice(starts, max(0, 2 * pool.n_slots() - len(running))):
                task = pool.executor.submit(_apply, function, items[start : start + batch])
                running[task] = start
            if not running:
                return
            done = wait(running, CHECK_S, FIRST_COMPLETED).done
            if not done:
                pool.check()
            for task in done:
                yield running.pop(task), task.result()


def open_pool(scheduler: Scheduler) -> AbstractContextManager[Pool]:
    """One pool for several calls, which would else each start and end their own processes.

    Raises:
        ValueError: unknown scheduler.
        ClusterError: the cluster cannot be reached or is gone.
    """
    if isinstance(scheduler, Pool):
        return nullcontext(scheduler)
    if scheduler is None:
        return _threads()
    from geocore.data.cluster import open_cluster  # an extra that most users do not install

    return open_cluster(scheduler)


@contextmanager
def open_processes(n_batches: int, lost: Exception) -> Iterator[Pool]:
    """One process per core, for work that threads of one Python would take turns at.

    Args:
        n_batches: of the work; there are not more processes than these.
        lost: raised when a process is ended from outside.
    """
    n_processes = max(1, min(n_cores(), n_batches))
    executor = ProcessPoolExecutor(n_processes, mp_context=get_context("spawn"))
    try:
        yield Pool(executor, lambda: n_processes, lambda: None)
    except BrokenProcessPool as error:
        raise lost from error
    finally:
        executor.shutdown(cancel_futures=True)


def n_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _apply(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [function(item) for item in items]


@contextmanager
def _threads() -> Iterator[Pool]:
    executor = ThreadPoolExecutor(n_cores())
    try:
        yield Pool(executor, n_cores, lambda: None, is_local=True)
    finally:
        executor.shutdown(cancel_futures=True)
