"""The made world: the same from the same seed, labelled, resumable, its places different."""

from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from geocore.data.exif import exif_position
from geocore.data.made_world import flaws as flaws_module
from geocore.data.made_world import world as world_module
from geocore.data.made_world.circumstances import plan_scenes
from geocore.data.made_world.flaws import flaws_of
from geocore.data.made_world.noise import hashed_seeds
from geocore.data.made_world.scenes import paint
from geocore.data.made_world.table import SHARD, WorldSettings, photo_name, world_rows
from geocore.data.made_world.world import draw_scene, make_world
from geocore.data.photos import load_photos
from geocore.data.scheduling import open_pool
from geocore.errors import WorldError

SIZE = 96
SETTINGS = WorldSettings(size_px=SIZE)
TINY = WorldSettings(size_px=48)


def contents(folder: Path) -> dict[str, bytes]:
    """Every photo of a world by its name."""
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.jpg"))}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "made"
    make_world(folder, 8, SETTINGS)
    return folder


def test_a_world_is_a_photo_set_that_loads(world):
    table = load_photos(world)
    assert len(table.photos) == 8
    assert table.dropped.empty
    assert (table.photos["MADE"] == "made image").all()


def test_a_scene_depends_on_place_and_seed_alone():
    first, again = draw_scene(48.86, 2.35, 7, SIZE), draw_scene(48.86, 2.35, 7, SIZE)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != draw_scene(48.86, 2.35, 8, SIZE).tobytes()
    assert max(first.size) == SIZE


def test_a_photo_is_the_same_in_a_larger_world(world, tmp_path):
    make_world(tmp_path / "small", 3, SETTINGS)
    larger = contents(world)
    assert all(larger[name] == photo for name, photo in contents(tmp_path / "small").items())


def test_rows_do_not_depend_on_where_the_work_is_cut():
    whole = world_rows(SETTINGS, 0, 300)
    parts = pd.concat(
        [
            world_rows(WorldSettings(seed=42), 0, 7),
            world_rows(WorldSettings(seed=42), 7, 251),
            world_rows(WorldSettings(seed=42), 251, 300),
        ]
    )
    pd.testing.assert_frame_equal(whole, parts.reset_index(drop=True))


def test_what_other_processes_draw_is_the_same(tmp_path):
    n = SHARD + 2
    assert make_world(tmp_path / "many", n, TINY).n_drawn == n
    paths = [tmp_path / "many" / "images" / photo_name(i) for i in (3, SHARD, SHARD + 1)]
    theirs = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    with open_pool(None) as threads_of_this_process:
        report = make_world(tmp_path / "many", n, TINY, scheduler=threads_of_this_process)
    assert report.n_drawn == 3
    assert [path.read_bytes() for path in paths] == theirs


def test_another_seed_gives_other_photos_of_the_same_world():
    ours, theirs = (
        world_rows(WorldSettings(seed=42), 0, 100),
        world_rows(WorldSettings(seed=43), 0, 100),
    )
    assert not set(ours["SEED"]) & set(theirs["SEED"])
    assert list(ours.columns) == list(theirs.columns)


def test_what_was_drawn_is_kept_and_what_is_torn_is_drawn_again(world):
    before = contents(world)
    paths = sorted(world.rglob("*.jpg"))
    paths[2].unlink()
    paths[5].write_bytes(before[paths[5].name][:500])
    kept_since = paths[0].stat().st_mtime_ns
    report = make_world(world, 8, SETTINGS)
    assert report.n_drawn == 2
    assert contents(world) == before
    assert paths[0].stat().st_mtime_ns == kept_since
    assert "2 drawn now, 6 were there already" in report.summary()


def test_a_run_that_was_cut_off_has_no_table_and_goes_on(tmp_path, monkeypatch):
    drawn = []

    def cut_off(image, scene):
        if len(drawn) == 3:
            raise OSError("No space left on device")
        drawn.append(scene)
        return encode(image, scene)

    encode = flaws_module.encode
    monkeypatch.setattr(flaws_module, "encode", cut_off)
    with pytest.raises(OSError, match="No space left"):
        make_world(tmp_path / "cut", 5, TINY)
    assert not (tmp_path / "cut" / "photos.csv").exists()
    monkeypatch.undo()
    assert make_world(tmp_path / "cut", 5, TINY).n_drawn == 2
    assert len(load_photos(tmp_path / "cut").photos) == 5


