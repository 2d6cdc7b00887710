"""Comparing trained models: without labels, and by every aggregation of a matrix."""
