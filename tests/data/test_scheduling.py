"""One function over many photos: in order, on threads, on processes, with a worker lost."""

import os

import pytest

from geocore.data.scheduling import map_photos, open_processes


def test_results_keep_the_order_of_the_items():
    done = []
    results = map_photos(lambda x: x * x, range(1000), batch=7, progress=done.append)
    assert results == [x * x for x in range(1000)]
    assert sum(done) == 1000


@pytest.mark.parametrize("n", [0, 1, 64, 65])
def test_any_number_of_items(n):
    assert map_photos(str, list(range(n))) == [str(x) for x in range(n)]


def test_what_the_function_raises_is_raised_and_ends_the_work():
    seen = []

    def fail(item):
        seen.append(item)
        if item == 3:
            raise KeyError("three")

    with pytest.raises(KeyError, match="three"):
        map_photos(fail, range(10_000), batch=1)
    assert len(seen) < 10_000


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="batch must be at least 1, received 0"):
        map_photos(str, [1], batch=0)


def test_a_process_that_is_ended_from_outside_is_told():
    with (
        pytest.raises(RuntimeError, match="ended from outside"),
        open_processes(2, RuntimeError("ended from outside")) as pool,
    ):
        map_photos(os._exit, [1, 1], scheduler=pool, batch=1)
