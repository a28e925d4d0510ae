"""Fluxes at the detector: components, arrival in time, the Sun, radioactive sources, tables."""

import warnings
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from cevnslib.constants import DAY
from cevnslib.errors import (
    CevnsWarning,
    DomainError,
    KindError,
    RoundedSharesWarning,
    UnknownNameError,
)
from cevnslib.physics.mixing import (
    TALK_2019,
    OscillationParameters,
    effective_moment_squared,
    moment_matrix_flavour,
    pmns,
)
from cevnslib.physics.oscillations import SterileMixing
from cevnslib.sources.arrivals import (
    MUON_LIFETIME_US,
    PION_LIFETIME_US,
    GaussianPulse,
    Pulsed,
    TabulatedPulse,
    Unpulsed,
)
from cevnslib.sources.beams import Beam, Source
from cevnslib.sources.flux import Component, Flux
from cevnslib.sources.oscillated import seen_flux
from cevnslib.sources.radioactive import CURIE, chromium_lines, line_source, mean_activity
from cevnslib.sources.reactor import ReactorSpectrum, cores, reactor_of_flux, reactor_of_power
from cevnslib.sources.sns import protons_on_target, protons_per_second, spallation_source
from cevnslib.sources.solar import SOLAR_BRANCHES, solar_flux, solar_shares, solar_spectrum
from cevnslib.sources.spectra import LineSpectrum, TabulatedSpectrum
from cevnslib.sources.tabulated import tabulated_flux

LINE = LineSpectrum(1.0)
GAUSS, BOX = GaussianPulse(0.5, 0.15), TabulatedPulse((0.0, 0.7), (2.0, 2.0))
TABLE = TabulatedPulse((-0.1, 0.2, 0.5, 0.9), (0.0, 3.0, 1.0, 1.5))


def shape(pulse, t):
    """A pulse as a function of time."""
    if isinstance(pulse, GaussianPulse):
        x = (t - pulse.mean_us) / pulse.sigma_us
        return np.exp(-(x**2) / 2) / pulse.sigma_us / np.sqrt(2 * np.pi)
    return np.interp(t, pulse.times_us, pulse.values, left=0.0, right=0.0)


@pytest.mark.parametrize("pulse", [GAUSS, BOX, TABLE])
@pytest.mark.parametrize(
    "lifetimes", [(), (0.026,), (2.197,), (2.197, 0.026), (300.0,), (2.0, 0.5, 0.1)]
)
def test_shares_are_convolutions(pulse, lifetimes):
    """By quadrature over the pulse of what has decayed since, step by step."""

    def decayed(t):  # 1 - sum over lives of w exp(-t/life), by its density's partial fractions
        total = 1.0
        for life in lifetimes:
            others = [x for x in lifetimes if x != life]
            total -= np.prod([life / (life - x) for x in others]) * np.exp(-t / life)
        return total

    knots = [-0.1, 0.0, 0.2, 0.5, 0.7, 0.9, 1.5]

    def rate(t, stop):
        return shape(pulse, t) * decayed(stop - t)

    for stop in (0.1, 0.4, 1.0, 3.0):
        edges = [-2.0, *(t for t in knots if t < stop), stop]
        whole = sum(
            quad(rate, a, b, (stop,), limit=300, epsabs=1e-13)[0] for a, b in pairwise(edges)
        )
        assert Pulsed(lifetimes, pulse).share(-5.0, stop) == pytest.approx(whole, abs=1e-10)


def test_shares_of_a_sharp_pulse():
    late = Pulsed((2.0,), GaussianPulse(1.0))
    assert late.share([0.0, 1.0, 1.0], [1.0, 2.0, 1.0]) == pytest.approx([0, -np.expm1(-0.5), 0])
    assert Pulsed().share([-1.0, 0.0, 1e-9], [0.0, 1.0, 1.0]).tolist() == [0, 1, 0]
    narrow = Pulsed((2.0,), GaussianPulse(1.0, 1e-5))
    assert narrow.share(0.0, [2.0, 9.0]) == pytest.approx(late.share(0.0, [2.0, 9.0]), abs=1e-5)
    # The mean time is the sum of the mean and the lives.
    t = np.linspace(0, 60, 60_001)
    gone = Pulsed((MUON_LIFETIME_US, PION_LIFETIME_US), GAUSS).share(-9.0, t)
    assert np.trapezoid(1 - gone, t) == pytest.approx(
        0.5 + MUON_LIFETIME_US + PION_LIFETIME_US, rel=1e-5
    )


