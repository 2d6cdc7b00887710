"""What could fool scores: one check, one file, named after what it finds."""
