"""The architecture's rules, read off the sources: who imports whom, what is absent, how long.

``problems_of`` judges one source; the tests feed it the whole tree, and small bad sources to show
that every rule can fail.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What each part of geocore may import from geocore. Left of it in the flow, and no more than
# ARCHITECTURE grants: cells knows no photos, evaluation no models, visuals no bundle.
FLOW = {
    "errors": set(),
    "progress": set(),
    "data": set(),
    "cells": set(),
    "models": {"data", "cells", "progress"},
    "training": {"data", "cells", "models", "progress"},
    "evaluation": {"cells"},
    "inference": {"data", "cells", "models", "training", "evaluation", "config"},
    "analysis": {"data", "cells", "evaluation", "inference"},
    "visuals": {"data", "cells", "evaluation", "analysis"},
    "casework": {"data", "cells", "evaluation", "inference", "analysis"},
    "config": {"data", "cells", "models", "training", "evaluation"},
    "photo_features": {"data", "models", "config"},
    "preparation": {"data", "cells", "models", "config", "photo_features"},
    "answering": {"data", "cells", "models", "evaluation", "inference", "preparation"},
    "pipeline": {"data", "cells", "models", "training", "evaluation", "inference", "config"}
    | {
        "preparation",
        "photo_features",
        "provenance",
        "answering",
        "field_baselines",
        "fine_tuning",
        "progress",
    },
    "jobs": {"data", "cells", "progress"},
    "finishing": {"data", "cells", "config", "models", "evaluation", "inference", "preparation"}
    | {"photo_features"},
    "indoor_fitting": {"models", "inference"},
    "provenance": {"models", "inference", "config", "preparation"},
    "field_baselines": {"cells", "evaluation", "inference", "preparation"},
    "fine_tuning": {"models", "preparation", "training"},
    "event_calibration": {"data", "config", "training", "preparation", "pipeline", "inference"}
    | {"answering"},
    "experiments": {"data", "cells", "models", "training", "evaluation", "inference", "config"}
    | {"preparation", "pipeline", "answering", "field_baselines"},
    "large_bundle": {"data", "cells", "evaluation", "inference"},
    "benchmark": {"data", "cells", "models", "training", "evaluation", "inference", "config"}
    | {"large_bundle", "table_stages", "analysis", "casework"},
    "table_stages": {"data", "cells", "analysis"},
    "doctor": {"inference"},
    "load": {"inference", "data"},
    "faults": {"data", "analysis", "casework", "inference", "config", "pipeline"},
}
TENSORFLOW_PARTS = {
    "models",
    "training",
    "fine_tuning",
    "answering",
    "pipeline",
    "indoor_fitting",
    "inference",
    "benchmark",
    "experiments",
}

# Third-party package -> where it may be imported.
HOMES = {
    "tensorflow": "geocore with TensorFlow",
    "keras": "geocore with TensorFlow",
    "tf_keras_vis": "geocore with TensorFlow",
    "folium": "geocore/visuals",
    "branca": "geocore/visuals",
    "plotly": "geocore/visuals",
    "streamlit": "dashboard or geocore/load/session.py",
    "streamlit_folium": "dashboard",
    "argparse": "scripts",
    "distributed": "geocore/data/cluster.py",
    "requests": "geocore/data/flickr/connection.py or geocore/load",
    "sqlalchemy": "geocore/analysis",
    "click": "nowhere",
    "torch": "nowhere",
    "joblib": "nowhere",
    "dill": "nowhere",
    "cloudpickle": "nowhere",
    "shelve": "nowhere",
    "marshal": "nowhere",
    "pickle": "geocore/models/torch_checkpoint.py",
}
GRID_NAMES = ("cells.grid", "cells.CellGrid", "cells.generate_cells", "cells.load_grid")
FUNCTION_LINES = 40


def sources() -> list[Path]:
    """Every Python file that ships: geocore, dashboard, scripts."""
    tops = ("geocore", "dashboard", "scripts")
    return sorted(path for top in tops for path in (ROOT / top).rglob("*.py"))


def line_limit(path: str) -> int:
    """The longest that the file may be (CONVENTIONS, Hygiene)."""
    if path.startswith("dashboard/pages/") or path == "dashboard/Home.py":
        return 80
    return 60 if path.startswith("scripts/") else 300


def part_of(path: str) -> str:
    """The stage a file belongs to: ``data``, ``cells``, …, or ``dashboard``, ``scripts``."""
    parts = Path(path).with_suffix("").parts
    return parts[0] if parts[0] != "geocore" or len(parts) == 1 else parts[1]


def imports(tree: ast.AST, path: str) -> Iterator[tuple[int, str]]:
    """Each imported dotted name with its line; ``from a import b`` gives ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                folder = Path(path).parts[: -node.level]
                base = ".".join([*folder, base]).rstrip(".")
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def is_home(home: str, path: str) -> bool:
    """Whether ``path`` lies where a package of that home may be imported."""
    if " or " in home:
        return any(is_home(one, path) for one in home.split(" or "))
    if home == "geocore with TensorFlow":
        return path.startswith("geocore/") and part_of(path) in TENSORFLOW_PARTS
    return path == home or path.startswith(home + "/")