@given(
    edges=st.lists(st.floats(-3, 30), min_size=2, max_size=9, unique=True).map(sorted),
    life=st.floats(0.01, 100),
    width=st.floats(0, 3),
)
def test_shares_add_up(edges, life, width):
    """Windows that touch hold what the whole window holds, each at least nothing."""
    for pulse in (GaussianPulse(0.5, width), BOX, TABLE):
        arrival = Pulsed((life,), pulse)
        parts = arrival.share(edges[:-1], edges[1:])
        assert np.all(parts >= 0)
        assert parts.sum() == pytest.approx(float(arrival.share(edges[0], edges[-1])), abs=1e-12)


def test_bad_arrivals():
    with pytest.raises(DomainError, match=r"window: got from 2.0 to 1.0 us; allowed: an end"):
        Pulsed().share(2.0, 1.0)
    with pytest.raises(DomainError, match="window: got one in time; allowed: none"):
        Unpulsed().share(0.0, 1.0)
    with pytest.raises(DomainError, match=r"lifetimes: got \(2.0, 2.0\) us; allowed: each differ"):
        Pulsed((2.0, 2.0))
    with pytest.raises(DomainError, match="lifetimes: got 0 us"):
        Pulsed((0.0,))
    with pytest.raises(KindError, match="pulse: got 'short'"):
        Pulsed((), "short")  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="width of the pulse: got -1 us"):
        GaussianPulse(0.0, -1.0)
    for times, values in (((0.0, 1.0), (1.0,)), ((1.0, 0.0), (1.0, 1.0)), ((0.0,), (1.0,))):
        with pytest.raises(DomainError, match=r"pulse: got times .* allowed: rising times"):
            TabulatedPulse(times, values)
    with pytest.raises(DomainError, match="pulse: got zeros only"):
        TabulatedPulse((0.0, 1.0), (0.0, 0.0))


def test_a_component_knows_its_flavours():
    assert Component("x", LINE, 1.0, "tau").flavour == "tau"
    state = np.array([0.6, 0.8j, 0.0])
    mixed = Component("x", LINE, 1.0, np.outer(state, state.conj()))
    assert mixed.shares == pytest.approx((0.36, 0.64, 0.0))
    assert mixed.flavour is None
    assert np.asarray(mixed.density)[0, 1] == pytest.approx(-0.48j)
    assert hash(mixed) == hash(replace(mixed))


@pytest.mark.parametrize(
    "density",
    [
        np.eye(3),
        np.diag([2, -1, 0]),
        np.array([[0.5, 1, 0], [0, 0.5, 0], [0, 0, 0]]),
        np.array([[0.5, 0.9, 0], [0.9, 0.5, 0], [0, 0, 0]]),
        [1, 0, 0],
        np.nan * np.eye(3),
        [["e", 0, 0]] * 3,
        None,
    ],
)
def test_what_is_no_density_matrix_is_refused(density):
    with pytest.raises(DomainError, match=r"density: got .* allowed: e, mu, tau, or a Hermitian"):
        Component("x", LINE, 1.0, density)


def test_bad_components():
    with pytest.raises(UnknownNameError, match="unknown flavour 'muon'"):
        Component("x", LINE, 1.0, "muon")
    with pytest.raises(DomainError, match=r"intensity: got -1 1/\(cm\^2 s\)"):
        Component("x", LINE, -1.0, "e")
    with pytest.raises(DomainError, match="baseline: got 0 m"):
        Component("x", LINE, 1.0, "e", baseline_m=0.0)
    with pytest.raises(KindError, match="arrival: got 'late'"):
        Component("x", LINE, 1.0, "e", arrival="late")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown timing 'late'"):
        Component("x", LINE, 1.0, "e", timing="late")
    with pytest.raises(DomainError, match="components of x: got none"):
        Flux("x", ())
    part = Component("x", LINE, 1.0, "e")
    with pytest.raises(
        DomainError, match="components of y: got the names x, x; allowed: each once"
    ):
        Flux("y", (part, part))
    with pytest.raises(UnknownNameError, match="unknown beam 'z'; allowed: all, continuous, x"):
        Flux("y", (part,)).select("z")


