"""Casework: where the predictor and the case file meet. One photo, many photos, and again later."""
