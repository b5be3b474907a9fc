"""The confusion matrix: what stands on its axes, under the pointer and behind a click."""

import numpy as np
import pytest

from geocore.visuals import confusion_figures as f

CELLS = ["7 · near Ubud, Bali, Indonesia (3.4 km)", "12 · Kiribati", "<b>Pacific</b> Ocean"]
COUNTS = np.array([[4, 1, 0], [0, 2, 0], [3, 0, 0]])


def test_cells_are_short_on_the_axis_and_whole_under_the_pointer():
    figure = f.plot_confusion(COUNTS, CELLS)
    assert figure.layout.xaxis.ticktext[:2] == ("Ubud, Indonesia · 7", "Kiribati · 12")
    long = f.plot_confusion(
        np.eye(1), ["3 · near Visconde do Rio Branco, Minas Gerais, Brazil (8.2 km)"]
    )
    assert long.layout.xaxis.ticktext == ("Visconde do Ri…, Brazil · 3",)
    assert f._short("3 · Italy, Spain, Tunisia or elsewhere") == "Italy … · 3"
    assert f._short("8 · Australia or Indonesia") == "Australia … · 8"
    assert figure.data[0].x[0] == CELLS[0]
    assert "&lt;b&gt;" in figure.data[0].x[2]
    assert figure.layout.yaxis.autorange == "reversed"


def test_a_large_matrix_has_no_names_on_its_axes():
    n = f.MAX_TICKS + 1
    figure = f.plot_confusion(np.eye(n), [f"{i} · Rome" for i in range(n)])
    assert figure.layout.xaxis.ticktext == ()
    assert len(set(figure.data[0].x)) == n


def test_every_entry_with_photos_can_be_clicked_and_no_other():
    clicks = f.plot_confusion(COUNTS, CELLS).data[1]
    assert sorted(map(tuple, clicks.customdata)) == [(0, 0, 4), (0, 1, 1), (1, 1, 2), (2, 0, 3)]
    row, column, _ = clicks.customdata[0]
    assert (clicks.y[0], clicks.x[0]) == (CELLS[row], CELLS[column])
    assert clicks.marker.opacity == clicks.unselected.marker.opacity == 0


def test_of_too_many_entries_those_with_most_photos_can_be_clicked(monkeypatch):
    monkeypatch.setattr(f, "MAX_CLICKS", 2)
    clicks = f.plot_confusion(COUNTS, CELLS).data[1]
    assert [entry[2] for entry in clicks.customdata] == [4, 3]


@pytest.mark.parametrize(
    ("reading", "matrix", "text"),
    [
        ("photos", COUNTS, "4"),
        ("shares", COUNTS / 5, "80.0 %"),
        ("km", COUNTS * 1000.0, "4,000"),
    ],
)
def test_what_an_entry_says(reading, matrix, text):
    figure = f.plot_confusion(matrix, CELLS, counts=COUNTS, reading=reading)
    assert figure.data[1].text[0] == text
    assert figure.data[0].colorbar.title.text == f.READINGS[reading].title


def test_few_photos_are_seen_beside_many():
    heat = f.plot_confusion(np.array([[100, 1], [0, 4]]), ["a", "b"]).data[0]
    assert heat.z.tolist() == [[10, 1], [0, 2]]
    assert heat.colorbar.ticktext == ("0", "1", "5", "20", "50", "100")
    assert heat.colorbar.tickvals[-1] == 10


def test_branches_and_the_chosen_entry_are_outlined():
    plain = f.plot_confusion(COUNTS, CELLS)
    figure = f.plot_confusion(COUNTS, CELLS, blocks=[2], chosen=(2, 0))
    assert len(plain.layout.shapes) == 1 and len(figure.layout.shapes) == 4
    box = figure.layout.shapes[-1]
    assert (box.x0, box.x1, box.y0, box.y1) == (-0.5, 0.5, 1.5, 2.5)


def test_the_matrix_in_words():
    words = f.describe_confusion(COUNTS, ["a", "b", "c"])
    assert words.startswith("Confusion matrix of 3 cells and 10 photos, 60 % on the diagonal.")
    assert "mistakes: c answered as a, 3 photos; a answered as b, 1 photos." in words
    assert "mistakes: none" in f.describe_confusion(np.eye(2, dtype=int), ["a", "b"])
    assert f.describe_confusion(np.zeros((2, 2), int), ["a", "b"]).endswith("without a photo.")
