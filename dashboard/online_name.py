"""The one control that asks the network, and only when it is clicked."""

import streamlit as st

from dashboard.common import plain
from geocore.analysis.online_names import ATTRIBUTION, online_name
from geocore.errors import OnlineNameError


def offer_online_name(lat: float, lng: float) -> None:
    """A button that asks OpenStreetMap for a name, after saying what that discloses."""
    with st.popover("Ask OpenStreetMap for an address", type="tertiary"):
        st.markdown(
            f"This sends the point {lat:.2f}, {lng:.2f} to a server of the OpenStreetMap "
            "Foundation, and with it your network address. The photo is not sent. Everything else "
            "on this page stays on this computer."
        )
        if st.button("Send this point", key="online_name"):
            try:
                st.markdown(f"**{plain(online_name(lat, lng))}**")
                st.caption(ATTRIBUTION)
            except OnlineNameError as error:
                st.error(str(error))
