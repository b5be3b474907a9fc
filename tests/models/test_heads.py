"""Heads against the slow oracle, and one contract for all of them."""

import keras
import numpy as np
import pytest

from geocore.cells import build_hierarchy, dense_matrices, generate_cells
from geocore.models.classifier import ClassifierConfig, build_classifier
from geocore.models.heads import HEADS, build_head, normalise
from tests import reference

N_FEATURES, N_PHOTOS = 7, 5


@pytest.fixture(scope="module")
def hierarchy():
    """Leaves at three different levels, as the literal and the neutral mode differ only there."""
    rng = np.random.default_rng(0)
    crowds = [(48, 11, 60), (45, 9, 40), (-33, 151, 30), (35, 139, 9), (40, -100, 8)]
    lat = np.concatenate([rng.normal(a, 2, n) for a, _, n in crowds])
    lng = np.concatenate([rng.normal(b, 2, n) for _, b, n in crowds])
    tree = build_hierarchy(generate_cells(lat, lng, t_min=2, t_max=20))
    assert len(set(tree.leaf_level)) >= 3
    return tree


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(1).normal(size=(N_PHOTOS, N_FEATURES)).astype("float32")


def level_logits(head, features):
    """What the head's Dense layer says per level, in NumPy."""
    kernel, bias = (np.asarray(x, float) for x in head.dense.get_weights())
    return np.split(features @ kernel + bias, head.starts[1:-1], axis=1)


def oracle_scores(name, head, hierarchy, features, mode):
    logits = level_logits(head, features)
    lengths = hierarchy.leaf_level + 1
    tensors = reference.expand(
        [reference.softmax(x) for x in logits], dense_matrices(hierarchy, mode="literal")
    )
    if name == "HMC-smooth":
        return reference.hmc_smooth(tensors, lengths, mode)
    return {"HMC": reference.hmc, "HMC-sol": reference.hmc_sol}[name](tensors, lengths, mode)


@pytest.mark.parametrize("mode", ["neutral", "literal"])
@pytest.mark.parametrize("name", ["HMC", "HMC-sol", "HMC-smooth"])
def test_level_heads_equal_the_equations(name, mode, hierarchy, features):
    head = build_head(name, hierarchy, mode=mode)
    scores = np.exp(keras.ops.convert_to_numpy(head(features)))
    expected = oracle_scores(name, head, hierarchy, features, mode)
    np.testing.assert_allclose(scores, expected, rtol=2e-5)


def test_the_two_modes_differ(hierarchy, features):
    neutral, literal = (build_head("HMC", hierarchy, mode=m) for m in ("neutral", "literal"))
    neutral(features), literal(features)
    literal.set_weights(neutral.get_weights())
    assert np.ptp(np.asarray(neutral(features) - literal(features))) > 1


def test_tree_head_equals_the_oracle_and_sums_to_one(hierarchy, features):
    head = build_head("HMC-tree", hierarchy)
    probs = np.exp(keras.ops.convert_to_numpy(head(features)))
    branches = [row[row >= 0] for row in hierarchy.ancestors]
    parents = [list(x) for x in hierarchy.parents]
    expected = reference.hmc_tree(level_logits(head, features), parents, branches)
    np.testing.assert_allclose(probs, expected, rtol=2e-5)
    np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-5)


def test_mc_is_one_softmax(hierarchy, features):
    head = build_head("MC", hierarchy)
    probs = keras.ops.convert_to_numpy(normalise(head(features)))
    kernel, bias = head.dense.get_weights()
    np.testing.assert_allclose(probs, reference.mc(features @ kernel + bias), rtol=2e-5)


@pytest.mark.parametrize("name", HEADS)
def test_contract(name, hierarchy, features):
    """Shape, finite, rows sum to 1, a gradient reaches the input, saved and loaded equal."""
    tf = pytest.importorskip("tensorflow")
    head = build_head(name, hierarchy)
    inputs = tf.constant(features)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        logits = head(inputs)
        loss = tf.reduce_sum(logits[:, 0])
    probs = normalise(logits).numpy()
    assert probs.shape == (N_PHOTOS, hierarchy.n_leaves)
    assert np.isfinite(logits.numpy()).all()
    np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-5)
    assert np.abs(tape.gradient(loss, inputs).numpy()).max() > 0
    other = build_head(name, hierarchy)
    other(features)
    other.set_weights(head.get_weights())
    np.testing.assert_array_equal(other(features), logits)


@pytest.mark.parametrize("name", HEADS)
def test_extreme_features_stay_finite(name, hierarchy):
    """Log space: where a product of float32 probs is 0, the logits still tell the leaves apart."""
    head = build_head(name, hierarchy)
    logits = np.asarray(head(np.full((1, N_FEATURES), 300.0, "float32")))
    assert np.isfinite(logits).all()
    assert np.ptp(logits) > 1


@pytest.mark.parametrize("name", HEADS)
def test_can_learn_every_leaf(name, hierarchy):
    """One-hot features: after a few steps each leaf wins for its own feature."""
    n = hierarchy.n_leaves
    keras.utils.set_random_seed(0)
    model = build_classifier(
        n, build_head(name, hierarchy), ClassifierConfig(hidden_units=64, dropout=0.0)
    )
    model.compile(keras.optimizers.Adam(0.03), keras.losses.SparseCategoricalCrossentropy(True))
    model.fit(np.eye(n), np.arange(n), epochs=40, batch_size=n, verbose=0)
    answers = model.predict(np.eye(n), verbose=0).argmax(axis=1)
    assert (answers == np.arange(n)).mean() > 0.9


def test_unknown_head_names_the_known_ones(hierarchy):
    with pytest.raises(ValueError, match=r"Unknown head 'HCM'. Known heads: HMC, HMC-smooth"):
        build_head("HCM", hierarchy)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "exact"}, "mode must be one of neutral, literal, received 'exact'"),
        ({"epsilon": 0.0}, r"epsilon must lie in \(0, 1\), received 0.0"),
        ({"alpha": 1.5}, r"alpha must lie in \(0, 1\], received 1.5"),
    ],
)
def test_settings_out_of_range(settings, message, hierarchy):
    with pytest.raises(ValueError, match=message):
        build_head("HMC-smooth", hierarchy, **settings)
