"""The one control that asks the network, and only when it is clicked."""

from collections.abc import Callable

import streamlit as st

from dashboard.common import plain
from geocore.analysis.online_names import ATTRIBUTION, online_name
from geocore.errors import OnlineNameError

SERVICE = "OpenStreetMap"


def offer_online_name(
    lat: float, lng: float, *, key: str = "online_name", before: Callable[[str], object] = str
) -> None:
    """A button that asks OpenStreetMap for a name, after saying what that discloses.

    Args:
        lat: degrees.
        lng: degrees.
        key: of the button.
        before: called with what will be disclosed, before it is.
    """
    with st.popover("Ask OpenStreetMap for an address", type="tertiary"):
        st.markdown(
            f"This sends the point {lat:.2f}, {lng:.2f} to a server of the OpenStreetMap "
            "Foundation, and with it your network address. The photo is not sent. Everything else "
            "on this page stays on this computer."
        )
        if st.button("Send this point", key=key):
            try:
                before(f"the point {lat:.2f}, {lng:.2f}")
                st.markdown(f"**{plain(online_name(lat, lng))}**")
                st.caption(ATTRIBUTION)
            except OnlineNameError as error:
                st.error(str(error))
