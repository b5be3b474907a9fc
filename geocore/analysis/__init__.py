"""Analysis stage: what an analyst does with predictions and grids."""