def import_problem(name: str, path: str) -> str | None:
    """What is wrong with one import in one file, or None."""
    package, _, rest = name.partition(".")
    if package in HOMES and not is_home(HOMES[package], path):
        return f"imports {package}, allowed in: {HOMES[package]}"
    if name.startswith(("keras.src", "tensorflow.keras", "tensorflow.python")):
        return f"imports {name}: only public keras names"
    part = part_of(path)
    if package == "dashboard" and part != "dashboard":
        return "imports the dashboard"
    if package != "geocore" or part not in FLOW:
        return None
    target = rest.split(".")[0]
    if target in FLOW and target not in FLOW[part] | {part, "errors"}:
        return f"imports geocore.{target}; {part} may import: {', '.join(sorted(FLOW[part]))}"
    if part == "models" and rest.startswith(GRID_NAMES):
        return "models takes a hierarchy, not a grid"
    return None


def is_broad_except(node: ast.AST) -> bool:
    """Whether the node swallows every exception (cleaning up and raising again is fine)."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = "" if node.type is None else ast.unparse(node.type)
    ends_in_raise = isinstance(node.body[-1], ast.Raise)
    return caught in ("", "Exception", "BaseException") and not ends_in_raise


def is_unsafe_call(node: ast.AST) -> bool:
    """Whether the node is a call that runs or unpickles what a file says."""
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    flags = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
    return (
        called in ("eval", "exec", "pickle.load", "pickle.loads")
        or called.endswith((".read_pickle", ".to_pickle"))
        or flags.get("allow_pickle") is True
        or flags.get("safe_mode", True) is False
    )


def n_code_lines(function: ast.FunctionDef) -> int:
    """Lines of a function from ``def`` to its end, its docstring left out."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None
    n_docstring = first.end_lineno - first.lineno + 1 if has_docstring else 0
    return function.end_lineno - function.lineno + 1 - n_docstring


def node_problem(node: ast.AST, path: str) -> str | None:
    """What is wrong with one node of the syntax tree, or None."""
    attribute = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
    if attribute == "sys.path":
        return "touches sys.path; the repository is installed editable"
    if attribute == "tf.keras":
        return "uses tf.keras; only public keras names"
    if attribute.startswith("st.cache_") and path != "dashboard/memory.py":
        return "uses st.cache_*; only dashboard/memory.py does"
    if attribute == "st.dataframe" and path != "dashboard/table_view.py":
        return "uses st.dataframe; show_table_of disarms what its menu saves"
    if is_broad_except(node) and path != "dashboard/common.py":
        return "catches every exception; only the error box of dashboard/common.py may"
    if is_unsafe_call(node):
        return "loads a pickle or runs text"
    if isinstance(node, ast.FunctionDef) and n_code_lines(node) > FUNCTION_LINES:
        return f"{node.name} has more than {FUNCTION_LINES} lines"
    return None


