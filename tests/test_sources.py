"""Spectra and sources."""

from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from cevnslib.errors import DomainError, UnknownNameError
from cevnslib.sources.beams import Beam, Source
from cevnslib.sources.reactor import (
    FISSION_FRACTIONS,
    ReactorSpectrum,
    reactor_of_flux,
    reactor_of_power,
)
from cevnslib.sources.sns import spallation_source
from cevnslib.sources.spectra import (
    LineSpectrum,
    NumericalSpectrum,
    PolynomialSpectrum,
    TabulatedSpectrum,
)

MICHEL: dict[str, Any] = {
    beam.name: beam.spectrum for beam in spallation_source().beams if beam.timing == "delayed"
}


def test_prompt_line():
    (line,) = spallation_source().select("prompt")
    assert isinstance(line.spectrum, LineSpectrum)
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
    for beam in spallation_source().beams:
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
        spallation_source(neutrinos_per_proton=0)
    with pytest.raises(UnknownNameError, match=r"unknown flavour 'muon'.*allowed: e, mu, tau"):
        Beam("x", "muon", False, "prompt", LineSpectrum(1.0), 1.0)
    with pytest.raises(UnknownNameError, match="unknown timing 'late'"):
        Beam("x", "mu", False, "late", LineSpectrum(1.0), 1.0)
    with pytest.raises(UnknownNameError, match="unknown beam 'solar'; allowed: all, prompt"):
        spallation_source().select("solar")


def ibd_yield(spectrum):
    """Inverse-beta-decay yield in cm^2/fission with sigma = 9.52e-44 cm^2 p_e E_e."""

    def integrand(E):
        electron = E - 1.29333
        momentum = np.sqrt(max(electron**2 - 0.51099895**2, 0.0))
        return float(spectrum.density(E)) * 9.52e-44 * electron * momentum

    edges = [1.8043, 2.0, *range(3, 9)]
    return sum(quad(integrand, a, b, epsabs=0, epsrel=1e-8)[0] for a, b in pairwise(edges))


def test_ibd_yield():
    assert 6.0e-43 < ibd_yield(ReactorSpectrum()) < 6.3e-43
    # Plutonium gives softer antineutrinos than uranium: Daya Bay sees 4.3 and 6.2e-43.
    plutonium, uranium = (ibd_yield(ReactorSpectrum(((i, 1.0),))) for i in ("pu239", "u235"))
    assert plutonium / uranium == pytest.approx(0.65, abs=0.02)


@pytest.mark.parametrize("captures", [0.0, 0.6])
@pytest.mark.parametrize("E_min", [0.0078, 0.01, 0.3, 1.19, 1.9999, 2.0, 2.5, 7.9, 7.9999])
def test_reactor_moments_are_the_integrals(captures, E_min):
    spectrum = ReactorSpectrum(captures=captures)
    moments = spectrum.moments(E_min, 3)
    edges = [E for E in spectrum.breakpoints if E_min < E]
    for n in range(4):
        direct = sum(
            quad(
                lambda E, n=n: float(spectrum.density(E)) * E**-n,
                a * (1 + 1e-15),
                b * (1 - 1e-15),
                epsabs=0,
                epsrel=1e-12,
            )[0]
            for a, b in zip([E_min, *edges[:-1]], edges, strict=True)
        )
        assert moments[n] == pytest.approx(direct, rel=1e-11)


def test_reactor_moments_have_the_shape_of_what_is_asked():
    spectrum = ReactorSpectrum()
    E_min = np.array([[0.5, 3.0, 8.0], [9.0, 0.0, 2.0]])
    moments = spectrum.moments(E_min, 2)
    assert moments.shape == (3, 2, 3)
    assert np.all(moments[:, 0, 2] == 0)
    assert np.all(moments[:, 1, 0] == 0)
    assert moments[1, 0, 1] == pytest.approx(spectrum.moments(3.0, 2)[1], rel=1e-14)
    with pytest.raises(DomainError, match="order: got 8; allowed: integers from 0 to 7"):
        spectrum.moments(1.0, 8)


def test_a_spectrum_starts_above_zero():
    class FromZero(NumericalSpectrum):
        breakpoints = (0.0, 5.0)

        def density(self, E):
            return np.ones_like(E)

    with pytest.raises(DomainError, match="start of the spectrum: got 0 MeV"):
        FromZero().moments(1.0, 0)  # type: ignore[abstract]


@pytest.mark.parametrize("power", range(8))
@pytest.mark.parametrize("low", [0.01, 0.011, 1.0, 8.999])
def test_moments_of_a_table_with_far_apart_points(power, low):
    spectrum = TabulatedSpectrum((0.01, 9.0), (3.0, 3.0))
    exact = np.log1p((9 - low) / low)
    if power != 1:
        start, end = (Fraction(E) ** (1 - power) for E in (low, 9.0))
        exact = float((start - end) / (power - 1))
    assert spectrum.moments(low, 7)[power] == pytest.approx(3 * exact, rel=1e-11)


