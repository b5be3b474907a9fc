"""A dashboard served for the tests, where possible with no network at all, and its browser."""

import contextlib
import io
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "dashboard" / "Home.py"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
UNSHARE = ["unshare", "--map-root-user", "--net"]
LOCAL_SCHEMES = ("data:", "blob:", "about:", "chrome-error:")
DROP_ZONE = '[data-testid="stFileUploaderDropzoneInput"]'
COMPLAINTS = ("Traceback", "failed unexpectedly")
SETTLED = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    const state = app && app.getAttribute('data-test-script-state');
    return state === 'notRunning' && !document.querySelector('[data-testid="stSpinner"]');
}"""


@dataclass(frozen=True)
class Server:
    """A running dashboard: its address, its process, and whether it is cut off from any network."""

    url: str
    process: subprocess.Popen
    log: Path
    is_cut_off: bool

    def browser_command(self, folder: Path) -> str:
        """The browser's executable; beside a server that is cut off, one that joins it there."""
        chromium = find_chromium()
        if not self.is_cut_off:
            return chromium
        wrapper = folder / "chromium-cut-off"
        join = f"nsenter --target {self.process.pid} --user --net --preserve-credentials"
        wrapper.write_text(f'#!/bin/sh\nexec {join} {chromium} "$@"\n')
        wrapper.chmod(0o755)
        return str(wrapper)


@dataclass
class Visit:
    """One visitor's own browser context, with everything that it asked for and that went wrong."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> Page:
        """Open one page of the dashboard and wait until it stands still."""
        self.page.goto(f"{self.url}/{path}")
        return settled(self.page)

    def drop(self, name: str, content: bytes) -> Page:
        """Put a file into the page's drop zone and wait for the answer."""
        zone = self.page.locator(DROP_ZONE).first
        zone.set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": content})
        self.page.wait_for_timeout(1500)
        return settled(self.page)


def find_chromium() -> str | None:
    """The path of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def can_cut_off() -> bool:
    """Whether this machine lets us start a process that has only loopback."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(
    script: Path, folder: Path, *extra: str, port: int = 0, may_cut_off: bool = True
) -> Iterator[Server]:
    """Run a Streamlit script on a free loopback port, cut off from any network where permitted.

    `extra` options go to Streamlit; a server that talks to another of the test is not cut off.
    """
    port, log = port or free_port(), folder / "server.log"
    is_cut_off = may_cut_off and can_cut_off()
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    command += ["--server.headless", "true", *extra]
    if is_cut_off:
        loopback = [sys.executable, str(Path(__file__).with_name("loopback_only.py"))]
        command = [*UNSHARE, *loopback, *command]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(process, log)
        yield Server(f"http://127.0.0.1:{port}", process, log, is_cut_off)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(process: subprocess.Popen, log: Path, timeout_s: float = 120) -> None:
    """Wait until the server has printed its address."""
    end = time.monotonic() + timeout_s
    while "URL:" not in log.read_text():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"The dashboard did not start:\n{log.read_text()}")
        time.sleep(0.2)


def launch(playwright: Playwright, server: Server, folder: Path) -> Browser:
    """Start the browser that can see the server."""
    command = server.browser_command(folder)
    return playwright.chromium.launch(executable_path=command, args=CHROMIUM_FLAGS)


def visit(browser: Browser, url: str, scheme: str = "light") -> Visit:
    """A new visitor, in light or dark, whose every request and page error is noted."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    visitor = Visit(context.new_page(), url)
    context.on("request", lambda request: visitor.requests.append(request.url))
    context.on("weberror", lambda error: visitor.errors.append(str(error.error)))
    visitor.page.on("websocket", lambda ws: visitor.requests.append(ws.url))
    return visitor


def settled(page: Page, timeout_s: float = 180) -> Page:
    """Wait until the script has run and stays so for half a second."""
    for _ in range(20):
        page.wait_for_function(SETTLED, timeout=timeout_s * 1000)
        page.wait_for_timeout(500)
        if page.evaluate(SETTLED):
            return page
    raise TimeoutError(f"{page.url} kept running.")


def outside(requests: list[str], url: str) -> list[str]:
    """The requests that would have left the machine."""
    local = (url, url.replace("http", "ws", 1), *LOCAL_SCHEMES)
    return [request for request in requests if not request.startswith(local)]


def complaints(page: Page) -> list[str]:
    """What a reader must never see: exception boxes, tracebacks, the error box of a defect."""
    boxes = page.locator('[data-testid="stException"]').all_inner_texts()
    shown = page.locator("body").inner_text().splitlines()
    return boxes + [line for line in shown if any(word in line for word in COMPLAINTS)]


def page_paths() -> list[str]:
    """The address of every page: "" for Home, then pages/1_Cell_explorer.py as Cell_explorer."""
    names = sorted(path.stem for path in (HOME.parent / "pages").glob("*.py"))
    return ["", *(name.partition("_")[2] for name in names)]


def photo_bytes(colour: tuple[int, int, int] = (90, 140, 190)) -> bytes:
    """A small JPEG: sky over ground, with the grain that tells a photo from a drawing."""
    image = Image.new("RGB", (320, 240), colour)
    image.paste((110, 100, 70), (0, 150, 320, 240))
    grain = np.random.default_rng(0).normal(0, 14, (240, 320, 3))
    pixels = np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=92)
    return stream.getvalue()
