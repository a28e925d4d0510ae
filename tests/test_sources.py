"""Spectra and sources."""

import numpy as np
import pytest
from scipy.integrate import quad

from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.sources import Beam, LineSpectrum, PolynomialSpectrum, sns

MICHEL = {beam.name: beam.spectrum for beam in sns().beams if beam.timing == "delayed"}


def test_prompt_line():
    (line,) = sns().select("prompt")
    assert line.spectrum.energy == pytest.approx(29.79, abs=0.005)
    assert line.flavour == "mu"
    assert not line.antineutrino


@pytest.mark.parametrize("spectrum", MICHEL.values(), ids=MICHEL)
def test_delayed_spectra_are_normalised(spectrum):
    assert spectrum.moments(0.0, 0)[0] == pytest.approx(1, rel=1e-14)
    assert spectrum.moments(0.0, 1).shape == (2,)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("nu_e", lambda E, m: 192 * E**2 / m**3 * (1 / 2 - E / m)),
        ("nubar_mu", lambda E, m: 64 * E**2 / m**3 * (3 / 4 - E / m)),
    ],
)
def test_delayed_shapes(name, shape):
    E = np.linspace(0, 52, 7)
    assert MICHEL[name].density(E) == pytest.approx(shape(E, 105.6583755), rel=1e-12)
    assert MICHEL[name].density(53.0) == 0


@pytest.mark.parametrize("spectrum", MICHEL.values(), ids=MICHEL)
@pytest.mark.parametrize("E_min", [0.1, 5.0, 30.0, 52.0, 52.8])
def test_moments_are_the_integrals(spectrum, E_min):
    moments = spectrum.moments(E_min, 4)
    for n in range(5):
        direct = quad(
            lambda E, n=n: spectrum.density(E) * E**-n, E_min, spectrum.end, epsabs=0, epsrel=1e-12
        )[0]
        assert moments[n] == pytest.approx(direct, rel=1e-9, abs=1e-16)


def test_moments_end():
    for spectrum in MICHEL.values():
        assert np.all(spectrum.moments([52.9, 100.0], 3) == 0)
    assert np.all(LineSpectrum(30.0).moments([30.0], 1) == [[1], [1 / 30]])


def test_rates():
    """Talk's fluence: 0.08 x 1.76e23 neutrinos of each flavour in 308.1 days."""
    for beam in sns().beams:
        assert beam.rate * 308.1 * 86400 == pytest.approx(0.08 * 1.76e23, rel=1e-12)


def test_bad_input():
    with pytest.raises(DomainError, match="E_min: got 0 MeV, where the moment of order 3 diverges"):
        MICHEL["nu_e"].moments(0.0, 3)
    with pytest.raises(DomainError, match="E_min: got -1 MeV"):
        MICHEL["nu_e"].moments(-1.0, 0)
    with pytest.raises(DomainError, match="neutrino energy E: got nan"):
        MICHEL["nu_e"].density(np.nan)
    with pytest.raises(DomainError, match="line energy: got 0 MeV"):
        LineSpectrum(0.0)
    with pytest.raises(DomainError, match="end point: got -1 MeV"):
        PolynomialSpectrum((1.0,), -1.0)
    with pytest.raises(DomainError, match="coefficients: got nan"):
        PolynomialSpectrum((np.nan,), 1.0)
    with pytest.raises(DomainError, match="neutrinos per proton: got 0"):
        sns(neutrinos_per_proton=0)
    with pytest.raises(UnknownNameError, match=r"unknown flavour 'muon'.*allowed: e, mu, tau"):
        Beam("x", "muon", False, "prompt", LineSpectrum(1.0), 1.0)
    with pytest.raises(UnknownNameError, match="unknown timing 'late'"):
        Beam("x", "mu", False, "late", LineSpectrum(1.0), 1.0)
    with pytest.raises(UnknownNameError, match="unknown beam 'solar'; allowed: all, prompt"):
        sns().select("solar")
