"""The checkpoint reader trusts no pickle."""

import pickle
import shutil

import pytest

from geocore.errors import BackboneError
from geocore.models.efficientnet_lite import checkpoint_path
from geocore.models.torch_checkpoint import LEGACY_MAGIC, load_torch_checkpoint


class Malicious:
    """Unpickled by an ordinary unpickler it would call print."""

    def __reduce__(self):
        return (print, ("owned",))


def write_checkpoint(path, state_dict):
    with path.open("wb") as stream:
        for part in (LEGACY_MAGIC, 1001, {}, state_dict, []):
            pickle.dump(part, stream, protocol=2)
    return path


def test_a_call_hidden_in_the_file_is_refused(tmp_path, capsys):
    path = write_checkpoint(tmp_path / "weights.pth", Malicious())
    with pytest.raises(BackboneError, match=r"asks for (__builtin__|builtins).print"):
        load_torch_checkpoint(path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [b"", b"not a pickle", pickle.dumps(1) * 5])
def test_other_files_are_refused(content, tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(BackboneError, match="not a readable legacy PyTorch checkpoint"):
        load_torch_checkpoint(path)


def test_a_truncated_checkpoint_is_refused(tmp_path):
    path = tmp_path / "weights.pth"
    shutil.copyfile(checkpoint_path(0), path)
    with path.open("r+b") as stream:
        stream.truncate(5_000_000)
    with pytest.raises(BackboneError, match="Reinstall the package"):
        load_torch_checkpoint(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BackboneError, match=r"nothing\.pth"):
        load_torch_checkpoint(tmp_path / "nothing.pth")
