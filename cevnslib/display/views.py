"""What the explorers show: for each question numbers, an answer in words, and a picture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import experiments, rates
from ..checks import checked_choice, checked_kind, checked_number, keep
from ..constants import DAY, KEV
from ..errors import NoLimitError
from ..experiments import SIGNAL_NUISANCE, Experiment, from_description, variants
from ..physics import oscillations
from ..physics.interactions import MagneticMoment, StandardModel
from ..physics.mixing import TALK_2019, effective_moment_squared, pmns
from ..sources import oscillated
from ..sources.beams import Source
from ..sources.solar import solar_shares
from ..statistics.chi2 import delta_chi2
from ..statistics.data import PoissonProjection
from ..studies import published, sterile
from ..studies.moments import tmm_limits
from ..studies.published import UNIT
from ..studies.sterile import SPLITTINGS
from .style import drawing

with drawing():
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

__all__ = [
    "PLACES",
    "TARGETS",
    "View",
    "design",
    "disappearing",
    "moments",
    "recoils",
]
TARGETS = ("CsI", "Ge", "Ar", "Xe", "Si", "NaI")
#: Places to put a detector: the keys of a source.
PLACES = {
    "spallation source, 20 m": {"source": "sns", "baseline_m": 20},
    "reactor of 3 GW, 20 m": {"source": "reactor", "thermal_power_GW": 3, "baseline_m": 20},
}


@dataclass(frozen=True)
class View:
    """What an explorer shows for one setting of its controls.

    Parameters
    ----------
    words : str
        The read-out, in words.
    draw : callable
        Draws the figure.
    numbers : mapping of str to float or sequence
        The numbers that the words and the figure hold.

    Examples
    --------
    >>> View("nothing is seen", lambda: Figure()).words
    'nothing is seen'
    """

    words: str
    draw: Callable[[], Figure]
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what nobody can show."""
        checked_kind("words", self.words, str)
        checked_kind("draw", self.draw, Callable)
        keep(self, numbers=dict(checked_kind("numbers", self.numbers, Mapping)))


def _detector(place: str, **keys: object) -> Experiment:
    """Return an experiment of a kilogram at one of the places."""
    place = checked_choice("place", place, PLACES)
    shared = {
        "mass_kg": 1,
        "statistics": {"kind": "poisson", "background_share": 0.0, "steady_state_share": 0.0}
        | {"sigma_signal": 0.0, "sigma_background": 0.0},
    }
    return from_description("mine", {**shared, **PLACES[place], **keys})


def recoils(target: str, place: str, moment: float, threshold: float) -> View:
    """Compare the recoils of a magnetic moment with those of the Standard Model.

    Parameters
    ----------
    target : str
        The material of the detector.
    place : str
        Source and distance, one of ``PLACES``.
    moment : float
        Effective moment of every beam in 1e-10 Bohr magnetons, at least 0.
    threshold : float
        Least recoil energy that is counted, in keV, above 0.

    Returns
    -------
    View
        Events per kg and day above the threshold: ``weak`` and ``magnetic``.

    Raises
    ------
    ConfigurationError
        If the target is unknown or the threshold negative.

    Examples
    --------
    >>> recoils("Ge", "reactor of 3 GW, 20 m", 10.0, 0.5).words
    'Above 0.5 keV 1 kg of Ge counts 7.09 weak and 26.2 magnetic events a day: 370% more.'
    """
    experiment = _detector(place, target=target, threshold_keV=threshold, exposure_days=1)
    weak, magnetic = StandardModel(), MagneticMoment(checked_number("moment", moment) * UNIT)
    counts = [rates.expected_counts(experiment, force) for force in (weak, magnetic)]
    material = experiment.detector.target
    end = max(beam.spectrum.breakpoints[-1] for beam in experiment.flux.components)
    last = max(float(weak.maximum_recoil(end, nuclide)) for nuclide in material.nuclides)
    T = np.geomspace(1e-5, last, 160)
    whole = replace(experiment, detector=replace(experiment.detector, threshold=1e-6))
    spectra = [rates.recoil_spectrum(whole, T, force) * KEV for force in (weak, magnetic)]
    more = f": {100 * counts[1] / counts[0]:.3g}% more." if counts[0] else "."
    return View(
        f"Above {threshold:.3g} keV 1 kg of {target} counts {counts[0]:.3g} weak and "
        f"{counts[1]:.3g} magnetic events a day{more}",
        partial(_draw_recoils, T, spectra, threshold),
        {"weak": counts[0], "magnetic": counts[1]},
    )