def problems_of(path: str, source: str) -> list[str]:
    """Every broken rule in one file, as ``path:line: what``."""
    tree = ast.parse(source)
    found = [(line, import_problem(name, path)) for line, name in imports(tree, path)]
    found += [(getattr(node, "lineno", 0), node_problem(node, path)) for node in ast.walk(tree)]
    n_lines = source.count("\n")
    if n_lines > line_limit(path):
        found.append((n_lines, f"has {n_lines} lines, at most {line_limit(path)}"))
    if Path(path).name in ("utils.py", "helpers.py"):
        found.append((1, "is named after nothing; name the idea"))
    return [f"{path}:{line}: {what}" for line, what in found if what]


def test_the_tree_keeps_every_rule():
    problems = [
        problem
        for path in sources()
        for problem in problems_of(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    ]
    assert not problems, "\n".join(problems)


def test_every_part_of_geocore_is_in_the_flow():
    paths = [path.relative_to(ROOT).as_posix() for path in sources()]
    parts = {part_of(path) for path in paths if path.startswith("geocore/")}
    assert parts - {"__init__"} <= set(FLOW)


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("geocore/cells/grid.py", "from geocore.data import load_photos", "imports geocore.data"),
        ("geocore/cells/grid.py", "from geocore import data", "imports geocore.data"),
        ("geocore/cells/grid.py", "from ..data.photos import load_photos", "imports geocore.data"),
        ("geocore/evaluation/metrics.py", "import geocore.models", "geocore.models"),
        (
            "geocore/visuals/maps.py",
            "from geocore.inference import load_bundle",
            "geocore.inference",
        ),
        ("geocore/models/heads.py", "from geocore.cells.grid import CellGrid", "takes a hierarchy"),
        ("geocore/models/heads.py", "from geocore.cells import CellGrid", "takes a hierarchy"),
        (
            "geocore/data/photos.py",
            "from geocore.pipeline import run_experiment",
            "geocore.pipeline",
        ),
        ("geocore/inference/bundle.py", "import dashboard.common", "imports the dashboard"),
        ("geocore/cells/grid.py", "def f():\n    import tensorflow as tf", "imports tensorflow"),
        ("dashboard/Home.py", "import keras", "imports keras"),
        ("geocore/models/heads.py", "from keras.src import layers", "public keras"),
        ("geocore/models/heads.py", "from tensorflow.keras import layers", "public keras"),
        ("geocore/models/heads.py", "x = tf.keras.layers", "public keras"),
        ("dashboard/common.py", "import folium", "imports folium"),
        ("dashboard/pages/1_A.py", "import plotly.graph_objects as go", "imports plotly"),
        ("geocore/visuals/maps.py", "import streamlit as st", "imports streamlit"),
        ("geocore/visuals/maps.py", "from streamlit_folium import st_folium", "streamlit_folium"),
        ("geocore/pipeline.py", "import argparse", "imports argparse"),
        ("geocore/inference/bundle.py", "import pickle", "imports pickle"),
        ("geocore/inference/bundle.py", "np.load(p, allow_pickle=True)", "loads a pickle"),
        ("geocore/inference/bundle.py", "keras.models.load_model(p, safe_mode=False)", "pickle"),
        ("geocore/models/torch_checkpoint.py", "pickle.load(stream)", "loads a pickle"),
        ("geocore/data/photos.py", "pd.read_pickle(p)", "loads a pickle"),
        ("scripts/train.py", "import sys\nsys.path.insert(0, '.')", "sys.path"),
        ("dashboard/Home.py", "@st.cache_data\ndef f(): ...", "st.cache_*"),
        (
            "dashboard/Home.py",
            "from geocore.cells import x\ntry: x()\nexcept Exception: pass",
            "every",
        ),
        ("geocore/data/exif.py", "try: x()\nexcept: pass", "catches every exception"),
        ("dashboard/desk_log.py", "st.dataframe(t)", "st.dataframe"),
        ("geocore/utils.py", "", "named after nothing"),
        ("geocore/cells/s2.py", "x = 1\n" * 301, "at most 300"),
        ("dashboard/pages/1_A.py", "x = 1\n" * 81, "at most 80"),
        ("scripts/train.py", "x = 1\n" * 61, "at most 60"),
        ("geocore/cells/s2.py", "def f():\n" + "    x = 1\n" * 40, "more than 40 lines"),
    ],
)
def test_a_broken_rule_is_found(path, source, expected):
    problems = problems_of(path, source)
    assert len(problems) == 1
    assert expected in problems[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("geocore/models/heads.py", "import keras\nfrom geocore.cells import Hierarchy"),
        (
            "geocore/inference/predictor.py",
            "import tensorflow as tf\nfrom .bundle import load_bundle",
        ),
        (
            "geocore/data/photos.py",
            "from geocore.errors import PhotoTableError\nfrom . import exif",
        ),
        ("geocore/models/torch_checkpoint.py", "import pickle\nclass U(pickle.Unpickler): ..."),
        ("dashboard/memory.py", "import streamlit as st\n@st.cache_data\ndef f(): ..."),
        ("scripts/train.py", "import argparse\nfrom geocore.pipeline import run_experiment"),
        ("geocore/cells/s2.py", "def f():\n" + "    x = 1\n" * 39),
        ("geocore/cells/s2.py", 'def f():\n    """A.\n\n    B."""\n' + "    x = 1\n" * 39),
        ("geocore/visuals/maps.py", "try: x()\nexcept ValueError: pass"),
        ("geocore/inference/bundle.py", "try: x()\nexcept BaseException:\n    y()\n    raise"),
    ],
)
def test_what_the_rules_allow_passes(path, source):
    assert problems_of(path, source) == []


