"""A page behind the login; with DOOR_OPEN set, its reader has logged in."""

import os

import streamlit as st

from dashboard import login

if os.environ.get("DOOR_OPEN"):
    login._problem = lambda auth: ""
    login._user = lambda: {"is_logged_in": True, "name": "Ada"}
login.require_login()
files = st.file_uploader("Photos", accept_multiple_files=True)
st.markdown(f"received: {[file.name for file in files]}")
