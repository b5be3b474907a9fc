"""`answers.parquet`: what a bundle's held-out probs say of each photo, small enough for a page.

Stage: inference. It must not know bundles, nor what the figures are for.

Source: own.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from geocore.cells import Hierarchy
from geocore.evaluation.answers import answer_table

ANSWERS_FILE = "answers.parquet"


def write_answers(
    path: Path, predictions: pd.DataFrame, hierarchy: Hierarchy, temperatures: Mapping[str, Any]
) -> None:
    """Write `answer_table` of every head, rows in the order of its predictions.

    Args:
        path: where to.
        predictions: rows of predictions.parquet.
        hierarchy: tree of the leaves.
        temperatures: per head; 1 where it has none.

    Raises:
        ValueError: probs or class indices that are not those of the hierarchy's leaves.
    """
    tables = [
        answers_of(rows, hierarchy, float(temperatures.get(head, 1.0))).assign(head=head)
        for head, rows in predictions.groupby("head", sort=False)
    ]
    if not tables:
        tables = [answers_of(predictions, hierarchy, 1.0).assign(head="")]
    pd.concat(tables).to_parquet(path, index=False, compression="zstd")


def answers_of(rows: pd.DataFrame, hierarchy: Hierarchy, temperature: float) -> pd.DataFrame:
    """`answer_table` of one head's rows of predictions.parquet."""
    return answer_table(
        rows["class_index"].to_numpy(),
        rows["probs"].to_numpy(),
        ancestors=hierarchy.ancestors,
        cell_ids=hierarchy.cell_ids,
        temperature=temperature,
    )