def _draw_recoils(
    T: NDArray[np.float64], spectra: list[NDArray[np.float64]], threshold: float
) -> Figure:
    figure, ax = plt.subplots(figsize=(6.0, 3.6))
    ax.loglog(T / KEV, spectra[0], color="k", label="Standard Model")
    ax.loglog(T / KEV, spectra[1], color="C1", label="magnetic")
    ax.loglog(T / KEV, sum(spectra), color="C0", ls="--", label="both")
    ax.axvspan(T[0] / KEV, max(threshold, T[0] / KEV), color="0.92")
    ax.set(
        xlabel="recoil energy $T$ (keV)",
        ylabel=r"events per keV, kg and day",
        ylim=(1e-5, 1e4),
        xlim=(T[0] / KEV, T[-1] / KEV),
    )
    ax.legend(loc="upper right")
    return figure


def moments(share: float, mix: float, phase_2: float, phase_3: float, delta: float) -> View:
    r"""Show what each beam sees of a vector of transition moments of length 1.

    Parameters
    ----------
    share : float
        :math:`|\Lambda_1|^2` of :math:`|\Lambda|^2 = 1`, from 0 to 1.
    mix : float
        The share of :math:`|\Lambda_3|^2` in what is left, from 0 to 1.
    phase_2, phase_3 : float
        Phases of Lambda_2 and Lambda_3 against Lambda_1, in units of pi.
    delta : float
        Dirac phase in units of pi.

    Returns
    -------
    View
        The effective moments squared, ``e``, ``mu``, ``tau`` and ``solar``, and those of
        ``flavours`` along phase_2.

    Examples
    --------
    >>> moments(0.0, 0.0, 0.0, 0.0, 0.0).words
    'Of |Λ|² = 1 the beams see: ν_e 0.687, ν_μ 0.756, ν_τ 0.557, solar ν 0.620.'
    """
    share = checked_number("share of Lambda_1", share, at_least=0, at_most=1)
    mix = checked_number("share of Lambda_3 in the rest", mix, at_least=0, at_most=1)
    phase_2, phase_3 = checked_number("phase 2", phase_2), checked_number("phase 3", phase_3)
    parameters = replace(TALK_2019, delta_cp=checked_number("delta", delta) * np.pi)
    moduli = np.sqrt([share, (1 - share) * (1 - mix), (1 - share) * mix])
    scan = np.linspace(0, 2, 201)

    def vector(second: NDArray[np.float64]) -> NDArray[np.complex128]:
        phases = np.stack([0 * second, second, phase_3 + 0 * second], axis=-1)
        turned: NDArray[np.complex128] = moduli * np.exp(1j * np.pi * phases)
        return turned

    now = vector(np.array(phase_2))
    seen = {
        flavour: float(effective_moment_squared(now, flavour, parameters))
        for flavour in ("e", "mu", "tau")
    }
    borexino = experiments.load_solar("borexino")
    solar = solar_shares(borexino.energy, borexino.electron_density, parameters)
    seen["solar"] = float(np.sum(solar * (1 - moduli**2)))
    along = {
        flavour: effective_moment_squared(vector(scan), flavour, parameters)
        for flavour in ("e", "mu", "tau")
    }
    blind = {flavour: scan[np.argmin(values)] for flavour, values in along.items()}
    U = pmns(parameters)
    faint = [f for i, f in enumerate(("e", "mu", "tau")) if abs(U[i] @ now) ** 2 > 0.9]
    names = {"e": "ν_e", "mu": "ν_μ", "tau": "ν_τ", "solar": "solar ν"}
    words = ", ".join(f"{names[key]} {value:.3f}" for key, value in seen.items())
    warning = "".join(f" {names[flavour]} is nearly blind to it." for flavour in faint)
    return View(
        f"Of |Λ|² = 1 the beams see: {words}.{warning}",
        partial(_draw_moments, scan, along, blind, seen, phase_2),
        {**seen, "flavours": along},
    )


def _draw_moments(
    scan: NDArray[np.float64],
    along: dict[str, NDArray[np.float64]],
    blind: dict[str, float],
    seen: dict[str, float],
    phase: float,
) -> Figure:
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3), width_ratios=(3, 2))
    names = {"e": r"$\nu_e$", "mu": r"$\nu_\mu$", "tau": r"$\nu_\tau$", "solar": "solar"}
    for i, (flavour, values) in enumerate(along.items()):
        left.plot(scan, values, color=f"C{i}", label=names[flavour])
        left.plot(blind[flavour], values.min(), "v", color=f"C{i}")
    left.axvline(phase, color="0.4", lw=1)
    left.set(
        xlabel=r"phase of $\Lambda_2$ ($\pi$)",
        ylabel=r"$\mu_\mathrm{eff}^2/|\Lambda|^2$",
        ylim=(0, 1.02),
    )
    left.legend(title="triangle: least seen", title_fontsize=8, loc="lower right")
    right.bar([names[key] for key in seen], seen.values(), color=["C0", "C1", "C2", "C4"])
    right.set(ylim=(0, 1.02), title="now")
    return figure


