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

from cevnslib.errors import DomainError, KindError, UnknownNameError
from cevnslib.sources.beams import Beam, Source
from cevnslib.sources.beta import BetaSpectrum
from cevnslib.sources.oscillated import OscillatedSpectrum
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
    Spectrum,
    TabulatedSpectrum,
    WeightedSpectrum,
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
    spectrum = ReactorSpectrum(end=8.0)
    E_min = np.array([[0.5, 3.0, 8.0], [9.0, 0.0, 2.0]])
    moments = spectrum.moments(E_min, 2)
    assert moments.shape == (3, 2, 3)
    assert np.all(moments[:, 0, 2] == 0)
    assert np.all(moments[:, 1, 0] == 0)
    assert moments[1, 0, 1] == pytest.approx(spectrum.moments(3.0, 2)[1], rel=1e-14)
    with pytest.raises(DomainError, match="order: got 8; allowed: integers from 0 to 7"):
        spectrum.moments(1.0, 8)


def test_a_spectrum_that_starts_at_zero():
    """Its moments are closed forms; those that diverge are refused."""

    class FromZero(NumericalSpectrum):
        breakpoints = (0.0, 5.0)

        def density(self, E):
            return np.where(E <= 5, E**2, 0.0)

    spectrum = FromZero()  # type: ignore[abstract]
    assert spectrum.moments([0.0, 1.0], 0, lowest=-2) == pytest.approx(
        np.array([[625, 624.8], [156.25, 156], [125 / 3, 124 / 3]]), rel=1e-12
    )
    assert spectrum.moments(1e-3, 4)[3] == pytest.approx(np.log(5e3), rel=1e-12)
    with pytest.raises(DomainError, match=r"E_min: got 0 MeV, where the moment of order 2 diverg"):
        spectrum.moments(0.0, 2)


@pytest.mark.parametrize("rest", [(2.0, 0.0), (2.0, 1.0)])
def test_a_table_that_starts_at_zero(rest):
    """Linear pieces in closed form, from any energy and with any power."""
    table = TabulatedSpectrum((0.0, 1.0, 3.0), (0.0, *rest))

    def moment(n, low):
        total = 0.0
        for (a, b), (f, g) in zip(((0, 1), (1, 3)), ((0.0, rest[0]), rest), strict=True):
            if low < b:
                points = (max(a, low), b)
                slope = (g - f) / (b - a)
                for power, factor in ((1 - n, slope), (-n, f - slope * a)):
                    x = [np.log(E) if power == -1 else E ** (power + 1) for E in points if factor]
                    total += factor * (x[1] - x[0]) / (power + 1 or 1) if factor else 0.0
        return total

    for low in (0.0, 1e-9, 1e-3, 0.5, 1.0, 2.9, 2.999, 3.0, 4.0):
        orders = range(-2, 2 if low == 0 else 8)
        expected = [moment(n, low) if low < 3 else 0.0 for n in orders]
        found = table.moments(low, orders[-1], lowest=-2)
        assert found == pytest.approx(expected, rel=1e-10, abs=1e-14)
    with pytest.raises(DomainError, match=r"E_min: got 0 MeV, where the moment of order 2"):
        table.moments(0.0, 2)


def test_a_table_with_a_value_at_zero():
    table = TabulatedSpectrum((0.0, 2.0), (1.0, 1.0))
    assert table.moments(0.0, 0, lowest=-1) == pytest.approx([2, 2])
    assert table.moments(1e-8, 1)[1] == pytest.approx(np.log(2e8), rel=1e-12)
    with pytest.raises(DomainError, match="moment of order 1 diverges; allowed: above 0 MeV, or"):
        table.moments(0.0, 1)


def test_zeros_at_the_ends_of_a_table_play_no_part():
    bare = TabulatedSpectrum((1.0, 2.0, 3.0), (0.0, 1.0, 0.0))
    padded = TabulatedSpectrum((0.0, 0.5, 1.0, 2.0, 3.0, 9.0), (0.0, 0.0, 0.0, 1.0, 0.0, 0.0))
    assert padded.breakpoints == bare.breakpoints
    low = np.array([0.0, 0.7, 1.5, 5.0])
    assert np.array_equal(padded.moments(low, 7), bare.moments(low, 7))
    with pytest.raises(DomainError, match="spectrum: got zeros only"):
        TabulatedSpectrum((0.0, 1.0), (0.0, 0.0))


EVERYTHING = {
    **MICHEL,
    "line": LineSpectrum(3.0),
    "reactor": ReactorSpectrum(),
    "table": TabulatedSpectrum((0.0, 1.0, 3.0), (0.0, 2.0, 0.0)),
    "pp": BetaSpectrum(0.42341, -1),
    "uranium": BetaSpectrum(1.187, 93),
    "oscillated": OscillatedSpectrum(MICHEL["nu_e"], 0.3, 2.0, 2000.0),
    "weighted": WeightedSpectrum(MICHEL["nu_e"], lambda E: np.exp(-E / 20)),
}


