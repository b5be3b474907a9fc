"""The benchmark: its table, its verdict, its yardsticks. What it times is tested elsewhere."""

import json
import time
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from geocore import benchmark
from geocore.benchmark import desk, networks, pages, photos, tables
from geocore.benchmark.measurement import compare
from geocore.benchmark.points import measure_cells
from geocore.inference import load_bundle
from geocore.inference.held_out import held_out_answers
from geocore.large_bundle import save_large_bundle
from geocore.table_stages import COORDINATES, STAGES
from scripts import benchmark as script
from tests.casework.stand_in import StandIn


def line(is_reached: bool = True) -> benchmark.Measurement:
    return benchmark.Measurement(
        what="a thing, against another",
        value=1.0,
        reference=4.0,
        unit="s",
        ratio=0.25,
        goal="ratio <= 0.5",
        is_reached=is_reached,
    )


def test_the_table_shows_ratio_goal_and_verdict():
    table = benchmark.as_table([line(), line(is_reached=False)]).splitlines()
    assert " ".join(table[1].split()) == "yes 0.25 ratio <= 0.5 1 / 4 s a thing, against another"
    assert table[2].startswith("NO")


@pytest.mark.parametrize("is_reached", [True, False])
def test_the_script_prints_writes_and_judges(is_reached, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(benchmark, "PARTS", {"one": lambda: [line(is_reached)]})
    out = tmp_path / "benchmark.json"
    assert script.main(["one", "--json", str(out)]) == (0 if is_reached else 1)
    assert "a thing" in capsys.readouterr().out
    assert json.loads(out.read_text())[0]["is_reached"] is is_reached


def test_an_unknown_part_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        script.main(["speed"])
    assert "Unknown part 'speed'. Known parts: cells, combine" in capsys.readouterr().err


def test_a_ratio_at_its_goal_is_reached():
    assert compare("", 1, 20, "s", 0.05).is_reached
    assert not compare("", 1.01, 20, "s", 0.05).is_reached


def test_cells_are_measured_against_a_scaled_sample():
    speed, memory = measure_cells(n_points=100_000, n_sampled=20)
    assert speed.reference > 100_000 * 1e-6
    assert speed.ratio == speed.value / speed.reference
    assert 0 < memory.value < memory.reference


def test_the_dense_yardstick_computes_what_the_gather_does():
    hierarchy = networks.thesis_hierarchy()
    rng = np.random.default_rng(0)
    logits = [tf.constant(rng.normal(size=(2, len(x))), tf.float32) for x in hierarchy.cell_ids]
    head = networks.build_head("HMC", hierarchy, mode="literal")
    _, megabytes, product = networks.dense_combine(hierarchy, logits)
    np.testing.assert_allclose(product, np.exp(head.combine(logits)), rtol=2e-4)
    n_cells = sum(len(x) for x in hierarchy.cell_ids)
    assert megabytes == pytest.approx(n_cells * hierarchy.n_leaves * 4 / 1e6)


def test_pages_are_drawn_from_a_large_bundle(monkeypatch):
    monkeypatch.setattr(pages, "MEASURED_PAGES", ("4_Calibration_and_confusion.py",))
    (drawn,) = pages.measure_pages(at_most_s=100, n_photos=3000, t_min=20, t_max=300)
    assert 0.01 < drawn.value < 100 and drawn.is_reached
    assert "drawn from" in drawn.what


def test_a_large_bundle_knows_a_little_and_is_whole(tmp_path):
    folder = save_large_bundle(tmp_path / "large", COORDINATES, n_photos=2000, t_min=20, t_max=300)
    bundle = load_bundle(folder)
    for head in bundle.heads:
        answers = held_out_answers(bundle, head)
        assert len(answers) == 2000
        top_1 = bundle.report["heads"][head]["all"]["top_1"]["value"]
        assert 3 / bundle.grid.n_leaves < top_1 < 0.9


def test_a_table_is_measured_with_its_memory_and_its_growth(monkeypatch):
    asked = []

    def stages(n_rows):
        asked.append(n_rows)
        return dict.fromkeys(STAGES, n_rows / 1e6) | {"peak_mb": 1000.0}

    monkeypatch.setattr(tables, "_stages", stages)
    total, memory, small, large = tables.measure_table(1_000_000)
    assert asked == [100_000, 1_000_000, 5_000_000]
    assert (total.value, memory.value) == (len(STAGES), 1000)
    assert small.ratio == large.ratio == pytest.approx(1)


def test_the_stages_of_a_table_are_timed_in_their_own_process():
    figures = tables._stages(20_000)
    assert set(figures) == {*STAGES, "peak_mb"}
    assert all(figures[stage] > 0 for stage in STAGES)


def test_photos_are_measured_against_the_bare_work(monkeypatch):
    monkeypatch.setattr(photos, "PHOTOS_PER_S", 1e-3)
    for measure in (photos.measure_cleaning, photos.measure_made_world):
        lines = measure(n_photos=6, n_rounds=1)
        assert all(line.value > 0 and line.reference > 0 for line in lines)
        assert "for comparison" in [line.goal for line in lines]


def test_the_desk_is_measured_from_its_batch_to_its_exports(monkeypatch):
    monkeypatch.setattr(desk, "Predictor", SimpleNamespace(load=lambda _: StandIn()))
    monkeypatch.setattr(desk, "bare_pass", lambda _: lambda: time.process_time())
    batch, *exports, verifying = desk.measure_desk(n_photos=2, n_entries=1000)
    assert batch.what.startswith("2 photos into a case")
    assert len(exports) == 6
    assert all(line.value > 0 and line.reference == 5 for line in [*exports, verifying])
