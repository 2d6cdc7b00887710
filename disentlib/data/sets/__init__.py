"""Data sets, one file each: drawn, read from published files, or made of arrays."""
