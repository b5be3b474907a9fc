"""A server's models survive what Streamlit does after every run of a page."""

import keras
import numpy as np
from streamlit.runtime.scriptrunner import script_runner

from geocore.inference.shared_models import keep_shared_models


def test_a_model_in_the_making_survives_the_end_of_a_page_run(monkeypatch):
    monkeypatch.setattr(keras.backend, "clear_session", keras.backend.clear_session)
    keep_shared_models()
    counted = keras.layers.Dense(2).name
    script_runner._clean_problem_modules()
    following = keras.layers.Dense(2).name
    assert following != counted, "the session's counters go on, so nothing was cleared"
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    script_runner._clean_problem_modules()
    assert model(np.ones((1, 3))).shape == (1, 2)