def test_fluxes_add_up():
    sns, core = spallation_source().at(20.0), reactor_of_power(3.0).at(20.0)
    both = sns + core + core + core
    names = ["nu_mu", "nu_e", "nubar_mu", "nubar_e", "nubar_e 2", "nubar_e 3"]
    assert [part.name for part in both.components] == names
    assert both.name == "sns and reactor"
    assert both.samples == {x: x for x in ("prompt", "delayed", "continuous", "all")}
    assert [part.name for part in both.select("prompt")] == ["nu_mu"]
    assert core.samples == {"reactor": "all"}
    with pytest.raises(TypeError, match="unsupported operand"):
        _ = sns + 1  # type: ignore[operator]


@pytest.mark.parametrize("metres", [0.3, 20.0])
def test_a_source_at_a_distance(metres):
    source = spallation_source(pulse=GAUSS)
    for beam, part in zip(source.beams, source.at(metres).components, strict=True):
        assert part.intensity * 4 * np.pi * (100 * metres) ** 2 == pytest.approx(beam.rate)
        assert (part.flavour, part.antineutrino) == (beam.flavour, beam.antineutrino)
        assert (part.timing, part.arrival) == (beam.timing, beam.arrival)
        assert part.baseline_m == metres
    assert source.beams[0].arrival == Pulsed((), GAUSS)
    bare = Beam("x", "mu", False, "delayed", LINE, 1.0)
    assert Source("y", (bare,)).at(1.0).components[0].arrival == Pulsed((MUON_LIFETIME_US,))
    with pytest.raises(DomainError, match="baseline: got 0 m"):
        source.at(0.0)


def test_the_mean_over_a_ball():
    """A source in the middle of a ball counts like one at R/sqrt(3), as the chapter on 51Cr has."""
    radius = 10.36
    mean = quad(lambda r: 4 * np.pi * r**2 / (4 * np.pi * r**2), 0, radius)[0]
    mean /= 4 / 3 * np.pi * radius**3
    (part, *_) = line_source(1.0, 1e-9, lines={0.7: 1.0}).at(radius / np.sqrt(3)).components
    assert part.intensity * 1e4 == pytest.approx(mean, rel=1e-9)


def test_what_cannot_oscillate_is_refused():
    mixing = SterileMixing(0.1)
    with pytest.raises(DomainError, match="component table: got no baseline; allowed: one flavour"):
        seen_flux(tabulated_flux([1.0, 2.0], [1.0, 1.0]), mixing, 1.0)
    with pytest.raises(DomainError, match="component b8 nu_1: got a mixture of flavours"):
        seen_flux(solar_flux(["b8"]), mixing, 1.0)
    lines = line_source(1e15, 10.0).at(5.0)
    seen = seen_flux(lines, mixing, 1.0)
    for before, after in zip(lines.components, seen.components, strict=True):
        E = before.spectrum.breakpoints[0]
        left = 1 - 4 * 0.1 * 0.9 * np.sin(1.26693268 * 5.0 / E) ** 2
        assert after.intensity / before.intensity == pytest.approx(left, rel=1e-6)


def test_reactors_from_a_table_of_ones_own():
    own = TabulatedSpectrum((0.0, 1.0, 8.0), (0.0, 3.0, 0.0))
    (beam,) = reactor_of_power(3.0, spectrum=own).beams
    assert beam.spectrum is own
    assert beam.rate == reactor_of_power(3.0).beams[0].rate
    (part,) = reactor_of_flux(1e13, 2000.0, spectrum=own).at(20.0).components
    assert part.intensity * own.moments(0.0, 0)[0] == pytest.approx(1e13)
    others: list[dict[str, Any]] = [{"captures": 0.6}, {"end": 8.0}]
    for options in others:
        with pytest.raises(DomainError, match=r"spectrum: got one beside captures"):
            reactor_of_power(3.0, spectrum=own, **options)
    with pytest.raises(KindError, match="spectrum: got 'mine'"):
        reactor_of_power(3.0, spectrum="mine")  # type: ignore[arg-type]