def test_captures_add_two_neutrinos_each():
    bare, with_captures = ReactorSpectrum(), ReactorSpectrum(captures=0.6)
    added = with_captures.moments(0.0, 0)[0] - bare.moments(0.0, 0)[0]
    # The spectrum starts at 7.8 keV; 1e-5 of these antineutrinos have less.
    assert added == pytest.approx(1.2, rel=2e-5)
    assert with_captures.density(1.3) == bare.density(1.3)


@pytest.mark.parametrize("E", [0.1, 0.6, 1.1, 1.2])
def test_shape_of_the_captures(E):
    """Allowed beta decays of 239U and 239Np with Fermi's function, normalised by quadrature."""
    lines = files("cevnslib").joinpath("data/spectra/reactor.csv").read_text().splitlines()
    branches = [line.split(",")[1:] for line in lines if line.startswith("capture,")]
    assert sum(float(share) for _, _, share, *_ in branches) == pytest.approx(2)

    def shape(E, end, charge):
        energy = end - E + 0.51099895
        p = np.sqrt(energy**2 - 0.51099895**2)
        eta = 2 * np.pi * charge / 137.035999 * energy / p
        return E**2 * p * energy * eta / (1 - np.exp(-eta))

    expected = 0.0
    for _, *numbers in branches:
        end, share, charge = map(float, numbers)
        if end > E:
            norm = quad(shape, 0, end, (end, charge), epsabs=0, epsrel=1e-10)[0]
            expected += 0.6 * share * shape(E, end, charge) / norm
    added = ReactorSpectrum(captures=0.6).density(E) - ReactorSpectrum().density(E)
    assert added == pytest.approx(expected, rel=1e-6)


def test_reactor_rates():
    """3.9 GW is 1.2e20 fissions per second at 206 MeV each."""
    (beam,) = reactor_of_power(3.9).beams
    assert beam.rate * 206e6 * 1.602176634e-19 == pytest.approx(3.9e9, rel=5e-3)
    assert (beam.flavour, beam.antineutrino) == ("e", True)
    (by_flux,) = reactor_of_flux(2e13, 1700.0).beams
    per_fission = by_flux.spectrum.moments(0.0, 0)[0]
    assert by_flux.rate * per_fission / (4 * np.pi * 1700.0**2) == pytest.approx(2e13)


def test_a_reactor_can_end_elsewhere():
    """A longer spectrum adds its tail; a given flux then belongs to a little fewer fissions."""
    (beam,), (longer,) = reactor_of_power(3.0).beams, reactor_of_power(3.0, end=10.0).beams
    assert longer.rate == beam.rate
    assert isinstance(longer.spectrum, ReactorSpectrum)
    density = longer.spectrum.density
    tail = quad(lambda E: float(density(E)), 8.0, 10.0, epsabs=0, epsrel=1e-10)[0]
    added = longer.spectrum.moments(0.0, 0)[0] - beam.spectrum.moments(0.0, 0)[0]
    assert added == pytest.approx(tail, rel=1e-8)
    fewer, more = (reactor_of_flux(1e13, 2000.0, end=end).beams[0].rate for end in (10.0, 8.0))
    whole = beam.spectrum.moments(0.0, 0)[0]
    assert more / fewer == pytest.approx(1 + tail / whole, rel=1e-10)


def test_tabulated_spectrum():
    table = TabulatedSpectrum((0.5, 1.0, 4.0), (1.0, 3.0, 0.0))
    assert table.density([0.4, 0.75, 2.5, 5.0]) == pytest.approx([0, 2, 1.5, 0])
    assert table.moments(0.0, 0)[0] == pytest.approx(1.0 + 4.5)
    # int_1^4 (4 - E)/E dE = 4 ln 4 - 3
    assert table.moments(1.0, 1)[1] == pytest.approx(4 * np.log(4) - 3, rel=1e-10)


def test_a_source_of_ones_own():
    spectrum = TabulatedSpectrum((0.5, 1.0), (1.0, 3.0))
    source = Source("mine", (Beam("nu_e", "e", False, "continuous", spectrum, 1e15),))
    assert source.select("continuous") == source.beams


