"""scikit-learn's handwritten digits (Alpaydin and Kaynak, 1998): small, and embedded."""

import numpy as np

from disentlib.data.sets.array_data import ArrayData


class Digits(ArrayData):
    """1,797 handwritten digits of 8 x 8, floats in [0, 1], without a file.

    The only factor is the digit, 0 to 9; how it is written has no label. The test part of a set at
    UCI, in the order of `sklearn.datasets.load_digits`.
    """

    name = "digits"
    needs = "nothing"
    factor_names = ("digit",)
    factor_sizes = (10,)
    image_shape = (8, 8, 1)
    dtype = np.dtype(np.float32)
    has_full_grid = False  # a digit does not say which of its images

    def __init__(self) -> None:
        from sklearn.datasets import load_digits

        published = load_digits()
        images = (published.images / 16).astype(np.float32)
        super().__init__(images, published.target, names=self.factor_names)
        self.has_full_grid = False
