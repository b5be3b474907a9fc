"""Models stage: read a legacy PyTorch checkpoint without PyTorch and without trusting it.

A legacy checkpoint is five pickles (magic number, protocol, system info, the state dict, the
storage keys) followed by the raw bytes of every storage. The unpickler below knows the few globals
that a plain state dict needs and refuses every other one, so that a doctored file can name no
function to call.
"""

import collections
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from geocore.errors import BackboneError

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
STORAGE_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage:
    """Bytes that one or more tensors look into; filled after the state dict has been read."""

    def __init__(self, dtype: np.dtype, n_values: int) -> None:
        self.values = np.zeros(n_values, dtype)


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> tuple[_Storage, int, tuple[int, ...], tuple[int, ...]]:
    return storage, offset, shape, strides


def _rebuild_parameter(tensor: Any, *_: Any) -> Any:
    return tensor


class _StateDictUnpickler(pickle.Unpickler):
    """Unpickler that builds plain tensors and refuses every other global."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        super().__init__(stream)
        self.path = path
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        """The few harmless names that a checkpoint needs; any other is refused."""
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name == "_rebuild_tensor_v2":
            return _rebuild_tensor
        if module == "torch._utils" and name == "_rebuild_parameter":
            return _rebuild_parameter
        if module == "torch" and name in STORAGE_DTYPES:
            return STORAGE_DTYPES[name]
        raise BackboneError(
            f"{self.path}: the checkpoint asks for {module}.{name}, which a table of weights never "
            "needs. "
            "It was not loaded; reinstall the package it came from."
        )

    def persistent_load(self, reference: tuple[Any, ...]) -> _Storage:
        """The storage that a tensor refers to, its values not read yet."""
        _, dtype, key, _, n_values, *_ = reference
        return self.storages.setdefault(key, _Storage(dtype, n_values))


def load_torch_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """Tensors of a legacy PyTorch state dict as NumPy arrays, by name.

    Args:
        path: file written by ``torch.save(model.state_dict())`` before PyTorch 1.6.

    Returns:
        dict from parameter name to array in PyTorch's own layout (convolutions are OIHW).

    Raises:
        BackboneError: the file is missing, is no legacy checkpoint, or names a global that is not a
            tensor's.

    Source: own; format as written by ``torch.serialization``.
    """
    try:
        with path.open("rb") as stream:
            return _read_checkpoint(stream, path)
    except (OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError) as error:
        raise BackboneError(
            f"{path}: not a readable legacy PyTorch checkpoint ({error}). Reinstall the package it "
            "came from."
        ) from error


def _read_checkpoint(stream: BinaryIO, path: Path) -> dict[str, np.ndarray]:
    magic, _, _ = (_StateDictUnpickler(stream, path).load() for _ in range(3))
    if magic != LEGACY_MAGIC:
        raise ValueError(f"expected the magic number {LEGACY_MAGIC:#x}, received {magic!r}")
    unpickler = _StateDictUnpickler(stream, path)
    tensors = unpickler.load()
    for key in _StateDictUnpickler(stream, path).load():
        storage = unpickler.storages[key]
        stream.seek(8, 1)  # the storage's own length, already known from the state dict
        n_bytes = storage.values.nbytes
        storage.values = np.frombuffer(stream.read(n_bytes), storage.values.dtype)
    return {name: _as_array(*tensor) for name, tensor in tensors.items()}


def _as_array(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> np.ndarray:
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if min((offset, *strides)) < 0 or last >= storage.values.size:
        raise ValueError(f"tensor of shape {tuple(shape)} reaches outside its storage")
    byte_strides = [stride * storage.values.itemsize for stride in strides]
    view = np.lib.stride_tricks.as_strided(storage.values[offset:], shape, byte_strides)
    return np.ascontiguousarray(view)