def design(
    place: str,
    target: str,
    mass: float,
    threshold: float,
    kind: str,
    efficiency: float,
    years: float,
    background: float,
    error: float,
    signal_nuisance: str,
) -> View:
    """Find the limits of a detector that the reader designs.

    Parameters
    ----------
    place, target
        See `recoils`.
    mass : float
        In kg, above 0.
    threshold : float
        In keV, above 0.
    kind : {"nuclear-recoil", "electron-equivalent"}
        What the threshold refers to.
    efficiency : float
        From 0 to 1.
    years : float
        Exposure in years of 365 days, above 0.
    background : float
        Steady background in events per kg and day, at least 0; it is measured and subtracted.
    error : float
        Relative systematic error of the signal, at least 0.
    signal_nuisance : {"fitted", "left out"}
        Whether that error is a nuisance of the fit.

    Returns
    -------
    View
        ``limits`` on the three moments in Bohr magnetons, ``signal`` and ``background`` in events.

    Raises
    ------
    ConfigurationError
        If a number lies outside its domain or a name is unknown.
    NoLimitError
        If no events are expected, or the pull absorbs any signal.

    Examples
    --------
    >>> setting = ("Ge", 10.0, 0.1, "electron-equivalent", 0.8, 2.0, 1.0, 0.1, "left out")
    >>> view = design("reactor of 3 GW, 20 m", *setting)
    >>> (view.numbers["limits"] / 1e-10).round(2)
    array([1.1 , 0.77, 0.64])
    """
    noise = checked_number("background", background, "events per kg and day", at_least=0)
    experiment = _detector(
        place,
        target=target,
        mass_kg=mass,
        threshold_keV=threshold,
        threshold_kind=kind,
        electrons="left out",
        efficiency=efficiency,
        exposure_years=years,
    )
    signal = rates.expected_counts(experiment, StandardModel())
    if signal == 0:
        raise NoLimitError(
            f"threshold: got {threshold:g} keV, above all recoils of {target} there; allowed: less"
        )
    noise *= mass * experiment.exposure / DAY
    measurement = PoissonProjection(0.0, noise / signal, error, 0.0)
    treatment = checked_choice("signal_nuisance", signal_nuisance, SIGNAL_NUISANCE)
    designed = variants(replace(experiment, measurement=measurement))[treatment]
    limits = tmm_limits(designed)
    values = ", ".join(f"{value / UNIT:.3g}" for value in limits)
    return View(
        f"{signal:.3g} weak events on {noise:.3g} of background. |Λ₁|, |Λ₂|, |Λ₃| < {values} "
        "× 10⁻¹⁰ μB at 90% C.L.",
        partial(_draw_design, limits),
        {"limits": limits, "signal": signal, "background": noise},
    )


def _published_today() -> dict[tuple[str, str], list[float]]:
    """Return the published limits of each experiment's first stage, of its last sample."""
    first: dict[str, str] = {}
    samples: dict[str, dict[str, list[float]]] = {}
    for claim in published.numbers():
        name, beam, stage = (claim.subject[key] for key in ("experiment", "beam", "stage"))
        if stage == first.setdefault(name, stage):
            beams = samples.setdefault(name, {})
            beams.setdefault(beam, []).append(claim.value * UNIT)
    return {
        (name, list(beams)[-1] if len(beams) > 1 else ""): list(beams.values())[-1]
        for name, beams in samples.items()
    }


def _draw_design(limits: NDArray[np.float64]) -> Figure:
    figure, ax = plt.subplots(figsize=(6.4, 4.0))
    rows: dict[str, list[float]] = {}
    for (experiment, beam), values in _published_today().items():
        rows[f"{experiment}, {beam}" if beam else experiment] = values
    labels = list(rows)
    for i in range(3):
        x = [values[i] for values in rows.values()]
        style = {"color": f"C{i}", "marker": "o", "ls": "none"}
        ax.semilogx(x, range(len(x)), markersize=4, **style)
        ax.semilogx(
            [limits[i]], [len(x)], **{**style, "marker": "D"}, label=rf"$|\Lambda_{i + 1}|$"
        )
    ax.axhline(len(labels) - 0.5, color="0.6", lw=0.8)
    ax.set_yticks(range(len(labels) + 1), [*labels, "yours"], fontsize=8)
    ax.set(xlabel=r"limit at 90% C.L. ($\mu_B$)", xlim=(1e-12, 1e-7))
    ax.legend(loc="lower right")
    return figure


