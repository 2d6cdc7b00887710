"""Scores of codes as estimates of the factors themselves, up to stated transformations."""