def test_a_process_that_was_ended_from_outside_is_a_sentence(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise BrokenProcessPool("a child went away")
        yield

    monkeypatch.setattr(world_module, "photo_results", broken)
    with pytest.raises(WorldError, match=r"ended from outside.*what is drawn is kept"):
        make_world(tmp_path / "broken", 2 * SHARD, TINY)


def test_what_a_killed_run_left_half_written_is_removed(tmp_path):
    make_world(tmp_path / "made", 2, TINY)
    torn = tmp_path / "made" / "images" / "00000" / ".00000001.jpg.123.new"
    torn.write_bytes(b"half")
    make_world(tmp_path / "made", 2, TINY)
    assert not torn.exists()


def test_flaws_are_where_the_table_says(tmp_path):
    settings = WorldSettings(size_px=200, flaws=0.5)
    make_world(tmp_path, 60, settings)
    rows = world_rows(settings, 0, 60)
    flaw = rows["FLAW"].to_numpy()
    files = [tmp_path / "images" / name for name in rows["IMG_ID"]]
    assert set(flaw) == {*flaws_module.FLAWS, ""}
    for i in np.flatnonzero(flaw == "copy"):
        assert files[i].read_bytes() == files[i - 1].read_bytes()
    for i in np.flatnonzero(flaw == "near copy"):
        assert rows.at[i, "SEED"] == rows.at[i - 1, "SEED"]
        assert files[i].read_bytes() != files[i - 1].read_bytes()
    with pytest.raises(OSError, match="truncated"):
        Image.open(files[int(np.flatnonzero(flaw == "cut off")[0])]).load()
    assert all(max(Image.open(files[i]).size) == 100 for i in np.flatnonzero(flaw == "tiny"))
    assert (rows[["LAT", "LON"]].eq(0).all(axis=1) == (flaw == "no place")).all()


def test_without_flaws_there_are_none():
    assert "FLAW" not in world_rows(TINY, 0, 3)
    assert set(flaws_of(42, np.arange(500), 0.0)) == {""}
    share = (flaws_of(42, np.arange(5000), 0.1) != "").mean()
    assert share == pytest.approx(0.1, abs=0.02)


def test_every_photo_says_that_it_is_made(world):
    path = next(world.rglob("*.jpg"))
    with Image.open(path) as image:
        assert image.info["comment"] == b"made image"
        assert b"digitalsourcetype/algorithmicMedia" in image.info["xmp"]
        assert image.getexif()[0x0131] == "geocore made world"
        assert image.getexif()[0x010E] == "made image"


def test_the_position_in_the_file_is_the_one_of_the_table(world):
    row = load_photos(world).photos.iloc[0]
    lat, lng = exif_position(row["path"])
    assert (lat, lng) == pytest.approx((row["lat"], row["lng"]), abs=1e-5)


def test_the_label_is_the_same_in_every_picture():
    places = [(60.2, 24.9), (-23.7, 133.9), (0.3, 32.6), (-75.0, 0.0)]
    pictures = [np.asarray(draw_scene(*place, 5, 320)) for place in places]
    blocks = {picture[-16:-4, 4:60].tobytes() for picture in pictures}
    assert len(blocks) == 1
    assert pictures[0][-16:-4, 4:60].std() > 20


def lower_halves(lat: np.ndarray, lng: np.ndarray, seed: int) -> np.ndarray:
    """Mean colour below the middle over three photos of each place, (n_places, 3)."""
    seeds = hashed_seeds(seed, np.arange(3 * len(lat)))
    plan = plan_scenes(np.repeat(lat, 3), np.repeat(lng, 3), seeds)
    pictures = [np.asarray(paint(x, 48), float) for x in plan.itertuples(index=False)]
    colours = np.array([x[len(x) // 2 :].mean((0, 1)) for x in pictures])
    return colours.reshape(-1, 3, 3).mean(axis=1)


def test_neighbours_look_more_alike_than_far_places():
    lat, lng = world_rows(WorldSettings(seed=1), 0, 24)[["LAT", "LON"]].to_numpy().T
    here, beside = lower_halves(lat, lng, 3), lower_halves(lat + 0.3, lng + 0.3, 4)
    to_neighbour = np.abs(here - beside).mean()
    to_others = np.mean([np.abs(here - np.roll(beside, k, axis=0)).mean() for k in range(1, 24)])
    assert to_neighbour < 0.8 * to_others


def test_a_world_of_other_settings_is_not_mixed_in(world):
    with pytest.raises(WorldError, match=r"other settings .*seed 42.*now asked for:.* seed 7"):
        make_world(world, 8, replace(SETTINGS, seed=7))
    with pytest.raises(WorldError, match="size_px 48"):
        make_world(world, 8, TINY)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "photos.csv").write_text("IMG_ID,LAT,LON\n")
    with pytest.raises(WorldError, match="must be empty, absent or a made world"):
        make_world(tmp_path, 2, TINY)
    assert (tmp_path / "photos.csv").read_text() == "IMG_ID,LAT,LON\n"


def test_settings_that_are_no_json_are_named(tmp_path):
    (tmp_path / world_module.SETTINGS).write_text("{")
    with pytest.raises(WorldError, match="is no JSON file"):
        make_world(tmp_path, 2, TINY)


def test_a_world_without_photos_is_refused(tmp_path):
    with pytest.raises(ValueError, match="n must be at least 1 photo, received 0"):
        make_world(tmp_path / "none", 0)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size_px": 20}, "size_px must lie between 48 and 2048, received 20"),
        ({"flaws": 0.6}, "flaws must be a share from 0 to 0.5, received 0.6"),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        WorldSettings(**change)


@pytest.mark.parametrize(
    ("lat", "lng"), [(90, 0), (-90, 10), (0, 180), (0, -180), (-17, 179.99), (0, -140)]
)
def test_the_ends_of_the_globe_and_the_open_sea_can_be_drawn(lat, lng):
    assert max(draw_scene(lat, lng, 3, 48).size) == 48


@pytest.mark.parametrize(("lat", "lng"), [(91, 0), (0, 181), (float("nan"), 0)])
def test_a_place_off_the_globe_is_refused(lat, lng):
    with pytest.raises(ValueError, match=r"lat must lie within \[-90, 90\]"):
        draw_scene(lat, lng, 1, 64)
