"""Photo geolocation by classification into adaptive S2 cells. Importing it loads no TensorFlow."""

__version__ = "0.1.0"
