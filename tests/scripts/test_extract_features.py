"""Features ahead of training: kept, found again, and mistakes said."""

from pathlib import Path

import pytest

from scripts import extract_features, train


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(
        "[grid]\nt_min = 2\nt_max = 20\n"
        '[backbone]\nname = "EfficientNet-Lite0"\nsize_px = 32\n[augmentation]\nn_views = 0\n',
        "utf-8",
    )
    return path


def arguments(config: Path, photos: Path, cache: Path) -> list[str]:
    return ["--config", str(config), "--photos", str(photos), "--cache", str(cache)]


def test_what_is_kept_is_found_again(config, tiny_photo_folder, tmp_path, monkeypatch, capsys):
    where = arguments(config, tiny_photo_folder, tmp_path / "cache")
    assert extract_features.main(where) == 0
    assert "saw in 40 photos, each with 0 varied copies" in capsys.readouterr().out
    monkeypatch.setattr("geocore.models.feature_pass.pooled_backbone", pytest.fail)
    assert extract_features.main(where) == 0


@pytest.mark.parametrize("script", [extract_features, train])
def test_an_unknown_scheduler_is_refused_at_once(script, config, tmp_path, capsys):
    where = [*arguments(config, tmp_path, tmp_path), "--scheduler", "spark://a:1"]
    where += ["--out", str(tmp_path / "bundle")] if script is train else []
    assert script.main(where) == 1
    assert "scheduler must be 'processes' or the address of a Dask" in capsys.readouterr().err


def test_a_cluster_that_does_not_answer(config, tiny_photo_folder, tmp_path, monkeypatch, capsys):
    pytest.importorskip("distributed", reason="needs the extra 'cluster' (Dask)")
    monkeypatch.setattr("geocore.data.cluster.ANSWER_S", 0.3)
    where = arguments(config, tiny_photo_folder, tmp_path / "cache")
    assert extract_features.main([*where, "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "no Dask scheduler answers there" in capsys.readouterr().err
