"""Training: the same seed gives the same weights, a killed run ends where it would have ended."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from geocore import training
from geocore.models.classifier import ClassifierConfig, build_classifier
from geocore.progress import VARIABLE, read_progress
from geocore.training import TrainingConfig, fit_features, prepare_tensorflow

CONFIG = TrainingConfig(learning_rate=3e-3, epochs=6, batch_size=8, stop_patience=6)
N_FEATURES, N_CLASSES = 6, 4


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs."""


def photos(n, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, N_CLASSES, n)
    features = rng.normal(size=(n, N_FEATURES)) + np.eye(N_CLASSES, N_FEATURES)[labels] * 2
    return features.astype("float32"), labels


def train(folder=None, config=CONFIG):
    prepare_tensorflow(config.seed)
    head = keras.layers.Dense(N_CLASSES)
    model = build_classifier(N_FEATURES, head, ClassifierConfig(hidden_units=16), seed=config.seed)
    features, labels = photos(50, 0)
    weights = np.ones(50, "float32")
    run = fit_features(model, (features, labels, weights), photos(20, 1), config, folder)
    return model.get_weights(), run


def assert_equal_weights(left, right):
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


def test_seed_42_gives_the_same_weights_twice():
    assert_equal_weights(train()[0], train()[0])


def test_another_seed_gives_other_weights():
    other = TrainingConfig(learning_rate=3e-3, epochs=6, batch_size=8, seed=7)
    assert np.abs(train()[0][0] - train(config=other)[0][0]).max() > 1e-3


def test_a_watched_run_says_how_far_its_epochs_are_and_ends_alike(tmp_path, monkeypatch):
    expected = train()[0]
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress.jsonl"))
    monkeypatch.setattr("geocore.training.batch_progress.EVERY_S", 0)
    assert_equal_weights(expected, train()[0])
    lines = read_progress(tmp_path / "progress.jsonl")
    assert [line["kind"] for line in lines[:8]] == ["batch"] * 7 + ["epoch"]
    batches = [line for line in lines if line["kind"] == "batch"]
    assert (batches[3]["epoch"], batches[3]["done"], batches[3]["of"]) == (1, 4, 7)
    assert (batches[-1]["epoch"], batches[-1]["epochs"]) == (6, 6)


@pytest.mark.parametrize("moment", ["new-state.json", "new-best.weights.h5"])
@pytest.mark.parametrize("epoch", [1, 3])
def test_a_killed_run_goes_on_to_the_same_end(tmp_path, monkeypatch, moment, epoch):
    """Killed while writing the state or the best weights of an epoch, started again."""
    expected, uninterrupted = train()
    real, seen = training.RunState.on_epoch_end, []

    def killed(self, number, logs=None):
        if number == epoch:
            seen.append(number)
            (self.folder / moment).write_bytes(b"half")
            raise Killed
        real(self, number, logs)

    monkeypatch.setattr(training.RunState, "on_epoch_end", killed)
    with pytest.raises(Killed):
        train(tmp_path)
    monkeypatch.undo()
    weights, run = train(tmp_path)
    assert seen == [epoch]
    assert_equal_weights(weights, expected)
    columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    assert run.history[columns].equals(uninterrupted.history[columns])


def test_a_finished_run_is_not_trained_again(tmp_path, monkeypatch):
    expected, _ = train(tmp_path)
    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: pytest.fail("trained again"))
    assert_equal_weights(train(tmp_path)[0], expected)


def test_no_file_is_begun_that_does_not_fit_and_the_run_goes_on_with_room(tmp_path, monkeypatch):
    expected, _ = train(tmp_path / "undisturbed")
    with monkeypatch.context() as patch, pytest.raises(OSError, match=r"No space left.*best"):
        patch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
        train(tmp_path / "full")
    assert_equal_weights(train(tmp_path / "full")[0], expected)


def test_a_run_that_is_not_kept_writes_nothing_and_ends_alike(tmp_path, monkeypatch):
    expected, kept = train(tmp_path / "kept")
    monkeypatch.setattr(keras.Model, "save_weights", lambda *_, **__: pytest.fail("written"))
    weights, run = train()
    assert_equal_weights(weights, expected)
    assert run.best_epoch == kept.best_epoch


def test_early_stopping_keeps_the_best_epoch():
    hasty = TrainingConfig(learning_rate=0.3, epochs=40, batch_size=8, stop_patience=2)
    _, run = train(config=hasty)
    assert len(run.history) == run.best_epoch + 2 < 40
    assert run.best_validation_loss == run.history["val_cross_entropy"].min()


def test_the_learning_rate_falls_on_a_plateau():
    config = TrainingConfig(
        learning_rate=0.3, epochs=12, batch_size=8, stop_patience=12, plateau_patience=2
    )
    rates = train(config=config)[1].history["learning_rate"]
    assert rates.iloc[-1] == pytest.approx(0.3 * 0.2 ** len(set(rates.round(9))) / 0.2, rel=1e-3)
    assert rates.iloc[-1] < 0.3


def test_a_weight_of_zero_takes_a_photo_out():
    prepare_tensorflow(42)
    features, labels = photos(40, 0)
    wrong = np.where(np.arange(40) < 20, labels, (labels + 1) % N_CLASSES)
    head = keras.layers.Dense(N_CLASSES)
    model = build_classifier(N_FEATURES, head, ClassifierConfig(hidden_units=16, dropout=0.0))
    weights = (np.arange(40) < 20).astype("float32")
    config = TrainingConfig(learning_rate=0.01, epochs=60, batch_size=8, stop_patience=60)
    fit_features(model, (features, wrong, weights), (features[:20], labels[:20]), config)
    answers = model.predict(features[20:], verbose=0).argmax(axis=1)
    assert (answers == labels[20:]).mean() > 0.5


def test_no_photo_is_a_clear_error():
    empty = (np.zeros((0, 2), "float32"), np.zeros(0, int), np.zeros(0, "float32"))
    with pytest.raises(ValueError, match="no training photo left"):
        fit_features(keras.Sequential(), empty, (empty[0], empty[1]), CONFIG)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0}, "learning_rate must be positive, received 0"),
        ({"epochs": 0}, "must be at least 1"),
        ({"plateau_factor": 1.0}, r"plateau_factor must lie in \(0, 1\), received 1.0"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        TrainingConfig(**settings)


def test_the_validation_loss_is_the_log_loss_alone():
    """Weight decay weighs on training; when to stop is judged by the log-loss."""
    prepare_tensorflow(42)
    head = keras.layers.Dense(N_CLASSES)
    model = build_classifier(N_FEATURES, head, ClassifierConfig(hidden_units=16, weight_decay=0.1))
    features, labels = photos(50, 0)
    held_out = photos(20, 1)
    run = fit_features(model, (features, labels, np.ones(50, "float32")), held_out, CONFIG)
    logits = model.predict(held_out[0], verbose=0).astype(float)
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    log_loss = -log_probs[np.arange(20), held_out[1]].mean()
    assert run.best_validation_loss == pytest.approx(log_loss, rel=1e-5)
    assert run.history["val_loss"].min() > run.best_validation_loss + 0.5
