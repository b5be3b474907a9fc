"""Data stage: photos and their positions, checked, before any cell or model is thought of."""
