"""A bad page: it is slow, calls out and ends in an exception. The harness must notice all three."""

import time

import streamlit as st

st.title("Before")
time.sleep(2)
st.title("After")
st.html('<img src="http://outside.invalid/picture.png">')
st.exception(ValueError("shown to the reader"))
