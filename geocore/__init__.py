"""Photo geolocation by classification into adaptive S2 cells. Importing it loads no TensorFlow."""

import os

# TensorFlow's own remarks would bury ours; what fails still raises. Set it to 0 to see them all.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"
