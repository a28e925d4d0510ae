"""What is compared, with what, how far apart, and how far it may be.

`GROUPS` holds functions that compute comparisons; tests/test_validation.py asserts each of them and
book/table/validation.ipynb prints them.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cevnslib import experiments
from cevnslib.constants import CODATA_2018, DAY
from cevnslib.constants import CODATA_2022 as C
from cevnslib.detectors.detector import Detector
from cevnslib.detectors.efficiency import AXES, TabulatedEfficiency
from cevnslib.detectors.quenching import Lindhard, PolynomialQuenching
from cevnslib.detectors.resolution import (
    GammaResolution,
    PoissonResolution,
    Readout,
    Resolution,
)
from cevnslib.experiments import Experiment
from cevnslib.folding import fold
from cevnslib.physics.form_factors import helm
from cevnslib.physics.interactions import (
    TREE_LEVEL,
    DipolePortal,
    LightScalar,
    LightVector,
    MagneticMoment,
    StandardModel,
    WeakScattering,
)
from cevnslib.physics.mixing import FLAVOURS, OscillationParameters, pmns
from cevnslib.physics.neutrinos import Neutrino
from cevnslib.physics.targets import Nuclide, electron, nuclide, target
from cevnslib.rates import binned_counts, expected_counts, moment_matrices
from cevnslib.sources.flux import Component, Flux
from cevnslib.sources.reactor import ReactorSpectrum
from cevnslib.sources.sns import spallation_source
from cevnslib.sources.solar import solar_flux
from cevnslib.sources.spectra import LineSpectrum
from cevnslib.statistics.data import Projection
from cevnslib.studies import published

from . import independent, traces


@dataclass(frozen=True)
class Tolerance:
    """How far two numbers may be apart, and why so far."""

    name: str
    value: float
    reason: str


PRINTED_DIGITS = Tolerance(
    "printed digits", 1e-11, "the table has 12 significant digits, which rounding moves by 5e-12"
)
QUADRATURE = Tolerance(
    "adaptive quadrature",
    1e-10,
    "the adaptive integral is asked for 1e-11 in each of up to ten panels",
)
ROUNDING = Tolerance(
    "rounding", 1e-14, "nothing cancels; scipy's spherical Bessel function is off by some 4e-15"
)
CANCELLATION = Tolerance(
    "cancellation",
    1e-14,
    "near the end the closed form subtracts nearly equal terms, so the difference is relative to "
    "the moment of the whole spectrum, beside which it enters a count",
)
PANELS = Tolerance(
    "panels", 1e-10, "what the library promises of moments that it integrates panel by panel"
)
TRACES = Tolerance(
    "traces", 1e-12, "products of several matrices, summed; their terms cancel to a hundredth"
)
RESPONSE = Tolerance(
    "three integrals",
    1e-9,
    "the adaptive integral over the recoil is asked for 1e-10, those within it for 1e-11",
)
REPRODUCED = Tolerance(
    "reproduced",
    published.numbers()[0].tolerance,
    "couplings and form factor are not printed in full: the spread of the choices; a number that "
    "agrees to its printed rounding passes too",
)


@dataclass(frozen=True)
class Comparison:
    """One number beside an independent one.

    Parameters
    ----------
    quantity, unit : str
        What is compared.
    ours, theirs : float
        The library's number and the reference.
    tolerance : Tolerance
        How far apart they may be.
    scale : float, optional
        What the difference is relative to, if not the reference.
    rounds : bool, optional
        Whether ours, rounded, is the reference as printed.
    """

    quantity: str
    unit: str
    ours: float
    theirs: float
    tolerance: Tolerance
    scale: float | None = None
    rounds: bool = False

    @property
    def difference(self) -> float:
        """The difference relative to the reference, or to the scale."""
        scale = abs(self.theirs) if self.scale is None else self.scale
        return abs(self.ours - self.theirs) / scale

    @property
    def holds(self) -> bool:
        """Whether the numbers agree within the tolerance."""
        return self.difference <= self.tolerance.value or self.rounds


def cross_sections() -> Iterator[Comparison]:
    """Compare cross sections and form factors with a table of another origin.

    The header of the table names two inputs differently from those that it was computed with: its
    Fermi constant was 1.1663788e-11, and its magnetic column holds the term T/4E^2 of a spin-0
    nucleus. tests/test_interactions.py shows both.
    """
    constants = replace(CODATA_2018, fermi=1.1663788e-11)
    weak = StandardModel(couplings=TREE_LEVEL, constants=constants)
    magnetic = MagneticMoment(1e-10, constants=constants, spin_zero=True)
    text = (independent.TABLES / "cross_sections.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        nucleus = nuclide(row["nuclide"])
        nucleus = replace(nucleus, mass=nucleus.nucleons * constants.atomic_mass)
        T, E = float(row["recoil_energy_keV"]) * 1e-3, float(row["neutrino_energy_MeV"])
        q = np.sqrt(2 * nucleus.mass * T) / constants.hbar_c
        place = f"{nucleus.name}, T = {T * 1e3:g} keV, E = {E:g} MeV"
        for what, unit, ours, column in (
            ("F²", "", helm(q, nucleus) ** 2, "helm_squared"),
            (
                "dσ/dT, weak",
                "cm²/keV",
                weak.differential_cross_section(T, E, nucleus) * 1e-3,
                "sm_cm2_per_keV",
            ),
            (
                "dσ/dT, magnetic",
                "cm²/keV",
                magnetic.differential_cross_section(T, E, nucleus) * 1e-3,
                "magnetic_cm2_per_keV",
            ),
        ):
            theirs = float(row[column])
            yield Comparison(f"{what}, {place}", unit, float(ours), theirs, PRINTED_DIGITS)


def counts() -> Iterator[Comparison]:
    """Compare the counts of all configurations with an adaptive double integral."""
    for name in experiments.names():
        for stage in experiments.stages(name):
            experiment = experiments.load(name, stage)
            for kind, interaction in (
                ("weak", StandardModel()),
                ("magnetic", MagneticMoment(1e-10)),
            ):
                ours = expected_counts(experiment, interaction)
                theirs = sum(independent.adaptive_counts(experiment, kind).values())
                yield Comparison(f"{name}, {stage}, {kind}", "events", ours, theirs, QUADRATURE)


def helm_near_zero() -> Iterator[Comparison]:
    """Compare the Helm form factor at small momentum transfer with 50 digits."""
    for name in ("Si28", "Cs133"):
        nucleus = nuclide(name)
        for q in (1e-9, 1e-7, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.5):
            theirs = float(independent.helm_exactly(q, nucleus.nucleons))
            ours = float(helm(q, nucleus))
            yield Comparison(f"F, {name}, q = {q:g}/fm", "", ours, theirs, ROUNDING)


def moments_near_the_end() -> Iterator[Comparison]:
    """Compare moments of spectra near their end points with 50 digits."""
    for beam in spallation_source().select("delayed"):
        for below in (0.5, 1e-1, 1e-2, 1e-3, 1e-5, 1e-7):
            for order in (0, 1, 2):
                E_min, theirs = independent.michel_moment(beam.name, below, order)
                ours = float(beam.spectrum.moments(E_min, order)[order])
                whole = float(beam.spectrum.moments(1e-3, order)[order])
                what = f"I{order}, {beam.name}, {below:g} below the end"
                unit = ("", "1/MeV", "1/MeV²")[order]
                yield Comparison(what, unit, ours, float(theirs), CANCELLATION, scale=whole)
    reactor = ReactorSpectrum(end=8.0)
    for E_min in (4.0, 7.5, 7.9, 7.999, 7.99999):
        for order in (0, 1, 2):
            theirs = float(independent.reactor_moment(E_min, order))
            ours = float(reactor.moments(E_min, order)[order])
            unit = ("1/fission", "1/(MeV fission)", "1/(MeV² fission)")[order]
            yield Comparison(f"I{order}, reactor, {E_min:g} MeV", unit, ours, theirs, PANELS)


def massive_fermion() -> Iterator[Comparison]:
    """Compare the ends of the recoil spectrum of a massive fermion with 50 digits."""
    for name, E in (("Ar40", 30.0), ("Cs133", 52.8), ("Ge74", 5.0)):
        nucleus = nuclide(name)
        for m in (1e-6, 1e-4, 1e-2, 0.1, 1.0, 4.5):
            portal = DipolePortal(m)
            least, greatest = independent.ends_of_recoil(m, E, nucleus.mass)
            place = f"{name}, m = {m:g} MeV, E = {E:g} MeV"
            for sign, ours, theirs in (
                ("T₋", portal.minimum_recoil(E, nucleus), least),
                ("T₊", portal.maximum_recoil(E, nucleus), greatest),
            ):
                what = f"{sign}, {place}"
                yield Comparison(what, "MeV", float(ours), float(theirs), ROUNDING)
    argon = nuclide("Ar40")
    for m in (1.0, 30.0):
        E = 1.01 * float(DipolePortal(m).threshold(argon))
        least, greatest = independent.ends_of_recoil(m, E, argon.mass)
        for sign, ours, theirs in (
            ("T₋", DipolePortal(m).minimum_recoil(E, argon), least),
            ("T₊", DipolePortal(m).maximum_recoil(E, argon), greatest),
        ):
            what = f"{sign}, Ar40, m = {m:g} MeV, 1% above threshold"
            yield Comparison(what, "MeV", float(ours), float(theirs), ROUNDING)


def electrons() -> Iterator[Comparison]:
    """Compare cross sections on electrons with traces of the matrices of Dirac."""
    target, unit = electron("Ge", free=True), C.square_centimetres
    m, weak, charge = target.mass, 2**0.5 * C.fermi, (4 * np.pi * C.fine_structure) ** 0.5
    vector, heavy = LightVector(2.0, 2e-5), 0.3
    for name in ("nu_e", "nubar_e", "nu_mu", "nubar_mu"):
        neutrino = Neutrino(name.split("_")[1], name.startswith("nubar"))
        g_vector = TREE_LEVEL.electron_vector + (neutrino.flavour == "e")
        g_axial = TREE_LEVEL.electron_axial + (neutrino.flavour == "e")
        for E, share in ((0.7, 0.1), (0.7, 0.8), (8.0, 0.3)):
            portal = DipolePortal(heavy, 1e-9)
            least, greatest = portal.minimum_recoil(E, target), portal.maximum_recoil(E, target)
            T = float(least + share * (greatest - least))
            k, _, k_out, _ = traces.momenta(T, E, m)
            *_, chi, _ = traces.momenta(T, E, m, heavy)
            moment = 1e-9 * charge / (2 * m) * charge / (2 * m * T)
            exchange = vector.coupling**2 / (2 * m * T + vector.mass**2)
            for what, interaction, vertices, mass in (
                ("weak", StandardModel(), traces.vector(weak * g_vector, weak * g_axial), 0.0),
                (
                    "weak and a light vector",
                    WeakScattering(TREE_LEVEL, vector),
                    traces.vector(weak * g_vector + exchange, weak * g_axial),
                    0.0,
                ),
                ("a light scalar", LightScalar(2.0, 2e-5), traces.scalar(exchange), 0.0),
                ("a moment", MagneticMoment(1e-9), traces.dipole(moment, k - k_out), 0.0),
                ("a heavy partner", portal, traces.dipole(moment, k - chi), heavy),
            ):
                ours = interaction.differential_cross_section(T, E, target, neutrino)
                theirs = unit * traces.cross_section(
                    vertices, T, E, m, mass, antineutrino=neutrino.antineutrino
                )
                quantity = f"dσ/dT, {what}, {name}, T = {T:.3g} MeV, E = {E:g} MeV"
                yield Comparison(quantity, "cm²/MeV", float(ours), theirs, TRACES)


def _experiment(flux: Flux, detector: Detector) -> Experiment:
    """Return a detector in a flux for a day."""
    none = Projection(0.0, 0.0)
    return Experiment("own", "", "own", flux, detector, None, DAY, none, {})


#: A readout, its width and its shares of bins: what it is, and what is integrated beside it.
Shares = Callable[[float], NDArray[np.float64]]
#: Mixing with a phase, so that a conjugate in the wrong place is seen.
_MIXING = OscillationParameters(0.32, 0.0216, 0.547, 1.2)
#: An efficiency with a step, and bins of what is measured, in MeV.
_CHANCES = ((0.5e-3, 0.0), (2e-3, 0.4), (5e-3, 0.6), (5e-3, 0.8), (30e-3, 0.9))
_BINS = (1e-3, 3e-3, 8e-3, 20e-3)


def _chance(E: float) -> float:
    """Return the efficiency between the points above, in plain steps."""
    for (low, first), (high, last) in pairwise(_CHANCES):
        if low <= E < high:
            return first + (last - first) * (E - low) / (high - low)
    return 0.0


def _readouts(chance: Callable[[float], float]) -> Iterator[tuple[str, Readout, Shares]]:
    """Yield readouts with their shares, of events that count with a chance of what is measured."""
    kinks = [E for E, _ in _CHANCES]
    constant, stochastic, relative = 3e-4, 0.3 * 1e-3**0.5, 0.02

    def width(E: float) -> float:
        return float(np.sqrt(constant**2 + stochastic**2 * E + relative**2 * E**2))

    for renormalised in (False, True):
        density = independent.gaussian(constant, stochastic, relative, renormalised=renormalised)
        yield (
            "Gaussian, renormalised" if renormalised else "Gaussian",
            Resolution(constant, stochastic, relative, renormalised=renormalised),
            independent.shares(density, _BINS, width, chance, kinks),
        )
    spread = independent.shares(
        independent.gamma(9.56), _BINS, lambda E: E / (1 + 9560 * E) ** 0.5, chance, kinks
    )
    yield "gamma", GammaResolution(9.56), spread
    # A yield of which no whole number falls on an edge or on a step.
    yield "Poisson", PoissonResolution(3.07), independent.poisson_shares(3.07, _BINS, chance)


def response() -> Iterator[Comparison]:
    """Compare counts in bins, smeared, with nested integrals, on argon at a spallation source."""
    flux, argon = spallation_source().at(20.0), target("Ar40")
    ((nucleus,), (per_kg,)) = argon.nuclides, argon.nuclei_per_kg
    energies, values = zip(*_CHANCES, strict=True)
    for axis in AXES:
        of_recoil = axis == AXES[1]
        for what, readout, counted in _readouts((lambda _: 1.0) if of_recoil else _chance):
            detector = Detector(
                argon,
                1.0,
                bins=_BINS,
                efficiency=TabulatedEfficiency(energies, values, axis),
                quenching=PolynomialQuenching((0.246, 0.78)),
                resolution=readout,
                electrons="left out",
            )
            ours = fold(_experiment(flux, detector)).events(StandardModel())
            for row, component in zip(ours, flux.components, strict=True):
                theirs = _smeared(component.name, nucleus, counted, of_recoil)
                theirs = theirs * per_kg * component.intensity * DAY
                for i, (our, their) in enumerate(zip(row, theirs, strict=True)):
                    place = f"{what}, efficiency of the {axis} energy, {component.name}"
                    yield Comparison(f"{place}, bin {i}", "events", our, their, RESPONSE)


def _smeared(beam: str, nucleus: Nuclide, counted: Shares, of_recoil: bool) -> NDArray[np.float64]:
    """Return events in bins for one nucleus and one neutrino per cm^2, integrated adaptively."""
    density, knots = independent.energy_density(beam)
    ends = [2 * E**2 / (nucleus.mass + 2 * E) for E in knots]
    cuts = {1e-13, 4e-3, 12e-3, 20e-3, 33e-3, 50e-3, 80e-3, *ends}
    if of_recoil:
        cuts |= {E for E, _ in _CHANCES}

    def rate(T: float) -> float:
        return independent.folded("weak", T, nucleus, density, knots)

    def weight(T: float) -> NDArray[np.float64]:
        return counted(T * (0.246 + 0.78 * T)) * (_chance(T) if of_recoil else 1.0)

    return independent.over_recoils(rate, weight, sorted(T for T in cuts if ends[-1] >= T))


def electron_counts() -> Iterator[Comparison]:
    """Compare counts on the electrons of germanium with integrals from the printed formulas.

    Antineutrinos of a reactor, and neutrinos of one energy that are a mass eigenstate.
    """
    bins, line = (0.1e-3, 0.5e-3, 2e-3, 20e-3), 0.862
    second = pmns(_MIXING)[:, 1]
    reactor = Component("nubar_e", ReactorSpectrum(end=8.0), 1e13, "e", antineutrino=True)
    sun = Component("nu_2", LineSpectrum(line), 1e10, np.outer(second, second.conj()))
    germanium = target("Ge")
    for electrons in ("shells", "free"):
        detector = Detector(germanium, 1.0, bins=bins, quenching=Lindhard(), electrons=electrons)
        without = replace(detector, electrons="left out")
        ((struck, atoms),) = germanium.electrons(free=electrons == "free")
        for component, beam in ((reactor, independent.reactor_spectrum()), (sun, (None, [line]))):
            both, nuclear = (
                _experiment(Flux("one", (component,)), each) for each in (detector, without)
            )
            # A moment does not ask for the flavour.
            weak = dict(zip(FLAVOURS, component.shares, strict=True))
            for kind, interaction, shares in (
                ("weak", StandardModel(), weak),
                ("magnetic", MagneticMoment(1e-10), {"e": 1.0}),
            ):
                seen = binned_counts(both, interaction) - binned_counts(nuclear, interaction)
                for i, ours in enumerate(seen):
                    each = (
                        share
                        * independent.electron_counts(
                            kind, struck, bins[i], bins[i + 1], beam, flavour, component is reactor
                        )
                        for flavour, share in shares.items()
                        if share
                    )
                    theirs = sum(each) * atoms * component.intensity * DAY
                    what = f"{kind}, {electrons}, {component.name}, bin {i}"
                    yield Comparison(what, "events", float(ours), theirs, RESPONSE)


def density_matrices() -> Iterator[Comparison]:
    """Compare magnetic counts of mixed neutrinos with the trace of rho lambda^dagger lambda."""
    mixed = np.array([[0.5, 0.1 + 0.2j, 0.05j], [0.1 - 0.2j, 0.3, 0.1], [-0.05j, 0.1, 0.2]])
    reactor = Component("mixed", ReactorSpectrum(), 1e9, mixed, antineutrino=True)
    flux = solar_flux(["b8"], parameters=_MIXING) + Flux("reactor", (reactor,))
    one = _experiment(flux, Detector(target("Xe"), 1.0, bins=(1e-4, 1e-3, 3e-3)))
    matrices = moment_matrices(one, _MIXING)
    events = fold(one).events(MagneticMoment())
    for moments in ([1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1j, 0], [0.5, -1, 2j], [1, 2 - 1j, -1]):
        vector = 1e-10 * np.array(moments, dtype=np.complex128)
        effective = [
            independent.effective_moment(
                np.array(part.density), pmns(_MIXING), vector, part.antineutrino
            )
            for part in flux.components
        ]
        for i, matrix in enumerate(matrices):
            ours = float((vector.conj() @ matrix @ vector).real)
            words = ", ".join(f"{x:g}" for x in moments)
            what = f"Λ = ({words}) 1e-10 μB, bin {i}"
            yield Comparison(what, "events", ours, float(effective @ events[:, i]), TRACES)


def published_limits() -> Iterator[Comparison]:
    """Compare limits with the published table, where the book says that it reproduces them.

    The reactors' rows depend on thresholds that can be read in two ways; the reproduction report
    shows them.
    """
    for verdict in published.verdicts():
        claim = verdict.claim
        keys = ("experiment", "beam", "stage", "quantity")
        experiment, beam, stage, quantity = (claim.subject[key] for key in keys)
        if beam != "reactor":
            what = f"|Λ{quantity[-1]}|, {experiment}, {stage}, {beam}"
            ours, theirs = verdict.ours, claim.value
            rounds = verdict.to_rounding
            yield Comparison(what, "1e-10 μB", ours, theirs, REPRODUCED, rounds=rounds)


@dataclass(frozen=True)
class Group:
    """Comparisons of one kind."""

    title: str
    reference: str
    compute: Callable[[], Iterator[Comparison]]


GROUPS = {
    "cross-sections": Group(
        "Cross sections and form factor",
        "a table computed elsewhere, with its own constants",
        cross_sections,
    ),
    "counts": Group(
        "Counts of all configurations",
        "an adaptive double integral over recoil and neutrino energy, from the printed formulas",
        counts,
    ),
    "helm": Group("Helm form factor near q = 0", "mpmath, 50 digits", helm_near_zero),
    "moments": Group("Flux moments near the end points", "mpmath, 50 digits", moments_near_the_end),
    "fermion": Group(
        "Recoil ends of a massive fermion",
        "mpmath, 50 digits, the roots as printed",
        massive_fermion,
    ),
    "electrons": Group(
        "Cross sections on electrons",
        "traces of the matrices of Dirac, multiplied out numerically",
        electrons,
    ),
    "response": Group(
        "Counts in bins, smeared",
        "adaptive integrals over neutrino, recoil and measured energy, or sums over photoelectrons",
        response,
    ),
    "electron-counts": Group(
        "Counts on electrons",
        "an adaptive double integral, shell by shell, from the printed formulas",
        electron_counts,
    ),
    "densities": Group(
        "Moments of mixed neutrinos",
        "traces of density and moment matrices, multiplied out",
        density_matrices,
    ),
    "published": Group(
        "Published limits", "arXiv:1905.03750, spallation source and Borexino", published_limits
    ),
}
