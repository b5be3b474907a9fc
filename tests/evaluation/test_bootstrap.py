import numpy as np
import pytest

from geocore.evaluation import bootstrap


def test_chunks_change_no_draw(monkeypatch):
    whole = np.concatenate(list(bootstrap.resamples(37, 50)))
    monkeypatch.setattr(bootstrap, "CHUNK_SIZE", 100)
    chunks = list(bootstrap.resamples(37, 50))
    assert len(chunks) == 25
    assert (np.concatenate(chunks) == whole).all()


def test_sums_are_those_of_the_drawn_photos():
    values = np.random.default_rng(0).normal(size=(9, 2))
    draws = np.concatenate(list(bootstrap.resamples(9, 30)))
    expected = values[draws].sum(axis=1)
    np.testing.assert_allclose(bootstrap.resampled_sums(values, draws), expected)


@pytest.mark.parametrize("n_photos", [1, 2, 9, 10])
def test_medians_are_those_of_the_drawn_photos(n_photos):
    values = np.random.default_rng(0).normal(size=n_photos).round(1)
    draws = np.concatenate(list(bootstrap.resamples(n_photos, 60)))
    expected = np.median(values[draws], axis=1)
    np.testing.assert_allclose(bootstrap.resampled_medians(values, draws), expected)


def test_interval_of_a_mean_is_the_textbook_one():
    values = np.random.default_rng(0).normal(3, 2, 400)
    figure = bootstrap.mean_figure(values)
    half = 1.96 * values.std() / np.sqrt(400)
    assert figure["value"] == pytest.approx(values.mean())
    assert figure["ci95"] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.03)
    assert figure == bootstrap.mean_figure(values), "the same seed gives the same interval"


def test_interval_covers_the_truth_about_nineteen_times_in_twenty():
    rng = np.random.default_rng(1)
    intervals = [
        bootstrap.mean_figure(rng.random(150) < 0.3, n_bootstrap=300)["ci95"] for _ in range(200)
    ]
    covered = np.mean([low <= 0.3 <= high for low, high in intervals])
    assert 0.89 <= covered <= 0.99


def test_what_cannot_be_computed_is_none():
    assert bootstrap.mean_figure(np.full(4, np.nan)) == {"value": None, "ci95": [None, None]}
    assert bootstrap.mean_figure(np.array([np.nan, 2.0, 2.0]))["ci95"] == [2.0, 2.0]


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="received n_photos 0 and n_bootstrap 1000"):
        next(bootstrap.resamples(0))
