r"""What experiments say of a flavour that disappears into a sterile neutrino.

With mixing amplitude A a beam of N events keeps :math:`N - A\,D(\Delta m^2)` of them. The events D
that full mixing would take away depend on the splitting alone, so a grid of amplitudes and
splittings costs one integral for each splitting.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import experiments
from ..areas import effective_area
from ..checks import checked, checked_choice, checked_kind, checked_tuple
from ..detectors.response import response_panels
from ..errors import DomainError, quoted
from ..experiments import Experiment, from_description
from ..files import packaged, papers
from ..physics.interactions import Interaction, StandardModel
from ..physics.neutrinos import FLAVOURS, Neutrino
from ..physics.oscillations import oscillation_phase, oscillation_term
from ..physics.targets import Struck
from ..quadrature import panel_rule
from ..rates import counts_by_beam, saying_why_nothing_is_seen
from ..sources.flux import Component
from ..sources.oscillated import energy_panels
from ..sources.spectra import SmoothSpectrum
from ..statistics.chi2 import BinnedChi2, delta_chi2

__all__ = [
    "SPLITTINGS",
    "Disappearance",
    "ExclusionCurve",
    "as_csv",
    "best",
    "disappearance",
    "disappeared_counts",
    "exclusion_curves",
    "introduction",
    "names",
    "scenarios",
    "set_up",
    "set_ups",
    "summary",
]
#: Values of an oscillation that are held in memory at once.
_AT_ONCE = 4_000_000


def checked_splittings(splittings: ArrayLike) -> NDArray[np.float64]:
    """Return splittings in eV^2 along one axis, or refuse them."""
    values = np.atleast_1d(checked("splitting", splittings, "eV^2", at_least=0, at_most=1e5))
    if values.ndim > 1 or not values.size:
        raise DomainError(
            f"splittings: got the shape {values.shape}; allowed: one axis, at least one"
        )
    return values


def disappeared_counts(
    experiment: Experiment,
    splittings: ArrayLike,
    interaction: Interaction = StandardModel(),  # noqa: B008, it is frozen
    *,
    spread: float = 0.0,
) -> dict[str, NDArray[np.float64]]:
    r"""Return the events that an oscillation of full amplitude takes from each beam.

    .. math:: D(\Delta m^2) = \int dE\, \Phi(E)\, A(E) \sin^2 \frac{\Delta}{2}

    with the effective area A(E) of `cevnslib.areas.effective_area`.

    Parameters
    ----------
    experiment : Experiment
        Source, detector, baseline and exposure.
    splittings : array_like, shape (n,)
        Splittings in eV^2, from 0 to 1e5.
    interaction : Interaction, optional
        What scatters the neutrinos.
    spread : float, optional
        See `cevnslib.physics.oscillations.oscillation_term`.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Events by name of the beam: of all N counts of a beam, N - A D are left at amplitude A.

    Examples
    --------
    >>> lost = disappeared_counts(set_up("coherent-csi"), [0.1, 1.0, 1e3])
    >>> lost["nu_e"].round(2)
    array([ 0.74, 62.45, 86.94])
    """
    checked_kind("experiment", experiment, Experiment)
    return _disappeared_counts(experiment, checked_splittings(splittings), interaction, spread)


def _disappeared_counts(
    experiment: Experiment,
    splittings: NDArray[np.float64],
    interaction: Interaction,
    spread: float,
) -> dict[str, NDArray[np.float64]]:
    lost = {}
    in_time = experiment.shares_in_time.sum(axis=1)
    for beam, arrived in zip(experiment.flux.components, in_time, strict=True):
        baseline = _baseline(beam)
        largest = float(oscillation_phase(1.0, baseline, np.max(splittings, initial=0))) / 2
        if isinstance(beam.spectrum, SmoothSpectrum):
            E, weights = _energy_rule(experiment, beam, interaction, largest)
            weighted = weights * beam.spectrum.density(E)
        else:  # a line
            E, weighted = np.array(beam.spectrum.breakpoints), np.ones(1)
        area = sum(
            share * effective_area(experiment, E, interaction, Neutrino(flavour, beam.antineutrino))
            for flavour, share in zip(FLAVOURS, beam.shares, strict=True)
            if share
        )
        weighted = weighted * experiment.fluence(beam) * arrived * area
        rows = max(1, _AT_ONCE // len(E))
        lost[beam.name] = np.concatenate(
            [
                oscillation_term(E, baseline, some[:, np.newaxis], spread) @ weighted
                for some in np.split(splittings, range(rows, len(splittings), rows))
            ]
        )
    return lost


def _baseline(component: Component) -> float:
    """Return how far a component has come, in cm."""
    if component.baseline_m is None:
        raise DomainError(
            f"baseline of {component.name}: got None; allowed: a distance, as neutrinos oscillate "
            "on their way"
        )
    return 100 * component.baseline_m


def _energy_rule(
    experiment: Experiment, beam: Component, interaction: Interaction, unit_phase: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return nodes and weights in E that follow the effective area and the fastest oscillation."""
    detector, spectrum = experiment.detector, beam.spectrum
    end = spectrum.breakpoints[-1]
    kinks = set(spectrum.breakpoints)
    starts = []
    every: list[Struck] = [nuclide for nuclide, _ in detector.nuclear_targets]
    every += [electron for electron, _ in detector.electron_targets]
    for struck in every:
        most = float(interaction.maximum_recoil(end, struck))
        panels = np.unique(np.exp(np.concatenate(response_panels(detector, struck, most))))
        opened = interaction.minimum_energy(panels, struck).tolist()
        starts += opened[:1]
        kinks |= set(opened)
    low = min(starts, default=end)
    if spectrum.breakpoints[0] < end:  # below it there are none
        low = max(low, spectrum.breakpoints[0])
    if low >= end:
        return np.array([end]), np.zeros(1)
    edges = [low, *sorted(E for E in kinks if low < E < end), end]
    panels = energy_panels(edges, unit_phase)
    E, weights = panel_rule(panels[:-1], panels[1:], 24)
    return E.ravel(), weights.ravel()


