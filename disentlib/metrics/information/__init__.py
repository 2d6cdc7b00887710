"""Scores from mutual information between codes and factors."""