@pytest.mark.parametrize("total", [1.001, 0.99, 1.01])
def test_rounded_shares_are_scaled_and_it_is_said(total):
    exact = {"u235": 0.488, "pu239": 0.358, "u238": 0.087, "pu241": 0.067}
    rounded = {isotope: share * total for isotope, share in exact.items()}
    with pytest.warns(RoundedSharesWarning, match=f"got a sum of {total:g}; all shares were"):
        (beam,) = reactor_of_power(4.25, fractions=rounded).beams
    (same,) = reactor_of_power(4.25, fractions=exact).beams
    assert beam.rate == pytest.approx(same.rate, rel=1e-12)
    assert isinstance(beam.spectrum, ReactorSpectrum)
    assert isinstance(same.spectrum, ReactorSpectrum)
    assert sum(share for _, share in beam.spectrum.fractions) == pytest.approx(1, rel=1e-12)
    assert beam.spectrum.density(3.0) == pytest.approx(same.spectrum.density(3.0), rel=1e-12)


def test_a_warning_can_be_collected():
    """By the base of all that the library gives; scaled shares need no scaling once more."""
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always", CevnsWarning)
        spectrum = ReactorSpectrum((("u235", 0.56), ("pu239", 0.441)))
        replace(spectrum, end=8.0)
    assert [one.category for one in given] == [RoundedSharesWarning]
    assert given[0].filename == __file__


@pytest.mark.parametrize(
    ("fractions", "words"),
    [
        ({"u235": 0.7, "pu239": 0.5}, r"got a sum of 1.2; allowed: 1, to 0.01"),
        ({"u235": 0.5, "pu239": 0.48}, r"got a sum of 0.98; allowed: 1, to 0.01"),
        ({"u235": 56.1, "pu239": 43.9}, r"u235: got 56.1; .*did you give per cent\?"),
    ],
)
def test_shares_that_are_none_are_refused(fractions, words):
    with pytest.raises(DomainError, match=words):
        reactor_of_power(4.25, fractions=fractions)


def test_the_spectrum_above_eight_mev():
    """Isotope by isotope, the table as read: densities at 8.0125 and 10.0125 MeV, within 2%."""
    read = {
        "u235": (0.0016897, 3.5643e-5),
        "u238": (0.0038517, 1.85197e-4),
        "pu239": (8.53035e-4, 1.10797e-5),
        "pu241": (0.0017228, 4.89835e-5),
    }
    for isotope, values in read.items():
        found = ReactorSpectrum(((isotope, 1.0),)).density([8.0125, 10.0125])
        assert found == pytest.approx(values, rel=0.02)
    spectrum = ReactorSpectrum()
    edges = [8.0, 8.075, 8.125, 8.25, 8.5, 8.75, 8.9, 9.0, 9.5, 10, 10.5, 11, 11.5, 12, 12.5]
    plain = sum(
        quad(lambda E: float(spectrum.density(E)) / E, a * (1 + 1e-15), b, epsrel=1e-11)[0]
        for a, b in pairwise(edges)
    )
    assert spectrum.moments(8.0, 1)[1] == pytest.approx(plain, rel=1e-10)


def test_bad_cores():
    for places, words in (
        ({"A": (1.0,)}, r"core 'A': got \(1.0,\); allowed: its power in GW and its distance"),
        ({"A": (0.0, 10.0)}, "thermal power: got 0 GW"),
        ({"A": (1.0, 0.0)}, "baseline: got 0 m"),
        ({}, "components of reactor: got none"),
    ):
        with pytest.raises(DomainError, match=words):
            cores(places)  # type: ignore[arg-type]
    with pytest.raises(KindError, match="cores: got"):
        cores([(1.0, 2.0)])  # type: ignore[arg-type]


def test_ten_cores_as_juno_has_them():
    """Eight near cores, arXiv:2204.13249: each weighs as its power over its distance squared."""
    powers = [2.9] * 6 + [4.6] * 2
    distances = [52.74, 52.82, 52.41, 52.49, 52.11, 52.19, 52.77, 52.64]
    places = {f"core {i}": (P, 1e3 * L) for i, (P, L) in enumerate(zip(powers, distances))}  # noqa: B905
    flux = cores(places)
    weights = np.array(powers) / np.array(distances) ** 2
    found = np.array([part.intensity for part in flux.components])
    assert found / found.sum() == pytest.approx(weights / weights.sum(), rel=1e-12)


# J. N. Bahcall's tables, as read: pp from Phys. Rev. C 56 (1997) 3391, per MeV; 15O from Rev. Mod.
# Phys. 60 (1988) 297.
PP = {0.10081: 1.0647, 0.20162: 2.9766, 0.30244: 4.0605, 0.34780: 3.8316, 0.39821: 2.5136}
O15 = {0.10046: 0.031196, 0.5196: 0.52981, 1.0046: 0.96795, 1.299: 0.85539, 1.5588: 0.48547}


