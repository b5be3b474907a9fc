"""Data stage: one function over many photos, on all cores of this machine or on a cluster.

It knows nothing of what the function does.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[int], object]


def map_photos(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    scheduler: str | None = None,
    batch: int = 64,
    progress: Progress | None = None,
) -> list[Result]:
    """Apply a function to every item, many at a time.

    Args:
        function: called once per item, on a thread of its own or in another process; it must not
            change anything that it shares with other calls. What it raises ends the work and is
            raised here: return what is wrong with one photo, if the others shall go on.
        items: paths, rows, whatever the function takes.
        scheduler: None for threads of this process on all cores.
        batch: items per task.
        progress: called with the number of items just done, `tqdm.update` for example.

    Returns:
        The results in the order of the items.

    Raises:
        ValueError: unknown scheduler, or `batch` is not positive.
    """
    if batch < 1:
        raise ValueError(f"batch must be at least 1, received {batch}.")
    if scheduler is not None:
        raise ValueError(f"Unknown scheduler {scheduler!r}.")
    results: list[Any] = [None] * len(items)
    for start, part in _in_threads(function, items, batch):
        results[start : start + len(part)] = part
        if progress is not None:
            progress(len(part))
    return results


def n_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _apply(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [function(item) for item in items]


def _in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], batch: int
) -> Iterator[tuple[int, list[Result]]]:
    """First index and results of each batch, as they come; a few batches wait per core."""
    starts = iter(range(0, len(items), batch))
    running: dict[Future, int] = {}
    with ThreadPoolExecutor(n_cores()) as pool:
        try:
            while True:
                for start in islice(starts, 2 * n_cores() - len(running)):
                    task = pool.submit(_apply, function, items[start : start + batch])
                    running[task] = start
                if not running:
                    return
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(done), done.result()
        finally:
            pool.shutdown(cancel_futures=True)
