"""Who may see the dashboard where several people reach it: a login through OpenID Connect.

Stage: dashboard. It must not know passwords: the provider asks for them, Streamlit's own `st.login`
does the rest. Off by default; GEOCORE_LOGIN=1 turns it on, and so does an [auth] section in
`.streamlit/secrets.toml`. A login that is asked for and not set up opens nothing.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import streamlit as st

from dashboard.event_log import log_event
from dashboard.plain_text import plain
from dashboard.public_demo import is_yes
from dashboard.upload_door import admit, close_uploads

SWITCH = "GEOCORE_LOGIN"
NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
MIN_SECRET = 32
_MAX_NAME = 120
_REFUSED = (
    "This account may not use the dashboard. Ask whoever runs it to add its confirmed e-mail "
    "address, or log out and choose another account."
)
_UNCONFIRMED = (
    "The provider of this account does not say that its e-mail address is confirmed, so the list "
    "of who may use the dashboard cannot be asked. Whoever runs it finds in docs/SECURITY.md what "
    "to do; or log out and choose another account."
)


def is_login_on() -> bool:
    """Whether pages are shown only to whom a provider knows.

    Raises:
        ValueError: GEOCORE_LOGIN is neither yes nor no; a typing error must not open the pages.
    """
    return is_yes(SWITCH) or bool(_secrets("auth"))


def require_login() -> None:
    """Go on where no login is asked for, or the reader has one; otherwise the page ends here."""
    close_uploads(is_login_on)
    if not is_login_on():
        return
    if problem := _problem(_secrets("auth")):
        st.error(problem, icon=":material/lock:")
        st.stop()
    user = _user()
    if not user.get("is_logged_in"):
        st.markdown("Whoever wants to see this page must log in first.")
        st.button("Log in", icon=":material/login:", type="primary", on_click=st.login)
        st.stop()
    with st.sidebar:
        st.caption(f"Logged in as {plain(_name(user))}")
        st.button("Log out", icon=":material/logout:", on_click=st.logout)
    if not is_allowed(user, _secrets("access").get("allow")):
        is_confirmed = user.get("email_verified") is True
        log_event("login refused" if is_confirmed else "login refused, e-mail not confirmed")
        st.error(_REFUSED if is_confirmed else _UNCONFIRMED, icon=":material/lock:")
        st.stop()
    admit()


def login_name() -> str | None:
    """What the provider calls the reader, with the e-mail address; None where the login is off."""
    return _name(_user()) if is_login_on() else None


def is_allowed(user: Mapping[str, Any], allow: object) -> bool:
    """Whether an account is on the list.

    Args:
        user: what the provider says of it.
        allow: e-mail addresses, or "@" and a domain; None lets in whom the provider lets in. An
            address counts only where the provider says that it was confirmed.
    """
    if allow is None:
        return True
    entries = [str(entry).strip().lower() for entry in (allow if isinstance(allow, list) else [])]
    email = str(user.get("email") or "").strip().lower()
    if user.get("email_verified") is not True or "@" not in email:
        return False
    return email in entries or f"@{email.rpartition('@')[2]}" in entries


def _problem(auth: Mapping[str, Any]) -> str:
    """What the login lacks; "" where it is set up."""
    if missing := [key for key in NEEDED if not auth.get(key)]:
        return (
            "A login is asked for and not set up: `.streamlit/secrets.toml` lacks, in its section "
            f"[auth], {', '.join(missing)}. Until then no page is shown."
        )
    if len(str(auth["cookie_secret"])) < MIN_SECRET:
        return (
            f"The cookie_secret of `.streamlit/secrets.toml` must have at least {MIN_SECRET} "
            "characters, drawn at random; with a short one anybody could log in as anybody."
        )
    if find_spec("authlib") is None:
        return 'The login needs Authlib: `pip install -e ".[login]"`. Until then no page is shown.'
    return ""


def _name(user: Mapping[str, Any]) -> str:
    known = [" ".join(str(user.get(key) or "").split()) for key in ("name", "email")]
    name, email = (text[:_MAX_NAME] for text in known)
    return f"{name} ({email})" if name and email else name or email or str(user.get("sub", ""))


def _secrets(section: str) -> Mapping[str, Any]:
    """A section of the secrets; empty where there is none."""
    if not st.secrets.load_if_toml_exists():
        return {}
    found = st.secrets.get(section, {})
    return found.to_dict() if hasattr(found, "to_dict") else {}


def _user() -> Mapping[str, Any]:
    return st.user.to_dict()
