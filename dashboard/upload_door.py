"""Where a login is asked for, nobody sends the server a file before it.

Stage: dashboard. Streamlit takes files from every open connection, whether its page shows a drop
zone or not. Its own question before it reads a byte, whether a connection is known to it, is
answered here with no until the page behind the connection was opened to its reader.
"""

from collections.abc import Callable

from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

_KEPT_IN, _MANY = "geocore_admitted", 1_000


def close_uploads(is_login_on: Callable[[], bool]) -> None:
    """From now on only admitted connections may send files, where a login is asked for."""
    if hasattr(Runtime, _KEPT_IN):
        return
    admitted: set[str] = set()
    shipped = Runtime.is_active_session

    def may_send(runtime: Runtime, session_id: str) -> bool:
        """What Streamlit asks before it takes a file, and nowhere else."""
        is_known = shipped(runtime, session_id)
        return is_known and (not is_login_on() or session_id in admitted)

    setattr(Runtime, _KEPT_IN, admitted)
    setattr(Runtime, "is_active_session", may_send)  # noqa: B010 (a method is replaced)


def admit() -> None:
    """The reader of this connection has logged in."""
    context = get_script_run_ctx()
    admitted: set[str] = getattr(Runtime, _KEPT_IN, set())
    if context is None:
        return
    if len(admitted) > _MANY and Runtime.exists():
        known = Runtime.instance()._session_mgr.is_active_session
        admitted.intersection_update({x for x in list(admitted) if known(x)})
    admitted.add(context.session_id)
