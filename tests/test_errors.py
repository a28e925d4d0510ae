"""Bad input is answered in words."""

import numpy as np
import pytest

from cevnslib.errors import CevnsError, DomainError, UnknownNameError, checked


@pytest.mark.parametrize(
    ("value", "bounds", "words"),
    [
        (np.nan, {}, "x: got nan MeV; allowed: finite"),
        (np.inf, {"above": 0}, "x: got inf MeV; allowed: finite, above 0 MeV"),
        (0, {"above": 0}, "x: got 0 MeV; allowed: finite, above 0 MeV"),
        (-1, {"at_least": 0}, "x: got -1 MeV; allowed: finite, at least 0 MeV"),
        (2, {"at_most": 1}, "x: got 2 MeV; allowed: finite, at most 1 MeV"),
        ([[1, 2], [3, -4]], {"above": 0}, "x: got -4 MeV at index 1, 1; allowed: finite, above"),
        ("1e-3", {}, "x: got '1e-3'; allowed: real numbers, finite"),
        (1j, {}, "x: got 1j; allowed: real numbers, finite"),
        (None, {}, "x: got None; allowed: real numbers, finite"),
        (True, {}, "x: got True; allowed: real numbers, finite"),
    ],
)
def test_checked_refuses(value, bounds, words):
    with pytest.raises(DomainError) as refused:
        checked("x", value, "MeV", **bounds)
    assert str(refused.value).startswith(words)


def test_checked_passes_on_what_is_good():
    result = checked("x", [[1, 2]], above=0, at_most=2)
    assert result.dtype == np.float64
    assert result.shape == (1, 2)
    assert checked("x", 0, at_least=0) == 0
    assert checked("x", [], above=0).shape == (0,)


def test_unknown_name_lists_what_is_allowed():
    assert str(UnknownNameError("stage", 3, ["now", "then"])) == (
        "unknown stage 3; allowed: now, then"
    )


def test_every_error_is_a_value_error():
    assert issubclass(CevnsError, ValueError)
