"""Cell explorer: one chosen cell for map, details and table; other grids, live."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import common, what_if
from dashboard.key_figures import million_km2, small_percent
from geocore.analysis.cell_details import neighbouring_leaves
from geocore.analysis.grid_summary import summarise_grid
from geocore.cells import generate_cells
from geocore.inference.bundle import DEFAULT_BUNDLE, load_bundle
from tests.dashboard.measured_bundle import PAGES, one_cell_parts, save_measured_bundle, texts

PAGE = str(PAGES / "1_Cell_explorer.py")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "alpha"
    config = "[grid]\nt_min = 10\nt_max = 60\n"
    return load_bundle(save_measured_bundle(folder, config_toml=config))


@pytest.fixture
def app(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(common, "DEFAULT_BUNDLE", tmp_path / "none")
    monkeypatch.setenv("GEOCORE_BUNDLES", str(bundle.folder))
    return AppTest.from_file(PAGE, default_timeout=60)


def html(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in app.get("html"))


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_it_opens_with_all_cells_and_says_how_to_choose_one(app, bundle):
    app.run()
    assert not app.exception and not app.error
    assert "Click a cell on the map" in texts(app)
    table = app.dataframe[0].value
    assert list(table["class_index"]) == list(range(bundle.grid.n_leaves))
    assert {"place", "n_photos", "area_km2", "recall MC", "recall HMC-tree"} <= set(table)
    assert "Photos per cell" in html(app)


@pytest.mark.parametrize(
    ("kind", "title"),
    [("photos", "Photos per cell"), ("level", "Level"), ("recall", "Unseen photos")],
)
def test_cells_can_be_coloured_three_ways(app, kind, title):
    app.run()
    app.segmented_control(key="colour_by").set_value(kind).run()
    assert not app.exception and not app.error
    assert f"<b>{title}" in html(app)


def test_the_chosen_cell_is_described(app, bundle):
    app.run()
    cells = app.dataframe[0].value
    cell = cells[cells["n_held_out"] > 0].iloc[0]
    app.session_state["cell"] = cell["token"]
    app.run()
    assert not app.exception and not app.error
    assert cell["token"] in app.subheader[0].value
    facts = html(app)
    assert f"<td>{cell['n_photos']} ({small_percent(cell['share'])})</td>" in facts
    true, answer = (
        bundle.predictions("MC")["class_index"].to_numpy(), bundle.probs("MC").argmax(axis=1)
    )  # fmt: skip
    here = true == cell["class_index"]
    n_right = int((answer[here] == true[here]).sum())
    assert f">Recognised by MC</th><td>{n_right} of {here.sum()}</td>" in facts
    near = neighbouring_leaves(bundle.grid.leaves, int(cell["class_index"]))
    assert len(app.pills[0].options) == len(near)


def test_a_cell_without_unseen_photos_says_so(app, bundle):
    app.run()
    cells = app.dataframe[0].value
    app.session_state["cell"] = cells[cells["n_held_out"] == 0]["token"].iloc[0]
    app.run()
    assert ">Recognised</th><td>not known</td>" in html(app)
    assert "nothing is known about recognition" in texts(app)


def test_one_can_go_on_to_a_neighbour(app, bundle):
    leaves = bundle.grid.leaves
    start = next(i for i in range(len(leaves)) if len(neighbouring_leaves(leaves, i)))
    goal = leaves["token"].iloc[neighbouring_leaves(leaves, start)[0]]
    app.session_state["cell"] = leaves["token"].iloc[start]
    app.run()
    app.pills(key=f"neighbours_{leaves['token'].iloc[start]}").set_value(goal).run()
    assert app.session_state["cell"] == goal
    assert goal in app.subheader[0].value


def test_a_cell_of_another_bundle_is_no_error(app):
    app.session_state["cell"] = "not a token"
    app.run()
    assert not app.exception and not app.error
    assert "Click a cell on the map" in texts(app)


def slider(app: AppTest):
    return next(s for s in app.select_slider if s.key.startswith("what_if_photos"))


def test_what_if_begins_with_the_bundles_own_cells(app, bundle):
    lat, lng = what_if.coordinates(what_if.OWN, bundle)
    is_test = bundle.photos["split"] == "test"
    assert len(lat) == (~is_test).sum()  # both of its photo sets are tested
    app.run()
    settings = bundle.config["grid"]
    assert slider(app).value == (settings["t_min"], settings["t_max"])
    assert metrics(app)["Classes"] == str(generate_cells(lat, lng, **settings).n_leaves)


def test_the_shipped_bundles_cells_come_out_again():
    if not DEFAULT_BUNDLE.is_dir():
        pytest.skip("needs the shipped bundle")
    shipped = load_bundle(DEFAULT_BUNDLE)
    lat, lng = what_if.coordinates(what_if.OWN, shipped)
    grid = generate_cells(lat, lng, **shipped.config["grid"])
    assert list(grid.leaves["token"]) == list(shipped.grid.leaves["token"])


def test_other_settings_divide_the_world_anew(app, bundle):
    app.run()
    lat, lng = what_if.coordinates(what_if.OWN, bundle)
    for t_min, t_max, level_end, policy in ((20, 100, 12, "drop"), (5, 50, 4, "preserve")):
        slider(app).set_range(t_min, t_max)
        app.slider(key="what_if_level").set_value(level_end)
        app.radio(key="what_if_policy").set_value(policy)
        app.run()
        assert not app.exception and not app.error
        settings = {"t_min": t_min, "t_max": t_max, "level_end": level_end, "policy": policy}
        summary = summarise_grid(generate_cells(lat, lng, **settings), len(lat))
        shown = metrics(app)
        assert shown["Classes"] == f"{summary.n_leaves:,}"
        assert shown["Photos kept"] == small_percent(summary.share_kept)
        assert shown["Sphere covered"] == small_percent(summary.share_of_sphere)
        assert shown["Balance"] == f"{summary.balance:.2f}"
    assert shown["Photos kept"] == shown["Sphere covered"] == small_percent(1)


def test_settings_that_leave_no_cell_are_a_sentence(app):
    app.run()
    slider(app).set_range(50_000, 50_000).run()
    assert not app.exception
    assert app.error[0].value.startswith("No cell is left")
    assert app.dataframe  # the rest of the page stays


def test_real_flickr_coordinates_can_be_divided(app):
    app.run()
    app.radio(key="what_if_source").set_value(what_if.FLICKR).run()
    assert not app.exception and not app.error
    assert int(metrics(app)["Classes"].replace(",", "")) > 100


def test_the_shipped_coordinates_are_a_hundred_thousand(bundle):
    lat, lng = what_if.coordinates(what_if.FLICKR, bundle)
    assert len(lat) == len(lng) > 99_000
    assert np.abs(lat).max() <= 90 and np.abs(lng).max() <= 180


def test_a_grid_of_one_cell_is_shown(app, tmp_path, monkeypatch):
    folder = save_measured_bundle(tmp_path / "one", **one_cell_parts())
    monkeypatch.setenv("GEOCORE_BUNDLES", str(folder))
    app.session_state["cell"] = load_bundle(folder).grid.leaves["token"][0]
    app.run()
    assert not app.exception and not app.error
    assert "no neighbour" in app.pills[0].label


@pytest.mark.parametrize(
    ("km2", "words"), [(3.7, "4 km²"), (4920.4, "4,920 km²"), (21_252_745, "21.3 million km²")]
)
def test_areas_in_words(km2, words):
    assert million_km2(km2) == words
