"""Scores from how well codes predict factors."""