@pytest.mark.parametrize("spectrum", EVERYTHING.values(), ids=EVERYTHING)
def test_moments_up_to_the_end_are_never_negative(spectrum):
    end = spectrum.breakpoints[-1]
    low = np.concatenate([end * (1 - np.geomspace(1e-16, 0.5, 400)), [end, np.nextafter(end, 99)]])
    moments = spectrum.moments(low, 7, lowest=-2)
    assert np.all(moments >= 0)
    assert np.all(moments[:, -1] == 0)
    assert np.all(np.diff(moments[:, :400], axis=1) >= -1e-15 * moments[:, 399:400])


@pytest.mark.parametrize("name", MICHEL)
@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9])
def test_moments_close_to_the_end(name, distance):
    """f = a u + b u^2 + c u^3 with u = end - E, in exact fractions."""
    spectrum = MICHEL[name]
    end, low = Fraction(spectrum.end), Fraction(spectrum.end * (1 - distance))
    for power in (0, 1, 2):
        exact = sum(
            Fraction(a) * (end ** (k + power + 1) - low ** (k + power + 1)) / (k + power + 1)
            for k, a in enumerate(spectrum.coefficients)
        )
        found = spectrum.moments(float(low), 0, lowest=-2)[2 - power]
        # The coefficients themselves, rounded to 1e-16, leave a value of that size at the end.
        assert found == pytest.approx(float(exact), rel=1e-6, abs=1e-15 * distance)


@pytest.mark.parametrize("spectrum", EVERYTHING.values(), ids=EVERYTHING)
def test_positive_powers(spectrum):
    """They are moments of the spectrum times the energy, and stand before the others."""
    end = spectrum.breakpoints[-1]
    low = np.array([0.001, 0.2, 0.7]) * end
    moments = spectrum.moments(low, 3, lowest=-2)
    assert np.array_equal(moments[2:], spectrum.moments(low, 3))
    assert np.array_equal(moments[1:3], spectrum.moments(low, 0, lowest=-1))
    if not isinstance(spectrum, LineSpectrum):
        knots = sorted({*low, *(E for E in spectrum.breakpoints if low[0] < E)})
        for power in (1, 2):
            pieces = [
                quad(lambda E, n=power: float(spectrum.density(E)) * E**n, a, b, limit=200)[0]
                for a, b in pairwise(knots)
            ]
            whole = [sum(pieces[knots.index(E) :]) for E in low]
            assert moments[2 - power] == pytest.approx(whole, rel=1e-8)
    for bad in (-3, 1, 0.5):
        with pytest.raises(DomainError, match=r"lowest: got .*; allowed: integers from -2 to 0"):
            spectrum.moments(low, 3, lowest=bad)


def test_a_readers_spectrum_without_positive_powers():
    class Flat(Spectrum):
        breakpoints = (2.0,)

        def moments(self, E_min, order):  # type: ignore[override]
            return np.stack([2.0 - E_min] + [np.log(2.0 / E_min)] * order)

    assert Flat().moments(1.0, 0) == pytest.approx([1])  # type: ignore[abstract]


@pytest.mark.parametrize(("end", "charge"), [(0.42341, -1), (18.784, -2), (1.732, -7), (0.7, 37)])
def test_beta_spectra(end, charge):
    """Moments beside plain integrals in the square root of the distance to the end."""
    spectrum = BetaSpectrum(end, charge)
    assert spectrum.moments(0.0, 0)[0] == pytest.approx(1, rel=1e-12)
    for share in (0.01, 0.5, 0.9, 0.999):
        found = spectrum.moments(share * end, 3, lowest=-2)
        for n in range(-2, 4):
            plain = quad(
                lambda x, n=n: 2 * x * float(spectrum.density(end - x**2)) * (end - x**2) ** -n,
                0,
                np.sqrt(end * (1 - share)),
                epsabs=0,
                epsrel=1e-11,
                limit=300,
            )[0]
            assert found[n + 2] == pytest.approx(plain, rel=1e-9)


def test_bad_beta_and_weighted_spectra():
    with pytest.raises(DomainError, match="end point: got 0 MeV"):
        BetaSpectrum(0.0, 1)
    with pytest.raises(DomainError, match=r"charge of the daughter: got 0.5"):
        BetaSpectrum(1.0, 0.5)  # type: ignore[arg-type]
    bare = MICHEL["nu_e"]
    for weight in (lambda E: -E, lambda E: E[:1]):
        with pytest.raises(DomainError, match="weight: got"):
            WeightedSpectrum(bare, weight).moments(1.0, 0)
    with pytest.raises(KindError, match="original: got"):
        WeightedSpectrum(LineSpectrum(1.0), np.ones_like)  # type: ignore[arg-type]


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
    (beam,), (longer,) = (reactor_of_power(3.0, end=end).beams for end in (8.0, 10.0))
    assert longer.rate == beam.rate
    assert isinstance(longer.spectrum, ReactorSpectrum)
    density = longer.spectrum.density
    knots = [8.0, 8.075, 8.125, 8.25, 8.5, 8.75, 8.9, 9.0, 9.5, 10.0]
    tail = sum(quad(lambda E: float(density(E)), a, b, epsrel=1e-10)[0] for a, b in pairwise(knots))
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
        DomainError, match=r"energies of the spectrum: got 1 MeV after 2 MeV; allowed: ris"
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