def test_bad_reactors():
    with pytest.raises(DomainError, match=r"fission fractions: got a sum of 0.9; allowed: 1"):
        reactor_of_power(1.0, fractions={"u235": 0.9})
    with pytest.raises(UnknownNameError, match=r"unknown fissile isotope 'th232'.*allowed: u235"):
        reactor_of_power(1.0, fractions={"th232": 1.0})
    with pytest.raises(DomainError, match="thermal power: got 0 GW"):
        reactor_of_power(0.0)
    with pytest.raises(DomainError, match=r"flux: got -1 1/\(cm\^2 s\)"):
        reactor_of_flux(-1.0, 100.0)
    with pytest.raises(DomainError, match="captures per fission: got -1"):
        reactor_of_power(1.0, captures=-1)
    with pytest.raises(DomainError, match="end of the spectrum: got 1 MeV"):
        ReactorSpectrum(end=1.0)
    with pytest.raises(
        DomainError, match=r"energies of the spectrum: got \(2.0, 1.0\); allowed: ris"
    ):
        TabulatedSpectrum((2.0, 1.0), (1.0, 1.0))
    with pytest.raises(DomainError, match=r"spectrum: got 2 energies and 3 values"):
        TabulatedSpectrum((1.0, 2.0), (1.0, 1.0, 1.0))


def test_reactors_have_the_same_spectrum_unless_told_otherwise():
    by_power, by_flux = (
        source.beams[0].spectrum
        for source in (reactor_of_power(3.9), reactor_of_flux(2.4e13, 1700.0))
    )
    assert by_power == by_flux == ReactorSpectrum()
    assert by_power is by_flux  # whose integrals are found once


def test_beams_that_could_be_mistaken_for_one_another_are_refused():
    beam = spallation_source().beams[0]
    for others in ((beam,), (replace(beam, name="all"),), (replace(beam, name="prompt"),)):
        with pytest.raises(DomainError, match="allowed: each once, and none of all, prompt"):
            Source("x", (beam, *others))


def test_a_source_keeps_its_beams_to_itself():
    beams: Any = [spallation_source().beams[0]]
    source = Source("x", beams)
    beams.append("nonsense")
    assert len(source.select()) == 1


def test_an_isotope_twice_is_refused():
    with pytest.raises(DomainError, match=r"fission fractions: got .* each isotope once"):
        ReactorSpectrum((("u235", 0.5), ("u235", 0.5)))


@pytest.mark.parametrize(
    ("coefficients", "end"),
    [((-1.0,), 1.0), ((1.0, -2.0), 1.0), ((1.0, -4.5, 4.5), 1.0), ((), 1.0), ((0.0,), 1.0)],
)
def test_a_spectrum_that_is_negative_somewhere_or_nothing_is_refused(coefficients, end):
    with pytest.raises(DomainError, match=r"spectrum: got from .* allowed: at least 0 everywhere"):
        PolynomialSpectrum(coefficients, end)


def test_a_table_keeps_its_numbers_to_itself():
    energies: Any = [1.0, 2.0]
    values: Any = [1.0, 1.0]
    table = TabulatedSpectrum(energies, values)
    before = table.moments(0.5, 1)
    energies[0], values[0] = 0.1, -50.0
    assert np.array_equal(TabulatedSpectrum((1.0, 2.0), (1.0, 1.0)).moments(0.5, 1), before)
    assert np.array_equal(table.moments(0.5, 1), before)
    assert table.density(1.0) == 1


def test_shares_of_fissions_cannot_be_changed():
    fractions: Any = FISSION_FRACTIONS
    with pytest.raises(TypeError):
        fractions["u235"] = 1.0


def test_the_low_energy_table_is_the_one_published():
    """Number by number, isotope by isotope, against a copy that is kept apart."""
    lines = (Path(__file__).parent / "reference" / "reactor_spectra.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines if line.startswith("vogel-engel")]
    assert len(rows) >= 10
    for _, energy, *values in rows:
        numbers = [float(value) for value in values if value]
        for isotope, number in zip(("u235", "pu239", "u238", "pu241"), numbers, strict=True):
            alone = ReactorSpectrum(((isotope, 1.0),))
            assert float(alone.density(float(energy))) == pytest.approx(number, rel=1e-12)


def test_fissions_of_a_power():
    """By the energies per fission of arXiv:1212.6625, in MeV."""
    released = {"u235": 202.36, "u238": 205.99, "pu239": 211.12, "pu241": 214.26}
    mean = sum(FISSION_FRACTIONS[isotope] * energy for isotope, energy in released.items())
    (beam,) = reactor_of_power(3.9).beams
    assert beam.rate == pytest.approx(3.9e9 / (mean * 1.602176634e-13), rel=1e-9)


def test_the_line_of_the_pions():
    """From the masses of the Review of Particle Physics, in MeV."""
    pion, muon = 139.57039, 105.6583755
    (line,) = spallation_source().beams[0].spectrum.breakpoints
    assert line == pytest.approx((pion**2 - muon**2) / (2 * pion), rel=1e-6)
