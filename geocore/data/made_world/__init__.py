"""Data stage: drawn outdoor scenes at real coordinates, always labelled as made."""
