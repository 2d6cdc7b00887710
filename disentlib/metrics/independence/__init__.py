"""Scores of codes alone: how far they are from independent."""
