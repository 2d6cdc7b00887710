"""What every data set promises, asked of each one that can be made here."""

import inspect
import json

import numpy as np
import pytest

from disentlib import data
from disentlib.data.catalog import SETS, WITH_ARGUMENTS

DRAWN = {name: kind() for name, kind in SETS.items() if kind.needs == "nothing"}
ROOMS = data.Shapes3DRendered()
MADE = {
    **DRAWN,
    "correlated": data.Correlated(ROOMS, pairs=[("scale", "shape")]),
    "held_out": data.HeldOut(ROOMS, where={"shape": [0]}),
    "split": data.Split(data.MiniSprites(), part="test"),
}

every_set = pytest.mark.parametrize("source", MADE.values(), ids=MADE)
GRIDS = {name: source for name, source in MADE.items() if source.has_full_grid}


def test_every_public_set_has_a_name_that_users_type():
    public = {
        kind
        for _, kind in inspect.getmembers(data, inspect.isclass)
        if issubclass(kind, data.GroundTruthData)
    }
    named = {*SETS.values(), *WITH_ARGUMENTS.values()}
    assert public - named == {data.GroundTruthData, data.ArrayData}
    assert named <= public


@every_set
def test_images_have_the_shape_type_and_range_said(source):
    factors, images = source.sample(7, 0)
    assert factors.shape == (7, len(source.factor_names))
    assert factors.dtype == np.int64
    assert images.shape == (7, *source.image_shape)
    assert images.dtype == source.dtype
    assert images.min() >= 0
    assert images.max() <= (255 if images.dtype == np.uint8 else 1)
    assert (factors < source.sizes).all()
    if source.has_full_grid:
        assert source.images(factors[:0]).shape == (0, *source.image_shape)


@every_set
@pytest.mark.parametrize("generator", [np.random.default_rng, np.random.RandomState])
def test_equal_seeds_give_equal_samples(source, generator):
    for one, other in zip(
        source.sample(5, generator(3)), source.sample(5, generator(3)), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert (source.sample(5, generator(4))[0] != source.sample(5, generator(3))[0]).any()


@pytest.mark.parametrize("source", GRIDS.values(), ids=GRIDS)
def test_chance_is_there_where_a_set_says_so(source):
    factors = np.repeat(source.sample_factors(1, 0), 12, axis=0)
    images = source.images(factors, 0)
    assert (images == images[:1]).all() == source.deterministic


@every_set
def test_its_configuration_rebuilds_it(source):
    again = data.from_config(json.loads(json.dumps(source.config())))
    assert type(again) is type(source)
    np.testing.assert_array_equal(again.sample(4, 1)[1], source.sample(4, 1)[1])
    assert type(source).__name__ in repr(source)


@every_set
def test_every_factor_is_described(source):
    assert len(source.factor_names) == len(source.factor_sizes) == len(set(source.factor_names))
    assert source.evaluation.factor_names == source.factor_names
    assert (type(source).__doc__ or "").splitlines()[0]


def test_sets_that_need_files_say_where_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("DISENTLIB_DATA", str(tmp_path))
    for name, kind in SETS.items():
        if kind.needs != "nothing":
            with pytest.raises(FileNotFoundError, match=r"download|save a picture"):
                data.load(name)
