"""Frozen features: the backbone's own, computed once, on any machine, whatever is killed."""

import os
import pickle
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import pytest

from geocore.errors import FeatureError
from geocore.models import feature_pass, feature_store, features
from geocore.models.backbones import build_backbone
from geocore.models.classifier import pool
from geocore.models.feature_pass import FeaturePass, FeatureSpec
from geocore.models.feature_store import FeatureStore
from geocore.models.features import extract_features
from geocore.models.images import load_image
from tests.conftest import made_photo

ROOT = Path(__file__).parents[2]
SPEC = FeatureSpec(backbone="EfficientNet-Lite0", size_px=32, augmentation="upright")


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs."""


@pytest.fixture
def paths(tmp_path):
    """Twelve photos: 3 is no photo, 5 and 7 are copies of 0, 9 is not there, 11 is a copy of 3."""
    files = [tmp_path / f"{i}.jpg" for i in range(12)]
    for i, file in enumerate(files):
        made_photo(64, 48, place=i, seed=i).save(file)
    files[3].write_bytes(b"no photo")
    for copy, of in ((5, 0), (7, 0), (11, 3)):
        files[copy].write_bytes(files[of].read_bytes())
    files[9].unlink()
    return [str(file) for file in files]


@pytest.fixture
def counted(monkeypatch):
    """The photos that went through the network, in the order in which they did."""
    seen = []
    real = FeaturePass.__call__

    def counting(self, photos):
        seen.extend(path for path, _ in photos)
        return real(self, photos)

    monkeypatch.setattr(FeaturePass, "__call__", counting)
    return seen


def test_features_are_what_the_backbone_says(paths, tmp_path):
    found = extract_features(paths, SPEC, tmp_path / "cache", n_views=2)
    backbone = SPEC.build()
    network = keras.Model(backbone.input, pool(backbone.output, "max+mean"))
    readable = [i for i in range(12) if i not in (3, 9, 11)]
    pixels = np.stack([load_image(paths[i], 32) for i in readable]).astype("float32")
    assert found.values.shape == (12, 2, 2 * 1280)
    np.testing.assert_allclose(found.values[readable, 0], network(pixels), atol=1e-4)
    np.testing.assert_array_equal(found.is_readable, np.isin(np.arange(12), readable))
    assert sorted(found.errors) == [3, 9, 11]
    assert "9.jpg: there is no such file" in found.errors[9]
    assert np.isnan(found.values[[3, 9, 11]]).all()
    np.testing.assert_array_equal(found.values[5], found.values[0])


def test_a_second_run_and_a_renamed_photo_compute_nothing(paths, tmp_path, counted):
    first = extract_features(paths, SPEC, tmp_path / "cache")
    assert len(counted) == 8  # so many different files, one of them no photo
    renamed = Path(paths[0]).with_name("renamed.jpg")
    Path(paths[0]).rename(renamed)
    counted.clear()
    again = extract_features([str(renamed), *paths[1:]], SPEC, tmp_path / "cache")
    assert counted == [paths[3]]
    np.testing.assert_array_equal(again.values, first.values)


def test_a_killed_run_goes_on_after_its_last_shard(paths, tmp_path, counted, monkeypatch):
    good = [path for i, path in enumerate(paths) if i not in (3, 5, 7, 9, 11)]
    whole = extract_features(good, SPEC, tmp_path / "whole")
    monkeypatch.setattr(feature_store, "SHARD_PHOTOS", 2)
    monkeypatch.setattr(features, "BATCH_SIZE", 1)
    added, real = [], FeatureStore.add

    def killed(self, sha256, row):
        if len(added) == 5:
            patch.setattr(FeatureStore, "flush", lambda self: None)  # nothing runs after kill -9
            raise Killed
        added.append(sha256)
        real(self, sha256, row)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(FeatureStore, "add", killed)
        extract_features(good, SPEC, tmp_path / "cache")
    assert len(list((tmp_path / "cache").rglob("*.npz"))) == 2
    counted.clear()
    rest = extract_features(good, SPEC, tmp_path / "cache")
    assert len(counted) == 7 - 4
    np.testing.assert_allclose(rest.values, whole.values, atol=1e-4)


def test_an_interrupted_run_keeps_what_it_has(paths, tmp_path, counted, monkeypatch):
    monkeypatch.setattr(features, "BATCH_SIZE", 1)

    def interrupted(self, n_items):
        if n_items == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(features.Counter, "add", interrupted)
        extract_features(paths[:2], SPEC, tmp_path / "cache")
    counted.clear()
    extract_features(paths[:2], SPEC, tmp_path / "cache")
    assert len(counted) == 1


def test_a_disk_that_is_taken_away_is_no_unreadable_photo(paths, tmp_path, monkeypatch):
    real = features.photo_results

    def taken_away(*arguments, **options):
        for path in paths:
            Path(path).unlink(missing_ok=True)
        return real(*arguments, **options)

    monkeypatch.setattr(features, "photo_results", taken_away)
    with pytest.raises(FeatureError, match=r"0.jpg: the photos must stay where they are"):
        extract_features(paths, SPEC, tmp_path / "cache")


def test_only_unreadable_photos(paths, tmp_path):
    found = extract_features([paths[3], paths[9]], SPEC, tmp_path / "cache", n_views=2)
    assert found.values.shape == (2, 2, 0)
    assert not found.is_readable.any()


def test_a_damaged_shard_is_as_good_as_absent(tmp_path):
    store = FeatureStore(tmp_path / "view")
    for name in ("a" * 64, "b" * 64):
        store.add(name, np.ones(3, np.float32))
        store.flush()
    first, second = sorted((tmp_path / "view").glob("*.npz"))
    first.write_bytes(first.read_bytes()[:-20])
    second.with_name("0.npz").write_bytes(b"")
    known = store.known()
    assert len(known) == 1 and store.n_features == 3
    table = np.zeros((4, 3), np.float32)
    store.load_into(table, np.array(["a" * 64, "b" * 64, "", *known], dtype=object))
    assert table.sum() == 6  # the one that is left, asked for twice


def test_a_full_disk_leaves_what_was_written(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    store = FeatureStore(tmp_path / "view")
    store.add("a" * 64, np.ones(3, np.float32))
    store.flush()
    store.add("b" * 64, np.ones(3, np.float32))
    with (
        monkeypatch.context() as patch,
        pytest.raises(FeatureError, match=r"kept here.*No space left"),
    ):
        patch.setattr(np, "savez", full)
        store.flush()
    assert len(list((tmp_path / "view").iterdir())) == 1
    assert store.known() == {"a" * 64}


def test_a_tuned_backbone_travels_as_a_file(paths, tmp_path):
    tuned = tuple(
        x * 1.01 for x in build_backbone("EfficientNet-Lite0", 32, folded=False).get_weights()
    )
    spec = FeatureSpec(backbone="EfficientNet-Lite0", size_px=32, weights=tuned)
    light = spec.with_saved_weights(tmp_path / "cache")
    work = FeaturePass(spec=light, view=0, policy="float32")
    sent = pickle.dumps(work)
    assert len(sent) < 1000
    assert light.folder_name(0) == spec.folder_name(0) != SPEC.folder_name(0)
    assert light == spec
    here = FeaturePass(spec=spec, view=0, policy="float32")([(paths[0], "0" * 64)])
    feature_pass.pooled_backbone.cache_clear()
    there = pickle.loads(sent)([(paths[0], "0" * 64)])
    np.testing.assert_array_equal(here, there)


@pytest.mark.slow
def test_two_workers_one_of_them_killed_give_the_same(paths, tmp_path, monkeypatch):
    """The features of this process, though one of two workers is killed for good in mid-run."""
    pytest.importorskip("distributed", reason="needs the extra 'cluster' (Dask)")
    monkeypatch.setattr(features, "BATCH_SIZE", 2)
    here = extract_features(paths, SPEC, tmp_path / "here")
    monkeypatch.setattr(features, "FeaturePass", DiesOnce)
    with two_dask_workers() as (address, workers):
        there = extract_features(paths, SPEC, tmp_path / "there", scheduler=address)
        assert sorted(worker.poll() is None for worker in workers) == [False, True]
    np.testing.assert_array_equal(there.sha256, here.sha256)
    np.testing.assert_allclose(there.values, here.values, atol=1e-4)
    assert there.errors == here.errors


class DiesOnce(FeaturePass):
    """Kills the process that it first runs in, once it has computed something."""

    def __call__(self, photos):
        results = super().__call__(photos)
        mark = Path(photos[0][0]).parent / "there" / "died"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return results


@contextmanager
def two_dask_workers():
    """A scheduler's address and two worker processes, which nobody starts again."""
    import distributed

    with distributed.LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address]
        command += ["--no-nanny", "--nthreads=1", "--no-dashboard"]
        log = subprocess.DEVNULL
        workers = [subprocess.Popen(command, cwd=ROOT, stderr=log) for _ in range(2)]
        try:
            with distributed.Client(cluster, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=60)
            yield cluster.scheduler_address, workers
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
