"""A small OpenID Connect provider on this machine, for tests: it knows whoever types a name.

Discovery, authorisation with code and PKCE, token, keys, and the end of a session; what it hands
out is signed (RS256). It keeps to what Streamlit's login asks for, and refuses anything else.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlparse

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "geocore-tests", "only-for-tests"
FORM = """<title>Provider</title><form method="post" action="/authorize?{query}">
<input name="name" aria-label="Name"><input name="email" aria-label="E-mail">
<button>Continue</button></form>"""


class Provider(ThreadingHTTPServer):
    """`with Provider() as provider:` serves it; `asked` holds every path that was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = RSAKey.generate_key(2048, {"use": "sig", "kid": "test"})
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def __enter__(self) -> "Provider":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def discovery(self) -> dict:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def id_token(self, granted: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "sub": granted["email"], "nonce": granted["nonce"], "name": granted["name"],
            "email": granted["email"], "email_verified": True,
        }  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": "test"}, claims, self.key)


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        url = urlparse(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        self.server.asked.append(url.path)
        if url.path == "/.well-known/openid-configuration":
            self._say(self.server.discovery())
        elif url.path == "/jwks":
            self._say(KeySet([self.server.key]).as_dict(private=False))
        elif url.path == "/authorize" and query["client_id"] == CLIENT_ID:
            self._send(200, FORM.format(query=escape(url.query)).encode(), "text/html")
        elif url.path == "/logout" and query["client_id"] == CLIENT_ID:
            self._lead(query["post_logout_redirect_uri"])
        else:
            self._send(400, b"not known", "text/plain")

    def do_POST(self) -> None:
        url = urlparse(self.path)
        self.server.asked.append(url.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: values[0] for key, values in parse_qs(body).items()}
        if url.path == "/authorize":
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            code = secrets.token_urlsafe(16)
            self.server.codes[code] = query | form
            back = urlencode({"code": code, "state": query["state"]})
            self._lead(f"{query['redirect_uri']}?{back}")
        elif url.path == "/token" and (granted := self._granted(form)):
            token = {"access_token": "unused", "token_type": "Bearer", "expires_in": 300}
            self._say(token | {"id_token": self.server.id_token(granted)})
        else:
            self._send(400, b'{"error": "invalid_grant"}', "application/json")

    def _granted(self, form: dict[str, str]) -> dict[str, str] | None:
        """What was granted for a code that is used once, by the client, with the right verifier."""
        client = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        granted = self.server.codes.pop(form.get("code", ""), None)
        if granted is None or self.headers["Authorization"] != f"Basic {client}":
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return granted if challenge == granted["code_challenge"] else None

    def _lead(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.end_headers()

    def _say(self, answer: dict) -> None:
        self._send(200, json.dumps(answer).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Silent."""
