"""Photo geolocation by classification into adaptive S2 cells. Importing this package loads no TensorFlow."""

__version__ = "0.1.0"
