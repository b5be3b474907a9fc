"""How long pages take to draw from a bundle, for the benchmark: `python -m dashboard.draw_times`.

Stage: dashboard. It must not know what a page shows. A page is drawn as a reader first meets it:
the bundle has been opened, nothing of it has been kept yet. The same page was drawn once before
from the shipped bundle, so that no import counts.
"""

import json
import os
import sys
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from dashboard.common import open_bundle
from geocore.inference.bundle import DEFAULT_BUNDLE

PAGES = Path(__file__).parent / "pages"


def draw_seconds(page: str, bundle: Path) -> tuple[float, float]:
    """Seconds of the first and of the second draw of a page.

    Raises:
        RuntimeError: the page showed an error.
    """
    app = AppTest.from_file(str(PAGES / page), default_timeout=600)
    app.session_state["bundle"] = str(bundle)
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        app.run()
        seconds.append(time.perf_counter() - started)
        if complaints := [x.value for x in (*app.exception, *app.error)]:
            raise RuntimeError(f"{page}: {complaints[0]}")
    return seconds[0], seconds[1]


def main(argv: list[str]) -> int:
    """Print one JSON object: per page its seconds, and the seconds to open the bundle."""
    bundle, pages = Path(argv[0]).resolve(), argv[1:]
    os.environ["GEOCORE_BUNDLES"] = str(bundle)
    for page in pages:
        draw_seconds(page, DEFAULT_BUNDLE.resolve())
    started = time.perf_counter()
    open_bundle(bundle)
    found = {"opening": time.perf_counter() - started}
    found |= {page: draw_seconds(page, bundle) for page in pages}
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
