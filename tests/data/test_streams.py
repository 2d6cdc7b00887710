import subprocess
import sys

import numpy as np
import pytest

from disentlib import data
from disentlib.data.randomness import counter


def batches(stream, n):
    return [batch.numpy() for batch in stream.take(n)]


def test_batches_are_the_samples_of_their_step_scaled_to_one():
    sprites = data.DSpritesRendered()
    stream = data.streams.images(sprites, batch_size=8, seed=3)
    for step, batch in enumerate(batches(stream, 4)):
        expected = sprites.sample(8, counter(3, step))[1].astype(np.float32) / 255
        np.testing.assert_array_equal(batch, expected)


def test_a_stream_continues_exactly_where_it_stopped():
    sprites = data.DSpritesRendered()
    whole = batches(data.streams.images(sprites, batch_size=4, seed=0), 9)
    again = batches(data.streams.images(sprites, batch_size=4, seed=0, start=5), 4)
    np.testing.assert_array_equal(whole[5:], again)
    other = batches(data.streams.images(sprites, batch_size=4, seed=1), 9)
    assert (np.array(whole) != other).any()


def test_shapes_and_types_are_known_before_a_batch_is_drawn():
    stream = data.streams.images(data.DSpritesRendered(), batch_size=64, seed=0)
    assert stream.element_spec.shape.as_list() == [64, 64, 64, 1]
    assert stream.element_spec.dtype == np.float32


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"seed": -1}, {"start": -1}])
def test_options_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match="of at least"):
        data.streams.images(data.DSpritesRendered(), **{"batch_size": 4, "seed": 0, **options})


def test_looking_at_data_does_not_import_tensorflow():
    code = (
        "import sys; from disentlib import data; data.DSpritesRendered().sample(2, 0);"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