@pytest.mark.parametrize(("branch", "table", "tolerance"), [("pp", PP, 1e-3), ("o15", O15, 0.025)])
def test_beta_spectra_of_the_sun(branch, table, tolerance):
    found = solar_spectrum(branch).density(list(table))  # type: ignore[attr-defined]
    assert found == pytest.approx(list(table.values()), rel=tolerance)


#: 8B at energies between the library's points, from a copy of the table with steps of 20 keV.
B8 = {1.04: 0.0139335, 4.08: 0.1023348, 6.48: 0.1321658, 9.36: 0.0930689, 12.08: 0.0265767}


def test_the_boron_spectrum():
    """Between its points the thinned table is right to 0.4% where the curve bends most."""
    spectrum: Any = solar_spectrum("b8")
    assert spectrum.density(list(B8)) == pytest.approx(list(B8.values()), rel=4e-3)
    assert spectrum.moments(0.0, 0)[0] == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("branch", SOLAR_BRANCHES)
def test_solar_eigenstates(branch):
    """Together they are the whole flux, and as electron neutrinos what is left of it."""
    flux, whole = solar_flux([branch]), solar_flux([branch], parameters=None)
    (born,) = whole.components
    assert born.flavour == "e"
    low = np.array([0.05, 0.3]) * born.spectrum.breakpoints[-1]
    parts = [part.intensity * part.spectrum.moments(low, 3, lowest=-1) for part in flux.components]
    expected = born.intensity * born.spectrum.moments(low, 3, lowest=-1)
    assert sum(parts) == pytest.approx(expected, rel=1e-9)
    U = pmns(TALK_2019)
    for i, part in enumerate(flux.components):
        assert np.asarray(part.density) == pytest.approx(np.outer(U[:, i], U[:, i].conj()))
        assert part.shares == pytest.approx(tuple(abs(U[:, i]) ** 2))


def test_density_matrices_fit_the_transition_moments():
    """Tr(rho lambda^+ lambda) of an eigenstate is |Lambda|^2 - |Lambda_i|^2, with all phases."""
    parameters = OscillationParameters(0.3, 0.02, 0.5, delta_cp=1.2)
    moments = np.array([1.0 + 0.5j, -0.7j, 0.4])
    matrix = moment_matrix_flavour(moments, parameters)
    for i, part in enumerate(solar_flux(["pep"], parameters=parameters).components):
        effective = np.trace(np.asarray(part.density) @ matrix.conj().T @ matrix)
        assert effective == pytest.approx(sum(abs(moments) ** 2) - abs(moments[i]) ** 2, rel=1e-12)
    for flavour in ("e", "mu", "tau"):
        rho = np.asarray(Component("x", LINE, 1.0, flavour).density)
        expected = effective_moment_squared(moments, flavour, parameters)
        assert np.trace(rho @ matrix.conj().T @ matrix) == pytest.approx(float(expected), rel=1e-12)


def surviving(branch, low=0.0):
    """The mean chance of electron neutrinos to arrive as such."""
    parts = solar_flux([branch]).components
    counts = [part.intensity * part.spectrum.moments(low, 0)[0] for part in parts]
    return sum(n * part.shares[0] for n, part in zip(counts, parts, strict=True)) / sum(counts)


def test_survival_of_solar_neutrinos():
    """About 0.55 at low and 0.33 at high energies, and falling between."""
    chances = [surviving(branch) for branch in ("pp", "be7_384", "be7_861", "pep", "b8")]
    assert chances[0] == pytest.approx(0.55, abs=0.02)
    assert surviving("b8", 10.0) == pytest.approx(0.33, abs=0.015)
    assert chances == sorted(chances, reverse=True)
    # Low energies know no matter: sum |U_ei|^4.
    vacuum = sum(abs(pmns(TALK_2019)[0]) ** 4)
    assert chances[0] == pytest.approx(vacuum, abs=0.02)


