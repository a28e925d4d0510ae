"""The constants against scipy's CODATA tables."""

import math

import pytest
import scipy.constants as si

from cevnslib import constants
from cevnslib.constants import CODATA_2018, CODATA_2022

MEV = 1e6 * si.e


def test_exact_constants():
    assert constants.AVOGADRO == si.N_A
    assert CODATA_2022.hbar_c == pytest.approx(si.hbar * si.c / MEV / 1e-15, rel=1e-12)


@pytest.mark.parametrize("values", [CODATA_2018, CODATA_2022])
def test_measured_constants(values):
    # CODATA's own adjustments move by less than 1e-8 between editions, the muon's mass excepted.
    assert values.fine_structure == pytest.approx(si.alpha, rel=1e-8)
    assert values.electron_mass == pytest.approx(si.m_e * si.c**2 / MEV, rel=1e-8)
    assert values.atomic_mass == pytest.approx(si.atomic_mass * si.c**2 / MEV, rel=1e-8)
    muon = si.physical_constants["muon mass energy equivalent in MeV"][0]
    assert values.muon_mass == pytest.approx(muon, rel=1e-7)
    fermi = si.physical_constants["Fermi coupling constant"][0] * 1e-6
    assert values.fermi == pytest.approx(fermi, rel=1e-6)


def test_square_centimetres():
    assert CODATA_2022.square_centimetres == pytest.approx(3.893793721e-22, rel=1e-9)


def test_magnetic_scale():
    """The coefficient pi alpha^2 (hbar c)^2 / m_e^2 is 2.495e-25 cm^2."""
    scale = math.pi * (CODATA_2022.fine_structure / CODATA_2022.electron_mass) ** 2
    assert scale * CODATA_2022.square_centimetres == pytest.approx(2.495e-25, rel=2e-4)
