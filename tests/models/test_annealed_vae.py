import pytest

from disentlib import models


@pytest.mark.parametrize(("step", "capacity"), [(0, 0), (10, 2.5), (100, 25), (500, 25)])
def test_the_kl_is_held_at_a_growing_capacity(build, images, step, capacity):
    model = build(models.AnnealedVAE, c_max=25.0, gamma=7.0, iteration_threshold=100)
    model.compile("adam")
    model.optimizer.iterations.assign(step)
    loss, terms = model.objective(images, None, model(images))
    assert float(terms["capacity"]) == pytest.approx(capacity)
    expected = terms["reconstruction"] + 7 * abs(terms["kl"] - capacity)
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)
