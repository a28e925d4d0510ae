"""The library beside independent computations: what the page on validation shows."""

import pytest

from validation.comparisons import GROUPS

NUMBERS = {
    **{"cross-sections": 60, "counts": 36, "helm": 16, "moments": 51, "fermion": 40},
    **{"electrons": 60, "response": 72, "electron-counts": 24, "densities": 12, "published": 51},
}


@pytest.mark.parametrize("name", GROUPS)
def test_within_the_tolerance(name):
    found = list(GROUPS[name].compute())
    assert len(found) == NUMBERS[name]
    beyond = [one for one in found if not one.holds]
    assert not beyond, "\n".join(f"{one.quantity}: {one.difference:.2g}" for one in beyond)
