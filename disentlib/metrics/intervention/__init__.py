"""Scores from holding or changing single factors."""
