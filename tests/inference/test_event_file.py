"""What a bundle keeps of events: read back as written, and refused where it cannot be used."""

import json
import shutil

import numpy as np
import pytest

from geocore.errors import BundleError
from geocore.evaluation.conformal import LEAST_AREA, METHODS
from geocore.evaluation.pooling_fit import SIZES
from geocore.inference.bundle import load_bundle
from geocore.inference.bundle_files import reworked
from geocore.inference.event_file import EVENTS_FILE, load_events, usual_shares
from tests.inference.calibrated_bundle import calibrated_bundle
from tests.inference.event_bundle import event_bundle


def test_a_bundle_without_events_has_none():
    assert load_events(calibrated_bundle()) is None


def test_what_was_fitted_is_read_back():
    events = load_events(event_bundle())
    head = events.heads["MC"]
    assert head.n_places == 60
    assert set(head.limits) == set(SIZES)
    assert {(x["n_photos"], x["answer"]) for x in head.measured} >= {
        (2, "together"),
        (4, "one view"),
    }
    assert len(events.scores) == 60 * len(SIZES)


def test_more_photos_than_measured_are_held_against_the_most(tmp_path):
    events = load_events(event_bundle())
    head = events.heads["MC"]
    assert head.limit(9) == head.limits[4]
    assert head.limit(3) == head.limits[3]
    bundle = event_bundle()
    of_9, of_4, of_2 = (events.search_calibration(bundle, "MC", n) for n in (9, 4, 2))
    for method in METHODS:
        own = of_4.true_scores("MC", method)
        np.testing.assert_array_equal(of_9.true_scores("MC", method), own)
        assert np.isinf(own).sum() == of_4.photos["is_outside"].sum()
    assert (of_2.true_scores("MC", LEAST_AREA) != of_4.true_scores("MC", LEAST_AREA)).any()


def test_shares_are_those_of_the_training_photos():
    shares = usual_shares(event_bundle())
    assert shares.sum() == pytest.approx(1)
    assert (shares > 0).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x: x["heads"]["MC"].update(tempering=3), "tempering must lie in 0 to 1"),
        (lambda x: x["heads"]["MC"].update(limits={}), "at least one number of photos"),
        (lambda x: x["heads"].update(MX=x["heads"]["MC"]), "no scores of MX"),
        (lambda x: x.pop("heads"), "heads"),
    ],
)
def test_files_that_cannot_be_used_are_refused_with_the_command(tmp_path, change, reason):
    folder = tmp_path / "changed"
    shutil.copytree(event_bundle().folder, folder)
    with reworked(folder) as copy:
        content = json.loads((copy / EVENTS_FILE).read_text("utf-8"))
        change(content)
        (copy / EVENTS_FILE).write_text(json.dumps(content), "utf-8")
    with pytest.raises(BundleError, match=reason) as caught:
        load_events(load_bundle(folder))
    assert "scripts/calibrate_events.py" in str(caught.value)
