"""Kinds of neutrinos."""

from itertools import product

import pytest

from cevnslib.errors import KindError, UnknownNameError
from cevnslib.physics.neutrinos import FLAVOURS, Neutrino
from cevnslib.physics.targets import electron, nuclide

CS, ELECTRON = nuclide("Cs133"), electron("Ge")
NU_E, NU_MU = Neutrino("e"), Neutrino("mu")
KINDS = [Neutrino(*kind) for kind in product(FLAVOURS, (False, True))]


def test_neutrinos():
    assert [kind.name for kind in KINDS[:2]] == ["nu_e", "nubar_e"]
    with pytest.raises(UnknownNameError, match="unknown flavour 'electron'; allowed: e, mu, tau"):
        Neutrino("electron")
    with pytest.raises(KindError, match="antineutrino: got 1; allowed: True or False"):
        Neutrino("e", 1)  # type: ignore[arg-type]