@cache
def _excluded(
    detector: str, flavour: str, scenario: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return splittings and the excluded amplitude: no slider moves them."""
    splittings = np.geomspace(*SPLITTINGS[:2], 300)
    one = sterile.set_up(detector, scenario)
    return splittings, sterile.disappearance(one, splittings, flavour).exclusion()


@lru_cache(64)
def _lost_recoils(
    detector: str, flavour: str, splitting: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return recoil energies and the share of them that is lost at full amplitude."""
    experiment, weak = sterile.set_up(detector), StandardModel()
    end = max(beam.spectrum.breakpoints[-1] for beam in experiment.flux.components)
    last = float(weak.maximum_recoil(end, experiment.detector.target.nuclides[0])) * 0.9
    T = np.geomspace(experiment.detector.edges[0] * 1.001, last, 80)
    # The angle whose disappearance has the amplitude 4 x (1 - x) = 1.
    mixing = oscillations.SterileMixing(*{"e": (0.5, 0.0), "mu": (0.0, 0.5)}[flavour])
    seen = oscillated.seen_source(
        Source("seen", experiment.beams), mixing, splitting, 100 * experiment.metres
    )
    full = rates.recoil_spectrum(experiment, T, weak)
    return T, 1 - rates.recoil_spectrum(replace(experiment, source=seen), T, weak) / full


def disappearing(
    detector: str, flavour: str, scenario: str, splitting: float, amplitude: float
) -> View:
    """Show what an oscillation into a sterile neutrino does to a detector at the spallation source.

    Parameters
    ----------
    detector, scenario : str
        See `cevnslib.studies.sterile.set_up`.
    flavour : {"e", "mu"}
        The flavour that disappears.
    splitting : float
        In eV^2, at least 0.
    amplitude : float
        sin^2 2theta, from 0 to 1.

    Returns
    -------
    View
        ``before`` and ``after`` in events, and ``delta_chi2``.

    Examples
    --------
    >>> disappearing("coherent-lar", "mu", "100%, 15%, 10%", 1.5, 0.5).words
    'Of 4962 events 3473 are left. Δχ² = 7.99: excluded at 90% C.L.'
    """
    splitting = checked_number("splitting", splitting, "eV^2", at_least=0)
    amplitude = checked_number("amplitude", amplitude, at_least=0, at_most=1)
    experiment = sterile.set_up(detector, scenario)
    study = sterile.disappearance(experiment, [splitting], flavour)
    rise = float(study.chi2(amplitude)[0])
    before = float(study.counts[0])
    after = before - amplitude * float(study.disappeared[0, 0])
    splittings, excluded = _excluded(detector, flavour, scenario)
    verdict = "excluded" if rise > delta_chi2(0.90, 2) else "not excluded"
    T, lost = _lost_recoils(detector, flavour, splitting)
    end = max(beam.spectrum.breakpoints[-1] for beam in experiment.flux.components)
    E = np.linspace(5, end, 300)
    kept = 1 - amplitude * oscillations.oscillation_term(E, 100 * experiment.metres, splitting)
    return View(
        f"Of {before:.0f} events {after:.0f} are left. Δχ² = {rise:.2f}: {verdict} at 90% C.L.",
        partial(
            _draw_disappearing,
            (E, kept),
            (T, 1 - amplitude * lost),
            (splittings, excluded),
            (amplitude, splitting),
        ),
        {"before": before, "after": after, "delta_chi2": rise},
    )


def _draw_disappearing(
    survival: tuple[NDArray[np.float64], NDArray[np.float64]],
    ratio: tuple[NDArray[np.float64], NDArray[np.float64]],
    curve: tuple[NDArray[np.float64], NDArray[np.float64]],
    point: tuple[float, float],
) -> Figure:
    figure, (first, second, third) = plt.subplots(1, 3, figsize=(8.4, 3.2))
    first.plot(*survival, lw=1.3)
    first.set(xlabel="neutrino energy (MeV)", ylabel="still active", ylim=(0, 1.02))
    second.semilogx(ratio[0] / KEV, ratio[1], color="C1")
    second.tick_params(which="minor", labelbottom=False)
    second.set(xlabel="recoil energy (keV)", ylabel="recoils left", ylim=(0, 1.02))
    splittings, excluded = curve
    third.loglog(np.where(excluded <= 1, excluded, np.nan), splittings, color="k", lw=1)
    third.plot(*point, "o", color="C1")
    third.set(
        xlabel=r"$\sin^2 2\theta$",
        ylabel=r"$\Delta m^2_{41}$ (eV$^2$)",
        xlim=(0.01, 1.05),
        ylim=SPLITTINGS[:2],
    )
    return figure