@dataclass(frozen=True, eq=False)
class Disappearance:
    """What an experiment says of a flavour that disappears; made by `disappearance`.

    Parameters
    ----------
    splittings : ndarray, shape (n,)
        Splittings in eV^2.
    counts : ndarray, shape (bins,)
        Expected events without oscillation.
    disappeared : ndarray, shape (n, bins)
        Events that an oscillation of full amplitude takes away, see `disappeared_counts`.
    statistics : BinnedChi2
        The chi2 of the counts.

    Examples
    --------
    >>> csi = disappearance(set_up("coherent-csi"), [0.5, 2.0], flavour="e")
    >>> csi.chi2([0.0, 0.5]).round(2)
    array([[0.  , 0.  ],
           [0.01, 1.01]])
    """

    splittings: NDArray[np.float64]
    counts: NDArray[np.float64]
    disappeared: NDArray[np.float64]
    statistics: BinnedChi2

    def chi2(self, amplitude: ArrayLike) -> NDArray[np.float64]:
        """Return chi2 at every amplitude and splitting.

        Amplitudes, from 0 to 1, of shape (...) give chi2 of shape (..., n).
        """
        A = checked("amplitude sin^2 2theta", amplitude, at_least=0, at_most=1)
        return self._at(A[..., np.newaxis])

    def _at(self, A: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return chi2, the amplitudes broadcast against the splittings."""
        signal = self.counts - A[..., np.newaxis] * self.disappeared
        return self.statistics(np.maximum(signal, 0.0))  # rounding may pass below zero

    @cached_property
    def _grid(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        amplitudes = np.linspace(0, 1, 401)
        return amplitudes, self.chi2(amplitudes)

    @property
    def least_chi2(self) -> float:
        """The least chi2 over the splittings and 401 amplitudes from 0 to 1."""
        return float(self._grid[1].min())

    def exclusion(self, confidence: float = 0.90, parameters: int = 2) -> NDArray[np.float64]:
        """Return the largest amplitude that is allowed, at each splitting.

        Parameters
        ----------
        confidence, parameters
            See `cevnslib.statistics.chi2.delta_chi2`; two are amplitude and splitting.

        Returns
        -------
        ndarray, shape (n,)
            sin^2 2theta; 0 if no amplitude is allowed, infinite if all are.

        Examples
        --------
        >>> nai = disappearance(set_up("coherent-nai"), [0.01, 1.0, 1e4], flavour="mu")
        >>> nai.exclusion().round(3)
        array([  inf, 0.693, 0.779])
        """
        bound = self.least_chi2 + delta_chi2(confidence, parameters)
        amplitudes, values = self._grid
        allowed = values <= bound
        last = len(amplitudes) - 1 - np.argmax(allowed[::-1], axis=0)  # the last that is allowed
        low = amplitudes[last]
        high = amplitudes[np.minimum(last + 1, len(amplitudes) - 1)]
        for _ in range(50):  # halve what is left between allowed and excluded
            middle = (low + high) / 2
            inside = self._at(middle) <= bound
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        largest = np.where(allowed[-1], np.inf, low)
        return np.where(allowed.any(axis=0), largest, 0.0)


def disappearance(
    experiment: Experiment,
    splittings: ArrayLike,
    flavour: str,
    *,
    samples: Sequence[str] = ("all",),
    edges: Sequence[float] | None = None,
    spread: float = 0.0,
    interaction: Interaction = StandardModel(),  # noqa: B008, it is frozen
) -> Disappearance:
    r"""Compute what an experiment says of the disappearance of one flavour.

    The flavour mixes with the sterile one only, so that its amplitude is
    :math:`\sin^2 2\theta_{\alpha\alpha}` whatever the detector is blind to.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    splittings : array_like, shape (n,)
        Splittings in eV^2, from 0 to 1e5.
    flavour : {"e", "mu"}
        Which beams disappear.
    samples : sequence of str, optional
        Beams that are counted apart, by timing or name: ``("prompt", "delayed")`` splits by time.
    edges : sequence of float, optional
        Measured energies in MeV, rising, that sort the events of each sample into bins.
    spread : float, optional
        See `cevnslib.physics.oscillations.oscillation_term`.
    interaction : Interaction, optional
        What scatters the neutrinos.

    Returns
    -------
    Disappearance
        Counts and chi2; bins of energy vary fastest, empty ones are left out.

    Raises
    ------
    NoLimitError
        If no events are expected.

    Examples
    --------
    >>> csi = disappearance(
    ...     set_up("csi-100kg"), [1.0], flavour="mu", samples=("prompt", "delayed")
    ... )
    >>> csi.counts.round(0)
    array([ 3028., 10202.])
    """
    checked_kind("experiment", experiment, Experiment)
    pure = (component.flavour for component in experiment.flux.components)
    flavours = tuple(dict.fromkeys(name for name in pure if name))
    checked_choice("flavour of a beam", flavour, flavours)
    if isinstance(samples, str) or not isinstance(samples, Sequence) or not samples:
        raise DomainError(f"samples: got {quoted(samples)}; allowed: a sequence of names of beams")
    chosen = [beam.name for sample in samples for beam in experiment.flux.select(sample)]
    if len(set(chosen)) < len(chosen):
        raise DomainError(
            f"samples: got {', '.join(samples)}, with the beams {', '.join(chosen)}; allowed: "
            "samples without a beam in common"
        )
    splittings = checked_splittings(splittings)
    counts, disappeared = [], []
    windows = [experiment] if edges is None else _windows(experiment, edges)
    by_window = [
        (
            counts_by_beam(window, interaction),
            _disappeared_counts(window, splittings, interaction, spread),
        )
        for window in windows
    ]
    for sample in samples:
        beams = experiment.flux.select(sample)
        for by_beam, fading_by_beam in by_window:
            counts.append(sum(by_beam[beam.name] for beam in beams))
            fading = [fading_by_beam[beam.name] for beam in beams if beam.flavour == flavour]
            disappeared.append(np.sum(fading, axis=0) if fading else np.zeros(len(splittings)))
    filled = np.array(counts) > 0 if edges is not None else np.full(len(counts), True)
    expected = np.array(counts)[filled]
    with saying_why_nothing_is_seen(experiment, interaction):
        statistics = experiment.measurement.binned_chi2(expected)
    return Disappearance(
        splittings, expected, np.stack(disappeared, axis=-1)[:, filled], statistics
    )


def _windows(experiment: Experiment, edges: Sequence[float]) -> list[Experiment]:
    """Return the experiment with a detector for each bin of measured energy."""
    values = checked("edges of the bins", edges, "MeV", at_least=0)
    if values.ndim != 1 or len(values) < 2 or np.any(np.diff(values) <= 0):
        raise DomainError(
            f"edges of the bins: got {quoted(edges)}; allowed: at least two rising numbers"
        )
    detector = experiment.detector
    inside = [
        (max(low, detector.edges[0]), min(high, detector.edges[-1]))
        for low, high in pairwise(float(value) for value in values)
    ]
    return [
        replace(experiment, detector=replace(detector, threshold=low, maximum=high, bins=None))
        for low, high in inside
        if low < high
    ]


def set_ups() -> tuple[str, ...]:
    """Return the names of the set-ups of the sterile study at the spallation source.

    Examples
    --------
    >>> ", ".join(set_ups())
    'coherent-csi, coherent-hpge, coherent-nai, coherent-lar, csi-100kg'
    """
    return tuple(_study()["set-ups"])


def _study() -> Mapping[str, Any]:
    """Return the set-ups, scenarios and backgrounds of the papers, laid together."""
    study: dict[str, Any] = {}
    for paper in papers():
        for key, table in packaged(paper, "sterile.toml").items():
            study[key] = {**study.get(key, {}), **table}
    return study


def scenarios() -> dict[str, Mapping[str, float]]:
    """Return the scenarios of the sterile study: efficiency, and systematic errors.

    Returns
    -------
    dict of str to mapping
        ``efficiency``, ``sigma_signal`` and ``sigma_background``, by name.

    Examples
    --------
    >>> "; ".join(scenarios())
    '100%, 0%, 0%; 100%, 15%, 10%; 100%, 30%, 10%; 50%, 5%, 10%'
    """
    return {name: dict(scenario) for name, scenario in _study()["scenarios"].items()}


def set_up(name: str, scenario: str = "100%, 15%, 10%") -> Experiment:
    """Load a set-up of the sterile study.

    Parameters
    ----------
    name : str
        One of `set_ups`.
    scenario : str, optional
        One of `scenarios`: efficiency, and the errors of signal and background.

    Examples
    --------
    >>> set_up("coherent-nai", "50%, 5%, 10%").measurement.sigma_signal
    0.05
    """
    study = _study()
    checked_choice("sterile set-up", name, study["set-ups"])
    checked_choice("scenario", scenario, study["scenarios"])
    errors = dict(study["scenarios"][scenario])
    own = {key: x for key, x in study["set-ups"][name].items() if key != "by_time"}
    description = {
        **own,
        "efficiency": errors.pop("efficiency"),
        "statistics": {"kind": "poisson", **study["backgrounds"], **errors},
        "references": {**study["references"], **own.get("references", {})},
    }
    return from_description(name, description, scenario)


#: Splittings of a curve in eV^2: first, last and how many.
SPLITTINGS = (0.05, 50.0, 800)
#: Beams that are counted apart.
TIMING = ("prompt", "delayed")
#: Flavours whose disappearance is studied.
DISAPPEARING = ("e", "mu")


@dataclass(frozen=True, eq=False)
class ExclusionCurve:
    """The largest amplitude that a set-up allows by splitting; made by `exclusion_curves`.

    Parameters
    ----------
    flavour : {"e", "mu"}
        The flavour that disappears.
    label : str
        The scenario, or the stage and what is done with the signal's error.
    splittings : ndarray, shape (n,)
        In eV^2.
    amplitudes : ndarray, shape (n,)
        sin^2 2theta; infinite where nothing is excluded.

    Examples
    --------
    >>> curve = exclusion_curves("coherent-lar", [0.5, 1.5])[0]
    >>> curve.flavour, curve.label, curve.amplitudes.round(3)
    ('e', '100%, 0%, 0%', array([0.476, 0.108]))
    """

    flavour: str
    label: str
    splittings: NDArray[np.float64]
    amplitudes: NDArray[np.float64]


def checked_curves(curves: Sequence[ExclusionCurve]) -> None:
    """Refuse what is no sequence of curves with the same splittings."""
    first, *others = checked_tuple("curves", curves, ExclusionCurve)
    if any(not np.array_equal(curve.splittings, first.splittings) for curve in others):
        lengths = [len(curve.splittings) for curve in curves]
        raise DomainError(
            f"curves: got {len(curves)} with {lengths} splittings; allowed: the same splittings in "
            "all"
        )


def names() -> tuple[str, ...]:
    """Return the names of all detectors of the study.

    Examples
    --------
    >>> ", ".join(names()[5:])
    'conus, connie, miner, texono, red100'
    """
    return (*set_ups(), *_study()["experiments"])


def exclusion_curves(
    name: str, splittings: ArrayLike | None = None, *, confidence: float = 0.90
) -> tuple[ExclusionCurve, ...]:
    """Return every curve of a detector.

    Parameters
    ----------
    name : str
        One of `names`.
    splittings : array_like, shape (n,), optional
        In eV^2, at least 0; by default `SPLITTINGS`, evenly in their logarithm.
    confidence : float, optional
        Confidence level for the two parameters together.

    Returns
    -------
    tuple of ExclusionCurve
        At the spallation source both flavours in all scenarios and, of the 100 kg of CsI, also with
        prompt and delayed events apart; of an experiment all stages, with the signal's error as a
        nuisance and without.

    Examples
    --------
    >>> [curve.label for curve in exclusion_curves("conus", [1.0])]
    ['2019, nuisance fitted', '2019, nuisance left out', 'projected, nuisance fitted', \
'projected, nuisance left out']
    """
    checked_choice("detector of the sterile study", name, names())
    first, last, points = SPLITTINGS
    x = np.geomspace(first, last, points) if splittings is None else splittings
    x = checked_splittings(x)
    return tuple(
        ExclusionCurve(flavour, label, x, study(x).exclusion(confidence))
        for flavour, label, study in _studies(name)
    )


def _studies(name: str) -> list[tuple[str, str, partial[Disappearance]]]:
    """Return flavour, label, and what computes the curve, of every curve of a detector."""
    if name not in set_ups():
        return [
            (
                beam.flavour,
                f"{stage}, nuisance {treatment}",
                partial(disappearance, variant, flavour=beam.flavour),
            )
            for stage in experiments.stages(name)
            for treatment, variant in experiments.variants(experiments.load(name, stage)).items()
            for beam in variant.beams
        ]
    timings: list[tuple[str, tuple[str, ...]]] = [("", ("all",))]
    if _study()["set-ups"][name].get("by_time"):
        timings.append((", timing", TIMING))
    return [
        (
            flavour,
            f"{scenario}{words}",
            partial(disappearance, set_up(name, scenario), flavour=flavour, samples=samples),
        )
        for words, samples in timings
        for flavour in DISAPPEARING
        for scenario in scenarios()
    ]


def best(curve: ExclusionCurve) -> tuple[float, float]:
    """Return the smallest excluded amplitude of a curve, and its splitting.

    Returns
    -------
    tuple of float
        sin^2 2theta, infinite if nothing is excluded, and the splitting in eV^2.

    Examples
    --------
    >>> curve = exclusion_curves("coherent-lar", [0.5, 1.5, 50.0])[0]
    >>> best(curve)[1]
    1.5
    """
    checked_kind("curve", curve, ExclusionCurve)
    if not len(curve.splittings):
        raise DomainError("curve: got no splittings; allowed: at least one")
    place = int(np.argmin(curve.amplitudes))
    return float(curve.amplitudes[place]), float(curve.splittings[place])


def as_csv(curves: Sequence[ExclusionCurve]) -> str:
    """Return curves of one detector as CSV, a splitting a row.

    Returns
    -------
    str
        Splittings in eV^2, then the amplitudes of each curve; empty where nothing is excluded.

    Examples
    --------
    >>> print(as_csv(exclusion_curves("conus", [0.001, 0.45])).splitlines()[-1])
    0.45,0.3122,0.03566,0.1829,0.001498
    """
    checked_curves(curves)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [f"sin2_2theta_{curve.flavour}{curve.flavour} ({curve.label})" for curve in curves]
    writer.writerow(["dm2_eV2", *names])
    columns = [curve.amplitudes for curve in curves]
    for splitting, *row in zip(curves[0].splittings, *columns, strict=True):
        cells = [f"{value:.4g}" if np.isfinite(value) else "" for value in row]
        writer.writerow([f"{splitting:.6g}", *cells])
    return "# excluded above these amplitudes; empty: nothing is excluded\n" + text.getvalue()


def summary(curves: Sequence[ExclusionCurve]) -> str:
    """Return where each curve reaches furthest, as a Markdown table.

    Returns
    -------
    str
        A Markdown table: the flavour, the label, the smallest excluded amplitude and its splitting,
        and the amplitude at the largest splitting.

    Examples
    --------
    >>> print(summary(exclusion_curves("conus", [0.45, 10.0])).splitlines()[2])
    | e | 2019, nuisance fitted | 0.312 | 0.45 | 0.609 |
    """
    checked_curves(curves)
    lines = [
        r"| flavour | curve | least $\sin^2 2\theta$ | at $\Delta m^2$ (eV²) | averaged |",
        "| --- | --- | --- | --- | --- |",
    ]
    for curve in curves:
        amplitude, splitting = best(curve)
        shown = [f"{amplitude:.3g}", f"{splitting:.2g}", f"{curve.amplitudes[-1]:.3g}"]
        if not np.isfinite(amplitude):
            shown = ["none", "", "none"]
        cells = [curve.flavour, curve.label, *(cell.replace("inf", "none") for cell in shown)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def introduction(name: str) -> str:
    """Return the title of a sterile sheet and what it is about, as Markdown.

    Examples
    --------
    >>> introduction("conus").splitlines()[0]
    '# Sterile: CONUS'
    """
    checked_choice("detector of the sterile study", name, names())
    experiment = set_up(name) if name in set_ups() else experiments.load(name)
    target, metres = experiment.detector.target.name, experiment.metres
    return (
        f"# Sterile: {experiment.title}\n\n{target} at {metres:g} m from "
        f"{experiment.source.title}: what it excludes of a flavour that disappears into a sterile "
        "neutrino, at 90% C.L. for amplitude and splitting together. This sheet is made from a "
        "template."
    )
