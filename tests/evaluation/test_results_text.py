import pandas as pd
import pytest

from geocore.evaluation.results_text import (
    NOT_RUN,
    experiments_section,
    markdown_table,
    with_section,
)
from tests.evaluation.test_experiment_tables import rows
from tests.evaluation.test_store import run


def test_a_table_as_markdown():
    table = pd.DataFrame({"Head": ["MC", "a|b"], "Loss": ["3.1", "2.9"]})
    assert markdown_table(table) == (
        "| Head | Loss |\n| --- | ---: |\n| MC | 3.1 |\n| a\\|b | 2.9 |"
    )


def test_no_results_are_no_table():
    assert experiments_section(run().iloc[:0]).count(NOT_RUN) == 4


def test_every_experiment_has_its_part():
    results = pd.concat([rows("1/4", repeat=i, loss=3.0 + i, ior=2.0) for i in range(3)])
    text = experiments_section(results)
    other = results.assign(n_leaves=[2, *results["n_leaves"][1:]])
    assert "Uniform" not in experiments_section(other)  # no one loss for several numbers of classes
    titles = [line for line in text.splitlines() if line.startswith("### ")]
    assert [title[4:6] for title in titles] == ["A.", "B.", "C.", "D."]
    assert text.count(NOT_RUN) == 3
    assert "street: up to 210 photos trained, 240 tested, 3 repeats." in text
    assert "Highest mean IoR here: 1/4 (2.00); in the thesis: all" in text
    assert "Uniform guessing over 104 classes has loss 4.644." in " ".join(text.split())
    assert "| 1/4 | 210 | 4.000 (1.516–6.484) |" in text
    assert "Thesis: table 6.3: number of training photos, MC over 89 classes." in text


def heads_with(*levels):
    """Three repeats of one head per level of IoR, each spread by 0.1."""
    runs = [
        rows("table 6.7", "D", repeat=i, ior=level + 0.1 * i).assign(
            head=head, low=level, high=level
        )
        for head, level in zip(("MC", "HMC", "HMC-sol"), levels, strict=False)
        for i in range(3)
    ]
    return pd.concat([part.assign(run_id=part["run_id"] + part["head"]) for part in runs])


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ((1.0, 5.0), "Highest mean IoR here: HMC, table 6.7 (5.10); in the thesis: HMC, table 6.7"),
        ((5.0, 5.1), "The interval of another row overlaps its own: the order may be chance."),
        ((5.0, 5.1, 5.0), "The intervals of 2 rows overlap its own: the order may be chance."),
    ],
)
def test_the_highest_row_is_named_and_doubted(levels, words):
    text = " ".join(experiments_section(heads_with(*levels)).split())
    assert words in text
    assert ("chance" in text) == (levels[0] > 1)
    assert "of table 6.7 were chosen for 970,565 photos" in text


def test_a_section_is_replaced_and_nothing_else():
    text = "a\n<!-- x:start -->\nold\n<!-- x:end -->\nb\n"
    once = with_section(text, "x", "new\nlines")
    assert once == "a\n<!-- x:start -->\nnew\nlines\n<!-- x:end -->\nb\n"
    assert with_section(once, "x", "new\nlines") == once


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- x:start -->",
        "<!-- x:end --> <!-- x:start -->",
        2 * "<!-- x:start --><!-- x:end -->",
    ],
)
def test_missing_markers_are_named(text):
    with pytest.raises(ValueError, match=r"must hold <!-- x:start --> and, after it, .* once each"):
        with_section(text, "x", "new")
