"""Scores of representations, from arrays: codes (samples, dims) and factors (samples, factors)."""
