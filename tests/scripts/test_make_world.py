"""scripts/make_world.py as somebody types it."""

from pathlib import Path

from scripts import make_world


def test_a_world_is_made_and_said_to_be_made(tmp_path, capsys):
    out = tmp_path / "made"
    assert make_world.main(["--n", "2", "--out", str(out), "--size", "48"]) == 0
    said = capsys.readouterr().out
    assert "2 made photos" in said
    assert "none shows a real place" in said
    assert len(list(Path(out).rglob("*.jpg"))) == 2


def test_what_is_wrong_is_said_in_one_line(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("x")
    assert make_world.main(["--n", "2", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("make_world.py: ")
    assert "Choose another folder" in said
