"""Draw docs/images/data_sets.png: a row of samples of every set that needs no file.

python tools/contact_sheet.py
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from disentlib import data
from disentlib.data.catalog import SETS
from disentlib.visualization.grids import to_uint8

COLUMNS, SIDE, MARGIN = 10, 64, 18
TARGET = Path(__file__).parent.parent / "docs" / "images" / "data_sets.png"


def main():
    names = sorted(name for name, kind in SETS.items() if kind.needs == "nothing")
    sheet = Image.new("RGB", (COLUMNS * SIDE, len(names) * (SIDE + MARGIN)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, name in enumerate(names):
        _, images = data.load(name).sample(COLUMNS, rng=1)
        factor = SIDE // images.shape[1]
        tiles = to_uint8(images).repeat(factor, axis=1).repeat(factor, axis=2)
        top = row * (SIDE + MARGIN)
        draw.text((2, top + 3), name, fill="black")
        sheet.paste(Image.fromarray(np.concatenate(tiles, axis=1)), (0, top + MARGIN))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(TARGET, optimize=True)
    print(TARGET)


if __name__ == "__main__":
    main()
