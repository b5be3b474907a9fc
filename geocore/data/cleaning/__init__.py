"""Data stage: which photos of a set cannot be used, and why."""
