"""What a training needs before it can start: configuration, heads, epochs, name, and a check.

Stage: dashboard. It must not train: `geocore.jobs` checks and starts, in a process of its own.
"""

import re
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.common import fragment, keep, plain
from dashboard.photo_set_choice import PhotoSource
from geocore.data.photos import TABLE_NAMES
from geocore.jobs import bundles_folder, list_jobs
from geocore.jobs.recipes import Recipe, load_recipes
from geocore.jobs.training import (
    Choice,
    Finding,
    Found,
    cache_folder,
    check_training,
    find_photos,
    start_training,
    suggested_thresholds,
)

_ICONS = {"good": ":material/check:", "warning": ":material/warning:", "stop": ":material/block:"}


@fragment
def show_form(source: PhotoSource) -> None:
    """Choose, check, start; changing a control reruns only this part."""
    if source.path is None:
        st.info(
            "To train, choose a photo set above: a folder with the photos themselves. A bundle "
            "keeps where its photos were taken, not the photos.",
            icon=":material/folder_open:",
        )
        return
    st.subheader("New training")
    recipe = _pick_recipe(source.name)
    settings = repr(recipe.tables)
    found = _found(settings, str(source.path.resolve()), _stamp(source.path), recipe)
    choice = _pick_basics(recipe, source, found)
    findings = check_training(choice, found, cache_folder())
    _show_findings(findings)
    is_ready = all(finding.kind != "stop" for finding in findings)
    if st.button(
        "Start training", type="primary", icon=":material/play_arrow:", disabled=not is_ready
    ):
        start_training(choice, found, cache_folder())
        st.rerun()


def _pick_recipe(source_name: str) -> Recipe:
    """A configuration; offered first is one that is meant for these photos, or for any."""
    fitting = sorted(load_recipes(), key=lambda recipe: recipe.fit(source_name))
    recipes = {recipe.name: recipe for recipe in fitting}
    chosen = st.selectbox(
        "Configuration",
        list(recipes),
        format_func=lambda name: name.replace("_", " ").capitalize(),
        key=f"training_recipe_{source_name}",
        persist_state="session",
        help="Which network, and how it learns: a file of the folder configs. What is changed here "
        "is changed for this training only.",
    )
    recipe = recipes[chosen]
    time = recipe.notes.get("Time")
    st.caption(plain(recipe.summary))
    if time:
        st.caption(f"How long it took on its own photos: {plain(time)}")
    return recipe


def _pick_basics(recipe: Recipe, source: PhotoSource, found: Found) -> Choice:
    key = f"{recipe.name}_{source.path}"
    left, right = st.columns([3, 2], gap="medium")
    heads = left.pills(
        "Heads",
        recipe.heads,
        selection_mode="multi",
        default=recipe.heads,
        key=f"training_heads_{key}",
        wrap=True,
        persist_state="session",
        help="Ways to answer. All learn from the same photos and come into the bundle.",
    )
    epochs = right.number_input(
        "Epochs at most",
        1,
        1000,
        recipe.epochs,
        key=f"training_epochs_{key}",
        persist_state="session",
        help="How often a head goes through the photos. It stops sooner once it no longer gets "
        "better on photos that it does not learn from.",
    )
    t_min, t_max = _pick_thresholds(left, recipe, key, found)
    free_name = _free_name(source.name)
    name = right.text_input(
        "Name of the new bundle",
        free_name,
        max_chars=60,
        key=f"training_name_{free_name}",  # once it is taken, the next one is offered
        help="Letters a to z, digits, - and _.",
    )
    return Choice(
        name=name.strip(), photos=source.path or Path(), recipe=recipe, heads=tuple(heads),
        epochs=int(epochs), t_min=t_min, t_max=t_max,
    )  # fmt: skip


def _pick_thresholds(
    column: DeltaGenerator, recipe: Recipe, key: str, found: Found
) -> tuple[int, int]:
    """Two numbers, at first the configuration's own; one click sets what suits these photos."""
    names = {"t_min": "Fewest photos per cell", "t_max": "Most photos per cell"}
    keys = {name: f"training_{name}_{key}" for name in names}
    suggested = dict(zip(names, suggested_thresholds(found), strict=True))
    own = {"t_min": recipe.t_min, "t_max": recipe.t_max}

    def use(values: dict[str, int]) -> None:
        st.session_state.update({keys[name]: value for name, value in values.items()})

    values = {}
    for part, name in zip(column.columns(2), names, strict=True):
        st.session_state.setdefault(keys[name], own[name])
        values[name] = int(
            part.number_input(names[name], 1, 1_000_000, key=keys[name], persist_state="session")
        )
    if values != suggested:
        column.button(
            f"Use {suggested['t_min']:,} and {suggested['t_max']:,}, which suit so many photos",
            on_click=use,
            args=(suggested,),
            key=f"training_suggest_{key}",
            type="tertiary",
            icon=":material/tune:",
        )
    return values["t_min"], values["t_max"]


def _show_findings(findings: list[Finding]) -> None:
    for finding in findings:
        st.markdown(f"{_ICONS[finding.kind]} {plain(finding.sentence)}")


def _free_name(source_name: str) -> str:
    """The photo set's name, numbered where a bundle or a training has it."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", source_name.partition(".")[0]).strip("-")[:50] or "bundle"
    taken = {Path(job.result).name for job in list_jobs()}
    names = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 1000)))
    return next(x for x in names if x not in taken and not (bundles_folder() / x).exists())


@keep("Looking for the photos …", max_entries=8)
def _found(settings: str, source: str, stamp: int, _recipe: Recipe) -> Found:
    return find_photos(_recipe, Path(source))


def _stamp(source: Path) -> int:
    """Changes when the photo set's table does."""
    tables = [source, *(source / name for name in TABLE_NAMES)]
    return max((path.stat().st_mtime_ns for path in tables if path.exists()), default=0)
