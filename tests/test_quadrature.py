"""Panels of Gauss-Legendre quadrature."""

import numpy as np
import pytest

from cevnslib.quadrature import panel_rule


@pytest.mark.parametrize("count", [1, 2, 5, 24])
def test_exact_up_to_its_degree_and_not_beyond(count):
    x, w = panel_rule(0.5, 2.0, count)
    for degree in range(2 * count):
        exact = (2.0 ** (degree + 1) - 0.5 ** (degree + 1)) / (degree + 1)
        assert np.sum(w * x**degree) == pytest.approx(exact, rel=1e-13)
    if count < 5:  # beyond, the error is smaller than rounding
        exact = (2.0 ** (2 * count + 1) - 0.5 ** (2 * count + 1)) / (2 * count + 1)
        assert np.sum(w * x ** (2 * count)) != pytest.approx(exact, rel=1e-6)


def test_panels_add_up_and_change_sign_with_their_direction():
    ends = np.geomspace(0.1, 7.0, 9)
    x, w = panel_rule(ends[:-1], ends[1:], 20)
    assert x.shape == w.shape == (8, 20)
    assert np.sum(w / x) == pytest.approx(np.log(70), rel=1e-14)
    back = panel_rule(7.0, 0.1, 60)
    assert np.sum(back[1] / back[0]) == pytest.approx(-np.log(70), rel=1e-12)