def which_load_tensorflow(steps: list[str]) -> list[str]:
    """Of lines run one after the other in a fresh interpreter, those after which it is loaded."""
    code = ["import sys", "found = []"]
    for step in steps:
        seen = "{'tensorflow', 'keras', 'torch'} & set(sys.modules)"
        code += [step, f"found += [{step!r}] if {seen} else []"]
    program = "\n".join([*code, "print(*found, sep='\\n')"])
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return [step for step in steps if step in done.stdout.splitlines()]


def test_the_tensorflow_check_can_fail():
    bad = "import types; sys.modules['keras'] = types.ModuleType('keras')"
    assert which_load_tensorflow(["import json", bad]) == [bad]


def test_importing_the_light_stages_loads_no_tensorflow():
    modules = [
        "geocore, geocore.errors",
        "geocore.data",
        "geocore.cells",
        "geocore.evaluation",
        "geocore.analysis",
        "geocore.visuals",
        "geocore.inference, geocore.inference.bundle",
        "geocore.jobs",
        "dashboard.common",
    ]
    assert which_load_tensorflow([f"import {x}" for x in modules]) == []


LIGHT_PAGES = ["Home.py", *(f"pages/{n}_*.py" for n in (1, 3, 4, 5, 7))]


def test_pages_that_only_read_a_bundle_load_no_tensorflow():
    pages = [next((ROOT / "dashboard").glob(pattern), None) for pattern in LIGHT_PAGES]
    assert None not in pages, f"one of {LIGHT_PAGES} is missing"
    steps = ["from streamlit.testing.v1 import AppTest"]
    for page in pages:
        run = f"AppTest.from_file({str(page)!r}, default_timeout=60).run()"
        steps.append(f"app = {run}; assert not app.exception, app.exception")
    assert which_load_tensorflow(steps) == []
