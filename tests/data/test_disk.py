"""A full or read-only disk becomes a sentence, whoever came upon it; other faults stay theirs."""

import errno

import pytest

from geocore.data.disk import disk_faults
from geocore.errors import DiskError

HDF5 = "Unable to write (file write failed: errno = 28, error message = 'No space left on device')"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "x", "out/best.h5"),
            r"No space left on device: out/best\.h5\. Free",
        ),
        (OSError(errno.EROFS, "x", "out"), "Read-only file system: out"),
        (OSError(HDF5), r"No space left on device\. Free"),
        (RuntimeError(HDF5), "No space left on device"),
    ],
)
def test_it_is_said_in_a_sentence(error, said):
    @disk_faults()
    def work():
        raise error

    with pytest.raises(DiskError, match=said):
        work()


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "x"), RuntimeError("errno = 2,"), KeyError()]
)
def test_other_faults_stay_what_they_are(error):
    with pytest.raises(type(error)), disk_faults():
        raise error
