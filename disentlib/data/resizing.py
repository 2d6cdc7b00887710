"""Photographs brought to the size that models take."""

import numpy as np
from PIL import Image


def resized(images: np.ndarray, side: int = 64) -> np.ndarray:
    """Return (n, h, w) or (n, h, w, 3) uint8 images as side x side, by Lanczos's filter."""
    pictures = (Image.fromarray(image) for image in images)
    small = [picture.resize((side, side), Image.Resampling.LANCZOS) for picture in pictures]
    return np.stack([np.asarray(picture) for picture in small])