def test_the_place_of_birth_may_be_averaged():
    """Production of 8B by radius in B16-GS98, eleven of its radii: 1% beside the mean density."""
    radius = [0.01, 0.02, 0.03, 0.04, 0.045, 0.061, 0.07, 0.08, 0.09, 0.1, 0.12]
    born = [2.467, 8.295, 14.383, 17.950, 18.320, 14.287, 10.518, 6.600, 3.754, 1.945, 0.419]
    logs = [2.002, 1.995, 1.984, 1.969, 1.960, 1.927, 1.905, 1.879, 1.851, 1.822, 1.760]
    density = 10 ** np.array(logs)
    whole = np.trapezoid(born, radius)
    mean = np.trapezoid(born * density, radius) / whole
    row = files("cevnslib").joinpath("data/spectra/solar.csv").read_text().split("\nb8,")[1]
    assert mean == pytest.approx(float(row.split(",")[4]), rel=0.01)
    for E in (3.0, 8.0, 14.0):
        shares = solar_shares(E, density)
        averaged = np.trapezoid(born * shares.T, radius) / whole
        assert averaged == pytest.approx(solar_shares(E, mean), abs=0.003)


def test_other_solar_fluxes():
    model = solar_flux(["b8"], model="b16-agss09").components
    assert model[0].intensity == 4.5e6
    own = solar_flux(["be7_861", "be7_384"], fluxes={"be7_861": 5e9}, parameters=None)
    assert [part.intensity for part in own.components] == pytest.approx([4.485e9, 4.93e9 * 0.103])
    maximal = OscillationParameters(0.5, 0.0, 0.5)
    seen = solar_flux(["pp"], parameters=maximal).components
    assert seen[2].spectrum.moments(0.1, 0)[0] == 0
    calls: dict[str, Any] = {
        "unknown solar branch 'b7'": {"branches": ["b7"]},
        "unknown solar model 'bp04'": {"model": "bp04"},
        "unknown solar branch 'x'": {"fluxes": {"x": 1.0}},
    }
    for words, options in calls.items():
        with pytest.raises(UnknownNameError, match=words):
            solar_flux(**options)
    with pytest.raises(DomainError, match="flux of b8: got -1"):
        solar_flux(["b8"], fluxes={"b8": -1.0})


def test_a_source_fades():
    """3 MCi of 51Cr in 55 days: 2.865e23 decays, as the chapter on moments of nu_e has."""
    decays = mean_activity(3e6 * CURIE, 27.7025, 55.0) * 55 * DAY
    assert decays == pytest.approx(2.865e23, rel=2e-4)
    halves = (mean_activity(1e15, 10.0, 5.0, delay_days=d) for d in (0.0, 5.0))
    assert sum(halves) / 2 == pytest.approx(mean_activity(1e15, 10.0, 10.0), rel=1e-12)
    assert mean_activity(1e15, 1e9, 1e-3) == pytest.approx(1e15, rel=1e-9)
    assert sum(chromium_lines().values()) == pytest.approx(1, abs=1e-12)
    with pytest.raises(DomainError, match="half-life: got 0 days"):
        line_source(1e15, 10.0, half_life_days=0.0)
    with pytest.raises(DomainError, match=r"lines: got \{\}; allowed: at least one"):
        line_source(1e15, 10.0, lines={})
    with pytest.raises(DomainError, match="share of 500 keV: got -1"):
        line_source(1e15, 10.0, lines={0.5: -1.0})


def test_a_fluence_is_a_flux_in_a_time():
    energies, values = [0.0, 10.0, 50.0], [0.0, 2e10, 0.0]
    flux = tabulated_flux(energies, values, "mu", seconds=2 * DAY, timing="delayed")
    (part,) = flux.components
    assert part.intensity * 2 * DAY == pytest.approx(5e11)
    assert part.spectrum.moments(0.0, 0)[0] == pytest.approx(1, rel=1e-12)
    assert part.timing == "delayed"
    with pytest.raises(DomainError, match="seconds: got 0 s"):
        tabulated_flux(energies, values, seconds=0.0)
    with pytest.raises(DomainError, match=r"energies of the spectrum: got .* allowed: rising"):
        tabulated_flux([1.0, 1.0], [1.0, 1.0])


def test_protons_of_a_beam():
    """The energy of a run is its power times its time."""
    run = protons_on_target(1.4e-3 * 24 * 100, 1.0)
    assert run == pytest.approx(protons_per_second(1.4, 1.0) * 100 * DAY, rel=1e-12)
    with pytest.raises(DomainError, match="beam energy: got 0 GWh"):
        protons_on_target(0.0, 1.0)
    with pytest.raises(DomainError, match="proton energy: got -1 GeV"):
        protons_per_second(1.0, -1.0)
