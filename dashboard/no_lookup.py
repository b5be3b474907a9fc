"""Streamlit asks no one outside for this machine's address.

Stage: dashboard. When a page of another site tries to connect, Streamlit would compare it with the
machine's public address, and ask a server of Amazon for that: a request that leaves. Refused is
such a page either way.
"""

from streamlit import net_util


def never_ask_outside() -> None:
    """From now on the machine's public address counts as unknown."""
    net_util.get_external_ip = lambda: None
