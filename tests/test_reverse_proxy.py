"""The example for nginx under a real nginx: what passes, what is refused, what is added."""

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.harness import free_port
from tests.test_frame import ROOT

EXAMPLE = ROOT / "docs" / "deploy" / "nginx.conf"
NAME = "geo.example.org"
AROUND = """daemon off; pid nginx.pid; error_log stderr; {user}
events {{}}
http {{ access_log off; client_body_temp_path body; proxy_temp_path proxy;
fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s; include site.conf; }}"""


class Echo(BaseHTTPRequestHandler):
    """In the dashboard's place: says what it was asked."""

    def do_GET(self) -> None:
        answer = json.dumps({key.lower(): value for key, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def ports(tmp_path_factory):
    """Ports of nginx, for HTTP and HTTPS, with the example as it stands but for ports and paths."""
    if not (shutil.which("nginx") and shutil.which("openssl")):
        pytest.skip("nginx or openssl is not installed (Debian: apt-get install nginx openssl).")
    folder, plain, secure = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    make_certificate(folder)
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    text = EXAMPLE.read_text("utf-8").replace(f"/etc/ssl/{NAME}", str(folder))
    text = text.replace("127.0.0.1:8501;", f"127.0.0.1:{upstream.server_address[1]};")
    text = text.replace("listen 80", f"listen 127.0.0.1:{plain}")
    text = text.replace("listen 443", f"listen 127.0.0.1:{secure}")
    (folder / "site.conf").write_text(text)
    user = "user root;" if subprocess.getoutput("id -u") == "0" else ""
    (folder / "nginx.conf").write_text(AROUND.format(user=user))
    command = ["nginx", "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_for(secure)
    yield plain, secure
    process.terminate()
    process.wait(10)
    upstream.shutdown()
    upstream.server_close()


def make_certificate(folder) -> None:
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = ["openssl", "req", "-x509", *kind, *files, "-days", "2", "-subj", f"/CN={NAME}"]
    subprocess.run(command, check=True, capture_output=True)


def wait_for(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nginx did not start.")


def ask(port: int, *lines: str, name: str | None = NAME, secure: bool = True) -> tuple[str, str]:
    """Send a request's lines; its answer's head and body."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    if secure:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = context.wrap_socket(connection, server_hostname=name)
    with connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
            if b" 413 " in answer:
                break  # nginx would go on reading what is not sent
    head, _, body = answer.decode().partition("\r\n\r\n")
    return head, body


def get(port: int, path: str = "/", *extra: str, **options) -> tuple[str, str]:
    host = f"Host: {options.pop('host', NAME)}"
    return ask(port, f"GET {path} HTTP/1.1", host, "Connection: close", *extra, **options)


def test_http_leads_to_https(ports):
    head, _ = get(ports[0], "/Case_desk", secure=False)
    assert " 301 " in head and f"Location: https://{NAME}/Case_desk" in head


def test_another_name_gets_no_answer(ports):
    assert get(ports[0], host="other.example", secure=False) == ("", "")
    with pytest.raises(ssl.SSLError):
        get(ports[1], name="other.example")


@pytest.mark.parametrize(
    "header",
    [
        "Content-Security-Policy: default-src 'self';",
        "Strict-Transport-Security: max-age=31536000",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: SAMEORIGIN",
        "Referrer-Policy: no-referrer",
        "Permissions-Policy: camera=(), geolocation=()",
    ],
)
@pytest.mark.parametrize("path", ["/", "/_stcore/metrics"])
def test_every_answer_has_the_security_headers(ports, header, path):
    assert header in get(ports[1], path)[0]


def test_what_the_dashboard_is_told(ports):
    seen = json.loads(get(ports[1], "/", "X-Forwarded-For: 6.6.6.6")[1])
    assert seen["host"] == NAME
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert seen["connection"] == "close"


def test_a_websocket_passes(ports):
    lines = ("GET /_stcore/stream HTTP/1.1", f"Host: {NAME}", "Upgrade: websocket")
    seen = json.loads(ask(ports[1], *lines, "Connection: Upgrade, close")[1])
    assert (seen["upgrade"], seen["connection"]) == ("websocket", "upgrade")


def test_a_larger_upload_than_streamlit_takes_is_refused(ports):
    lines = ("PUT /_stcore/upload_file/x HTTP/1.1", f"Host: {NAME}", "Connection: close")
    assert " 413 " in ask(ports[1], *lines, "Content-Length: 60000000")[0]


def test_numbers_about_the_server_are_not_for_visitors(ports):
    assert " 404 " in get(ports[1], "/_stcore/metrics")[0]
