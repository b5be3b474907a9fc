"""The dashboard: pages that show what geocore computes."""
