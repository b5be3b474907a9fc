"""Models that several sessions of one server share must outlive each of them.

Stage: inference. It must not know which server.

Streamlit calls `keras.backend.clear_session()` at the end of every run of a page. Models that are
being built in another thread at that moment lose variables that are not yet initialised, and each
call costs a quarter of a second. Nothing is built per session here, so there is nothing to clear.
"""

import keras


def keep_shared_models() -> None:
    """From now on, clearing Keras's session does nothing in this process."""
    keras.backend.clear_session = _nothing_to_clear


def _nothing_to_clear(free_memory: bool = True) -> None:
    """In place of `keras.backend.clear_session`."""
