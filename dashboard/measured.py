"""What the pages on measured figures share: photo sets in words, and results kept in memory.

Stage: dashboard. It must not compute: figures come from the report and from evaluation.
"""

from collections.abc import Sequence

import streamlit as st

from dashboard.address import keep_from_address
from dashboard.common import keep
from geocore.analysis.search_area_words import kind_name
from geocore.evaluation.confusion import groups_at_level
from geocore.evaluation.report import ALL_PHOTOS
from geocore.inference.bundle import Bundle


def set_name(photo_set: str) -> str:
    """A photo set in words."""
    return "all held-out photos" if photo_set == ALL_PHOTOS else kind_name(photo_set)


def pick_photo_set(photo_sets: Sequence[str]) -> str:
    """The photo set the reader wants, the whole until they choose; remembered between pages."""
    if st.session_state.get("photo_set", photo_sets[0]) not in photo_sets:
        st.session_state["photo_set"] = photo_sets[0]
    keep_from_address("photo_set", set_name)
    return st.segmented_control(
        "Photos",
        photo_sets,
        default=photo_sets[0],
        format_func=set_name,
        key="photo_set",
        persist_state="session",
        required=True,
        bind="query-params",
    )


@keep("Counting the cells of each level …")
def level_counts(bundle: Bundle) -> list[int]:
    """How many cells there are at each level, leaves that end above it included."""
    tree = bundle.hierarchy
    depths = range(tree.depth)
    return [len(groups_at_level(tree.ancestors, tree.cell_ids, d).cell_ids) for d in depths]
