"""Several devices, of one machine or of two processes, come to the weights of one device."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from geocore.config import config_from_dict, config_to_toml, load_config
from geocore.errors import ClusterError, ConfigError
from geocore.training import TrainingConfig, is_first_worker
from geocore.training.batches import Examples, Share, shuffled_batches, validation_batches
from geocore.training.strategy import (
    EXAMPLE,
    check_batch_size,
    losing_no_worker,
    meet_at_epoch,
    open_strategy,
    replicate,
)
from tests import distributed_training

ROOT = Path(__file__).parents[1]
CONFIG = TrainingConfig(batch_size=6, epochs=2)


def shares(n_devices: int, n_machines: int) -> list[Share]:
    n_here = n_devices // n_machines
    return [Share(n_devices=n_devices, first=i * n_here, n_here=n_here) for i in range(n_machines)]


def indexed(n_photos: int, batch_size: int = 6) -> Examples:
    """Photos whose input is their index, all of weight 1."""

    def gather(indices, epoch):
        return indices, indices, tf.ones(tf.shape(indices))

    return Examples(n_photos=n_photos, gather=gather, batch_size=batch_size)


def by_device(machines: list[list], n_here: int) -> list[list]:
    """What each machine sees one after the other, as what each device sees."""
    return [machine[device::n_here] for machine in machines for device in range(n_here)]


@pytest.mark.parametrize("n_photos", [1, 6, 13])
@pytest.mark.parametrize(("n_devices", "n_machines"), [(2, 1), (6, 3)])
def test_every_photo_weighs_what_it_does_on_one_device(n_photos, n_devices, n_machines):
    machines = [
        list(shuffled_batches(indexed(n_photos), CONFIG, 0, share).as_numpy_iterator())
        for share in shares(n_devices, n_machines)
    ]
    devices = by_device(machines, n_devices // n_machines)
    alone = list(shuffled_batches(indexed(n_photos), CONFIG).as_numpy_iterator())
    assert {len(device) for device in devices} == {len(alone)}
    for step, (photos, _, _) in enumerate(alone):
        weight = np.zeros(n_photos)
        for device in devices:
            inputs, _, weights = device[step]
            assert len(inputs) == 6 // n_devices
            np.add.at(weight, inputs, weights / len(inputs) / n_devices)
        expected = np.isin(np.arange(n_photos), photos) / len(photos)
        np.testing.assert_allclose(weight, expected, atol=1e-7)


@pytest.mark.parametrize("n_photos", [6, 13])
@pytest.mark.parametrize(("n_devices", "n_machines"), [(2, 1), (6, 3)])
def test_every_photo_is_validated_once_in_parts_that_are_never_empty(
    n_photos, n_devices, n_machines
):
    n_steps = max(1, n_photos // 6)
    n_here = n_devices // n_machines
    seen = []
    for share in shares(n_devices, n_machines):
        parts = validation_batches(indexed(n_photos), share).take(n_steps * n_here)
        seen += [inputs for inputs, _ in parts.as_numpy_iterator()]
    assert sorted(np.concatenate(seen)) == list(range(n_photos))
    sizes = {len(part) for part in seen}
    assert min(sizes) > 0 and max(sizes) - min(sizes) <= 1


def test_fewer_photos_than_devices_are_validated_by_all():
    parts = validation_batches(indexed(2), shares(4, 2)[1]).take(2)
    assert [list(inputs) for inputs, _ in parts.as_numpy_iterator()] == [[0, 1], [0, 1]]


def test_devices_must_be_able_to_share_a_batch():
    with pytest.raises(ValueError, match=r"a multiple of the number of devices.*received 8 for 3"):
        check_batch_size(8, SimpleNamespace(num_replicas_in_sync=3))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}'],
)
def test_machines_that_are_not_named(text, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match="needs the environment variable TF_CONFIG"):
        open_strategy("multi-worker")


def test_machines_that_meet_too_late(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", EXAMPLE)

    def too_late():
        raise RuntimeError("Collective ops must be configured at program startup")

    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", too_late)
    with pytest.raises(ValueError, match=r"Only scripts/train.py trains on several machines"):
        open_strategy("multi-worker")


def test_an_unknown_strategy():
    with pytest.raises(ConfigError, match=r"Unknown strategy 'tpu'. Known strategies: none, mirr"):
        config_from_dict({"grid": {"t_min": 2, "t_max": 20}, "training": {"strategy": "tpu"}})


def test_one_device_leaves_the_configuration_as_it_was(tmp_path):
    """Otherwise every run that was stored before would be made again."""
    config = config_from_dict({"grid": {"t_min": 2, "t_max": 20}})
    assert "strategy" not in config_to_toml(config)
    shared = replace(config, training=replace(config.training, strategy="mirrored"))
    (tmp_path / "shared.toml").write_text(config_to_toml(shared), "utf-8")
    assert load_config(tmp_path / "shared.toml") == shared


def test_one_worker_is_the_first():
    assert is_first_worker(CONFIG)
    assert is_first_worker(replace(CONFIG, strategy="mirrored"))


def test_a_network_made_elsewhere_is_refused():
    shared = tf.distribute.MirroredStrategy(["CPU:0"])
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"made inside 'with device_scope.*kernel' was not"):
        replicate(network, shared)


def test_workers_must_have_one_folder():
    workers = SimpleNamespace(gather=lambda *_, **__: tf.constant([3, 0]))
    with pytest.raises(ClusterError, match=r"they have done 3, 0. Give them one --cache folder"):
        meet_at_epoch(3, workers)


def test_a_lost_worker_is_said():
    lost = tf.errors.UnavailableError(None, None, "Connection reset by peer\nmore")
    several = replace(CONFIG, strategy="multi-worker")
    with (
        pytest.raises(ClusterError, match=r"one of them was lost.*Connection reset by peer\)$"),
        losing_no_worker(several),
    ):
        raise lost
    with pytest.raises(tf.errors.UnavailableError), losing_no_worker(CONFIG):
        raise lost


@pytest.fixture(scope="module")
def on_one_device():
    """Weights and validation losses."""
    return distributed_training.train("none")


def assert_close(out: Path, expected: list[np.ndarray]) -> None:
    with np.load(out) as arrays:
        found = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-5)


def start(*arguments: object, tf_config: str = "") -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.distributed_training", *map(str, arguments)]
    environment = os.environ | ({"TF_CONFIG": tf_config} if tf_config else {})
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


def two_free_ports() -> list[int]:
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in (first, second)]


def start_two_workers(folder: Path, *arguments_of_first: object) -> list[int]:
    """Exit codes of two workers, each of which writes OUT-<index>.npz."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in two_free_ports()]}
    workers = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        arguments = ["multi-worker", folder / f"out-{index}.npz", folder / "state"]
        arguments += arguments_of_first if index == 0 else []
        tf_config = json.dumps({"cluster": cluster, "task": task})
        workers.append(start(*arguments, tf_config=tf_config))
    return [worker.wait(timeout=300) for worker in workers]


@pytest.mark.slow
def test_two_devices_of_one_machine(tmp_path, on_one_device):
    assert start("mirrored", tmp_path / "out.npz", "--devices", 2).wait(timeout=300) == 0
    assert_close(tmp_path / "out.npz", on_one_device)


@pytest.mark.slow
def test_two_workers_killed_and_started_again(tmp_path, on_one_device):
    """The first is killed in the third epoch, the second ends and says why; both go on together."""
    killed = start_two_workers(tmp_path, "--die-at", 2)
    assert killed == [-signal.SIGKILL, distributed_training.LOST_A_WORKER]
    assert (tmp_path / "state" / "epoch-0002.weights.h5").exists()
    assert start_two_workers(tmp_path) == [0, 0]
    for index in range(2):
        assert_close(tmp_path / f"out-{index}.npz", on_one_device)
