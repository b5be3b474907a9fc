"""One visitor's conversation with a Streamlit server, as a browser holds it, without drawing.

Stage: load. It must not know the dashboard's pages. Messages, uploads and downloads are Streamlit's
own: what a browser would send is sent, and what it would be shown is kept. What is left out is what
a browser does by itself: scripts of maps and figures do not run, so nothing is clicked in them.

Source: own; Streamlit's protocol buffers.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from geocore.load.shown import TEXTS, WIDGETS, Shown, texts_of

PATIENCE_S = 300.0
_COOKIE = "_streamlit_xsrf"


class SessionError(Exception):
    """The server did not answer, or the page lacks what a visitor looks for."""


class Session:
    """A visitor. Closed like a browser tab, by `close` or at the end of a `with` block.

    Args:
        url: of the server, such as "http://127.0.0.1:8501".
        listen: called with the bytes of every message that comes in.
        patience_s: how long it waits for a page.
    """

    def __init__(
        self,
        url: str,
        listen: Callable[[bytes], None] = lambda message: None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._url, self._listen, self.patience_s = url, listen, patience_s
        self._web = requests.Session()
        self._web.headers["Connection"] = "close"  # a kept one may end just when it is used again
        self._get("/_stcore/health")
        token: str = self._web.cookies.get(_COOKIE) or ""
        self._open = ExitStack()
        connection = connect(
            url.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=["streamlit", token],  # type: ignore[list-item]
            additional_headers={"Cookie": f"{_COOKIE}={token}", "Origin": url},
            max_size=None,
            proxy=None,
        )
        self._socket = self._open.enter_context(connection)
        self._token = token
        self._id, self._page, self._query = "", "", ""
        self._page_hash = ""
        self._shown: dict[tuple[int, ...], Shown] = {}
        self._states: dict[str, WidgetState] = {}
        self._uploads: dict[str, FileURLs] = {}
        self.auto_rerun: str = ""

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave without a word, as a closed tab does."""
        self._open.close()
        self._web.close()

    def open(self, page: str = "", **query: str) -> None:
        """Go to a page, named as in its address, and wait until it has run."""
        self._page, self._page_hash, self._query = page, "", urlencode(query)
        self._states.clear()
        self._run()

    @property
    def texts(self) -> list[str]:
        """Every text on the page, in the order of the page."""
        return [text for shown in self._in_order() for text in texts_of(shown)]

    @property
    def errors(self) -> list[str]:
        """What is shown in red, exceptions among them."""
        return [
            text
            for shown in self._in_order()
            if shown.kind == "exception"
            or (shown.kind == "alert" and shown.element.format == shown.element.ERROR)
            for text in texts_of(shown)
        ]

    @property
    def buttons(self) -> list[str]:
        """What is written on the buttons."""
        return [shown.element.label for shown in self._in_order() if shown.kind == "button"]

    def find(self, kind: str, label: str) -> Shown:
        """The first widget of a kind whose label starts so.

        Raises:
            SessionError: there is none.
        """
        for shown in self._in_order():
            if shown.kind == kind and shown.element.label.startswith(label):
                return shown
        raise SessionError(f"No {kind} '{label}' on page '{self._page}'.")

    def click(self, label: str) -> None:
        """Press a button."""
        button = self.find("button", label)
        pressed = WidgetState(id=button.element.id, trigger_value=True)
        self._run(button.fragment, pressed)

    def select(self, label: str, option: str) -> None:
        """Choose in a list, or in a row of buttons."""
        kinds = [s.kind for s in self._in_order() if getattr(s.element, "label", "") == label]
        widget = self.find("selectbox" if "selectbox" in kinds else "button_group", label)
        state = WidgetState(id=widget.element.id)
        if widget.kind == "selectbox":
            state.string_value = option
        else:
            state.string_array_value.data.append(option)
        self._change(widget, state)

    def write(self, label: str, text: str) -> None:
        """Fill in a field."""
        field = self.find("text_input", label)
        self._change(field, WidgetState(id=field.element.id, string_value=text))

    def drop(self, photos: dict[str, bytes]) -> None:
        """Put files into the drop zone, in place of those that lie there, and wait."""
        zone = self.find("file_uploader", "Drop photos here")
        state = WidgetState(id=zone.element.id)
        old, self._uploads = self._uploads, {}
        for urls in old.values():
            self._web.delete(self._url + urls.delete_url, headers=self._header, timeout=PATIENCE_S)
        for name, urls in zip(photos, self._ask_urls(list(photos)), strict=True):
            files = {"file": (name, photos[name], "image/jpeg")}
            reply = self._web.put(
                self._url + urls.upload_url, files=files, headers=self._header, timeout=PATIENCE_S
            )
            _check(reply)
            info = state.file_uploader_state_value.uploaded_file_info.add()
            info.name, info.size, info.file_id = name, len(photos[name]), urls.file_id
            info.file_urls.CopyFrom(urls)
            self._uploads[name] = urls
        self._change(zone, state)

    def download(self, label: str) -> bytes:
        """The file behind a download button, which may be made only now."""
        button = self.find("download_button", label).element
        return self._get(self._made(button.deferred_file_id) or button.url)

    def look_again(self) -> bool:
        """Run the part of the page that looks again by itself; False if there is none."""
        if not self.auto_rerun:
            return False
        self._run(self.auto_rerun, is_auto=True)
        return True

    @property
    def _header(self) -> dict[str, str]:
        return {"X-Xsrftoken": self._token}

    def _get(self, path: str) -> bytes:
        reply = self._web.get(self._url + path, timeout=PATIENCE_S)
        _check(reply)
        return reply.content

    def _in_order(self) -> Iterator[Shown]:
        return (self._shown[path] for path in sorted(self._shown))

    def _change(self, widget: Shown, state: WidgetState) -> None:
        self._states[state.id] = state
        if not widget.element.form_id:  # a form is sent by its button
            self._run(widget.fragment)

    def _ask_urls(self, names: list[str]) -> list[FileURLs]:
        message = BackMsg()
        request = message.file_urls_request
        request.request_id, request.session_id = uuid.uuid4().hex, self._id
        request.file_names.extend(names)
        return list(self._ask(message, "file_urls_response").file_urls_response.file_urls)

    def _made(self, file_id: str) -> str:
        """Address of a file that is made when it is asked for; "" without an id."""
        if not file_id:
            return ""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id = uuid.uuid4().hex, self._id
        request.deferred_file.file_id = file_id
        reply = self._ask(message, "backend_operation_response").backend_operation_response
        if reply.error_msg:
            raise SessionError(f"A file could not be made: {reply.error_msg}")
        return reply.deferred_file.url

    def _ask(self, message: BackMsg, kind: str) -> ForwardMsg:
        """Send a message and wait for the reply of a kind."""
        self._socket.send(message.SerializeToString())
        end = time.monotonic() + self.patience_s
        while (reply := self._receive(end)).WhichOneof("type") != kind:
            self._take(reply)
        return reply

    def _run(self, fragment: str = "", *pressed: WidgetState, is_auto: bool = False) -> None:
        """Ask for a run of the page or of a part of it, and wait for its end."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page_hash
        if not self._page_hash:
            state.page_name = self._page
        state.fragment_id, state.is_auto_rerun = fragment, is_auto
        state.widget_states.widgets.extend([*self._states.values(), *pressed])
        state.context_info.timezone, state.context_info.locale = "UTC", "en"
        self._socket.send(message.SerializeToString())
        end = time.monotonic() + self.patience_s
        while not self._take(self._receive(end)):
            pass
        present = {s.element.id for s in self._shown.values() if s.kind in WIDGETS}
        self._states = {key: state for key, state in self._states.items() if key in present}

    def _receive(self, end: float) -> ForwardMsg:
        try:
            content = self._socket.recv(timeout=max(0.0, end - time.monotonic()))
        except TimeoutError:
            raise SessionError(f"No answer in {self.patience_s:.0f} s.") from None
        except ConnectionClosed as error:
            raise SessionError(f"The server ended the connection: {error}") from None
        raw = content.encode() if isinstance(content, str) else content
        self._listen(raw)
        message = ForwardMsg()
        message.ParseFromString(raw)
        return message

    def _take(self, message: ForwardMsg) -> bool:
        """Keep what a message shows; True once a run has come to its end."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._id = message.new_session.initialize.session_id
            fragments = set(message.metadata.run.fragment_ids)
            self.auto_rerun = self.auto_rerun if fragments else ""
            self._shown = {
                path: shown
                for path, shown in self._shown.items()
                if fragments and shown.fragment not in fragments
            }
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "delta":
            self._draw(tuple(message.metadata.delta_path), message.delta)
        elif kind == "auto_rerun":
            self.auto_rerun = message.auto_rerun.fragment_id
        elif kind == "stop_auto_rerun":
            self.auto_rerun = ""
        elif kind == "script_finished":
            return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False

    def _draw(self, path: tuple[int, ...], delta: Any) -> None:
        if delta.WhichOneof("type") == "new_transient":  # a spinner
            return
        self._shown = {p: shown for p, shown in self._shown.items() if p[: len(path)] != path}
        if delta.WhichOneof("type") == "new_element":
            element: Element = delta.new_element
            kind = element.WhichOneof("type")
            if kind in TEXTS or kind in WIDGETS:
                self._shown[path] = Shown(kind, getattr(element, kind), delta.fragment_id)


def _check(reply: requests.Response) -> None:
    if not reply.ok:
        raise SessionError(f"{reply.request.method} failed with {reply.status_code}.")
