"""Fitting and measuring of events: on made views whose dependence is known."""

from dataclasses import replace

import numpy as np
import pytest

from geocore.evaluation.event_measures import (
    ONE,
    SUREST,
    TOGETHER,
    Yardsticks,
    event_table,
    measure_events,
)
from geocore.evaluation.points import build_point_table
from geocore.evaluation.pooling import PoolSettings, pool, usual_log_probs
from geocore.evaluation.pooling_fit import (
    FALSE_ALARMS,
    Places,
    fit_limits,
    fit_pooling,
    log_loss,
    member_fits,
)

N_LEAVES, N_PLACES = 8, 400
LAT = np.linspace(-60, 60, N_LEAVES)
LNG = np.linspace(-150, 150, N_LEAVES)
SHARES = np.full(N_LEAVES, 1 / N_LEAVES)


def made_places(shared: float, seed: int = 0) -> Places:
    """Calibrated views whose errors are `shared` (1) by the views of a place or their own (0)."""
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, N_LEAVES, N_PLACES)
    truth = np.eye(N_LEAVES)[y_true][:, None]
    noise = rng.normal(size=(N_PLACES, 4, N_LEAVES))
    common = rng.normal(size=(N_PLACES, 1, N_LEAVES))
    signal = truth + np.sqrt(shared) * common + np.sqrt(1 - shared) * noise
    probs = np.exp(signal - signal.max(-1, keepdims=True))
    best = probs.argmax(-1)
    return Places(
        probs=probs / probs.sum(-1, keepdims=True), y_true=y_true, lat=LAT[y_true],
        lng=LNG[y_true], points=np.stack([LAT[best], LNG[best]], axis=-1),
    )  # fmt: skip


def usual_of(places):
    return usual_log_probs(places.probs.reshape(-1, N_LEAVES))


def test_independent_views_are_multiplied_and_dependent_ones_averaged():
    tempering = []
    for shared in (0.0, 0.6, 0.9):
        places = made_places(shared)
        tempering.append(fit_pooling(places, usual_of(places)).tempering)
    assert tempering[0] < 0.15
    assert tempering[0] < tempering[1] < tempering[2]
    assert tempering[2] > 0.6


def test_the_fit_is_no_worse_than_its_neighbours():
    places = made_places(0.5)
    usual, found = usual_of(places), fit_pooling(places, usual_of(places))
    losses = [
        np.mean(
            [
                log_loss(
                    pool(
                        places.events(n), usual, PoolSettings(tempering=x, sameness=found.sameness)
                    ).probs,
                    places.y_true,
                )
                for n in (2, 3, 4)
            ]
        )
        for x in (found.tempering, found.tempering - 0.1, found.tempering + 0.1)
    ]
    assert losses[0] == min(losses)


def test_without_a_place_inside_the_leaves_the_usual_settings_stay():
    places = made_places(0.5)
    nowhere = replace(places, y_true=np.full(N_PLACES, -1))
    assert fit_pooling(nowhere, usual_of(places)) == PoolSettings()


def test_limits_name_as_many_true_members_as_they_may():
    places = made_places(0.3)
    usual = usual_of(places)
    limits = fit_limits(places, usual, PoolSettings(), SHARES)
    for n, limit in limits.items():
        fits = member_fits(places.events(n), usual, PoolSettings(), SHARES)
        assert (fits < limit).mean() == pytest.approx(FALSE_ALARMS, abs=0.005)


def test_places_need_as_many_views_as_are_measured():
    with pytest.raises(ValueError, match="at least 4 views"):
        Places(
            probs=np.ones((5, 3, 2)), y_true=np.zeros(5), lat=np.zeros(5), lng=np.zeros(5),
            points=np.zeros((5, 3, 2)),
        )  # fmt: skip
    with pytest.raises(ValueError, match=r"points \(400, 4\)"):
        replace(made_places(0.3), points=np.zeros((N_PLACES, 4)))


def test_events_draw_each_view_at_most_once():
    places = made_places(0.3)
    drawn = places.events(4)
    np.testing.assert_allclose(np.sort(drawn, axis=1), np.sort(places.probs, axis=1))
    np.testing.assert_array_equal(places.events(2), drawn[:, :2])
    best = drawn.argmax(-1)
    np.testing.assert_array_equal(places.event_points(4), np.stack([LAT[best], LNG[best]], -1))


def test_joint_answers_of_independent_views_are_better_and_keep_their_promise():
    places = made_places(0.0)
    area = np.full(N_LEAVES, 1e6)
    yardsticks = Yardsticks(
        usual=usual_of(places),
        shares=SHARES,
        points=build_point_table(LAT, LNG, np.zeros(0), np.zeros(0), np.zeros(0, int)),
        sharpness=1.0,
        label_scores=lambda probs: -np.log(probs),
        true_units=places.y_true,
        area_km2=area,
    )
    measured = measure_events(places, yardsticks, n_halves=4)
    rows = {(x["n_photos"], x["answer"]): x for x in measured}
    for n in (2, 3, 4):
        assert rows[n, TOGETHER]["log_loss"] < rows[n, SUREST]["log_loss"]
        assert rows[n, TOGETHER]["geoscore"] > rows[n, ONE]["geoscore"]
        assert rows[n, TOGETHER]["area_km2"] < rows[n, ONE]["area_km2"]
        assert rows[n, TOGETHER]["coverage"] == pytest.approx(0.9, abs=0.05)
        assert rows[n, TOGETHER]["false_alarms"] == pytest.approx(FALSE_ALARMS, abs=0.02)
        assert rows[n, TOGETHER]["power"] > 2 * FALSE_ALARMS
    table = event_table(measured)
    assert list(table["answer"])[:3] == [ONE, SUREST, TOGETHER]
