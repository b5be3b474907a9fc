"""A small page with all that a simulated visitor must be able to use."""

import streamlit as st

st.header("Try")
name = st.text_input("Name")
choice = st.selectbox("Colour", ["red", "green"])
row = st.segmented_control("Row", ["one", "two"], default="one")
files = st.file_uploader("Drop photos here", accept_multiple_files=True)
st.write(f"{name}, {choice}, {row}, {[file.name for file in files]}")
st.download_button("Take it", name.encode() or b"nothing", "x.txt")
st.download_button("Make it", lambda: f"made for {name}".encode(), "y.txt")
st.download_button("Break it", lambda: 1 / 0, "z.txt")
if st.button("Fail"):
    st.error("It failed.")


@st.fragment
def part():
    n_runs = st.session_state["n_runs"] = st.session_state.get("n_runs", 0) + 1
    st.selectbox("Inner", ["a", "b"])
    st.caption(f"part run {n_runs}")
    if st.button("All again"):
        st.rerun(scope="app")


part()
