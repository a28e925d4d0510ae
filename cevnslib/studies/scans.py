r"""Limits value by value: on light mediators, heavy partners, and sterile neutrinos.

Counts are polynomials of what is limited: of :math:`g^2` if a light vector interferes with weak
scattering, of :math:`g^4` for a scalar, of :math:`\mu^2` for a moment, and of the amplitude for a
flavour that disappears. So each value of the mass or the splitting is folded two times at most.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_choice
from ..constants import CODATA_2022
from ..errors import ConfigurationError, DomainError, quoted
from ..experiments import Experiment
from ..folding import fold
from ..physics.interactions import (
    DipolePortal,
    Interaction,
    LightScalar,
    LightVector,
    StandardModel,
    WeakScattering,
)
from ..physics.mediators import CHARGES
from ..rates import counts_by_beam
from ..statistics.chi2 import delta_chi2
from ..statistics.likelihood import Likelihood
from ..statistics.recorded import Recorded
from ..statistics.strengths import Strengths, strengths
from .report import data_of, distinct
from .sterile import checked_splittings, disappeared_counts
from .words import percent

__all__ = [
    "SCANS",
    "ScanTable",
    "dipole",
    "light_scalar",
    "light_vector",
    "sterile",
]
Floats = NDArray[np.float64]
#: A coupling for which a scalar's counts are computed: they go like its fourth power.
_UNIT = 1e-4
#: Amplitudes between which the largest allowed is sought, and how often a bracket is cut in 64.
_AMPLITUDES, _ROUNDS = 101, 5


@dataclass(frozen=True, eq=False)
class ScanTable:
    """Limits, a row for each value; made by the functions of `SCANS`.

    Parameters
    ----------
    title : str
        What is limited, and at which confidence level.
    columns : tuple of str
        What stands in the columns, with units.
    rows : ndarray, shape (values, columns)
        Infinite where there is no limit.

    Examples
    --------
    >>> print(ScanTable("limits", ("mass_MeV", "coupling"), np.array([[1.0, np.inf]])).as_csv())
    # limits; empty: no limit
    mass_MeV,coupling
    1,
    <BLANKLINE>
    """

    title: str
    columns: tuple[str, ...]
    rows: Floats

    def as_json(self) -> dict[str, Any]:
        """Return the table as JSON holds it, None where there is no limit."""
        rows = [[x if np.isfinite(x) else None for x in row] for row in self.rows.tolist()]
        return {"title": self.title, "columns": list(self.columns), "rows": rows}

    def as_csv(self) -> str:
        """Return the table as CSV, empty where there is no limit."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows.tolist():
            writer.writerow([f"{x:.6g}" if np.isfinite(x) else "" for x in row])
        return f"# {self.title}; empty: no limit\n" + text.getvalue()


def light_vector(
    experiments: Sequence[Experiment],
    masses: ArrayLike | None = None,
    confidence: float = 0.90,
    *,
    charges: str = "universal",
) -> ScanTable:
    """Return the couplings of a light vector that the data allow, mass by mass.

    Where it interferes with weak scattering there may be two pieces.

    Parameters
    ----------
    experiments : sequence of Experiment
        At least one; they share nuisances of one name.
    masses : array_like, shape (n,), optional
        In MeV, at least 0; by default 13 from 0.1 MeV to 10 GeV.
    confidence : float, optional
        Confidence level of one coupling.
    charges : {"universal", "b-l"}, optional
        What it couples to, see `cevnslib.physics.mediators.CHARGES`.

    Returns
    -------
    ScanTable
        ``mass_MeV``; the coupling ``from`` which and ``to`` which it is allowed in the first piece,
        from 0 if nothing is seen; and the ``largest`` that is allowed.

    Examples
    --------
    >>> from cevnslib.experiments import load
    >>> light_vector([load("coherent-csi")], [10.0]).rows.round(8)
    array([[1.000e+01, 0.000e+00, 4.075e-05, 9.400e-05]])
    """
    chosen = CHARGES[checked_choice("charges", charges, CHARGES)]

    def coefficients(experiment: Experiment, mass: float) -> list[Floats]:
        def at(square: float) -> Floats:
            vector = LightVector(mass, float(square**0.5), **chosen)
            events = fold(experiment).events(_with_charge(experiment.interaction, vector))
            return np.asarray(events.sum(axis=0))

        # A parabola in g^2 from three values about the one that equals the weak force.
        unit = CODATA_2022.fermi * (mass**2 + 2 * _typical(experiment)) / 10
        none, single, double = (at(factor * unit) for factor in (0, 1, 2))
        slope = (4 * single - double - 3 * none) / (2 * unit)
        return [none, slope, (double - 2 * single + none) / (2 * unit**2)]

    title = f"coupling of a light vector ({charges}) at {_level(confidence)}"
    return _scan(experiments, _masses(masses), coefficients, 2, confidence, title, "coupling")


def light_scalar(
    experiments: Sequence[Experiment], masses: ArrayLike | None = None, confidence: float = 0.90
) -> ScanTable:
    """Return the couplings of a light scalar that the data allow, mass by mass.

    Parameters
    ----------
    experiments, masses, confidence
        See `light_vector`.

    Examples
    --------
    >>> from cevnslib.experiments import load
    >>> light_scalar([load("coherent-csi")], [10.0]).columns
    ('mass_MeV', 'coupling_from', 'coupling_to', 'coupling_largest')
    """

    def coefficients(experiment: Experiment, mass: float) -> list[Floats]:
        return _added(experiment, LightScalar(mass, _UNIT), _UNIT**4)

    title = f"coupling of a light scalar at {_level(confidence)}"
    return _scan(experiments, _masses(masses), coefficients, 4, confidence, title, "coupling")


def dipole(
    experiments: Sequence[Experiment], masses: ArrayLike | None = None, confidence: float = 0.90
) -> ScanTable:
    """Return the transition moments to a heavy partner that the data allow, mass by mass.

    Parameters
    ----------
    experiments, confidence
        See `light_vector`.
    masses : array_like, shape (n,), optional
        In MeV, at least 0; by default 13 up to 0.9 of the largest neutrino energy.

    Returns
    -------
    ScanTable
        As `light_vector` does, with moments of all flavours in Bohr magnetons.

    Examples
    --------
    >>> from cevnslib.experiments import load
    >>> rows = dipole([load("coherent-csi")], [10.0, 60.0]).rows  # no partner above 53 MeV
    >>> [f"{moment:.3g}" for moment in rows[:, 3]]
    ['3.57e-09', 'inf']
    """

    def coefficients(experiment: Experiment, mass: float) -> list[Floats]:
        return _added(experiment, DipolePortal(mass), 1.0)

    parts = [part for one in distinct(experiments).values() for part in one.flux.components]
    end = 0.9 * max(part.spectrum.breakpoints[-1] for part in parts)
    values = _masses(np.geomspace(1e-3 * end, end, 13) if masses is None else masses)
    title = f"transition moment to a heavy partner at {_level(confidence)}"
    return _scan(experiments, values, coefficients, 2, confidence, title, "moment_mu_B")


def sterile(
    experiments: Sequence[Experiment],
    splittings: ArrayLike | None = None,
    confidence: float = 0.90,
    *,
    flavour: str | None = None,
    by_time: bool | None = None,
) -> ScanTable:
    r"""Return the largest :math:`\sin^2 2\theta` that data allow, splitting by splitting.

    Parameters
    ----------
    experiments : sequence of Experiment
        At least one; they share nuisances of one name.
    splittings : array_like, shape (n,), optional
        In eV^2, from 0 to 1e5; by default 31 from 0.05 to 50. The best fit is the best of these.
    confidence : float, optional
        Confidence level of amplitude and splitting together.
    flavour : {"e", "mu"}, optional
        Which flavour disappears; by default that of the source if it has one, else mu.
    by_time : bool, optional
        Whether prompt and delayed neutrinos are counted apart. By default they are where a
        projection's source has both, and no background or off counts are given.

    Returns
    -------
    ScanTable
        ``delta_m2_eV2`` and ``sin2_2theta``, 0 where no amplitude is allowed, infinite where all
        are.

    Examples
    --------
    >>> from cevnslib.studies.sterile import set_up
    >>> table = sterile([set_up("coherent-nai")], [0.01, 1.0], flavour="mu", by_time=False)
    >>> table.columns, table.rows[:, 1].round(3)
    (('delta_m2_eV2', 'sin2_2theta'), array([  inf, 0.693]))
    """
    named = distinct(experiments)
    x = checked_splittings(np.geomspace(0.05, 50, 31) if splittings is None else splittings)
    rise = delta_chi2(confidence, 2)
    pure = [part.flavour for one in named.values() for part in one.flux.components]
    flavours = tuple(dict.fromkeys(name for name in pure if name))
    if not flavours:
        raise ConfigurationError(
            "flavours of the source: got mixed ones; allowed: beams of one flavour each"
        )
    chosen = flavours[0] if len(flavours) == 1 else "mu"
    chosen = checked_choice("flavour", chosen if flavour is None else flavour, flavours)
    data, counts, lost = [], [], []
    for name, one in named.items():
        expected, gone = _disappearing(one, x, chosen, by_time)
        data.append(one.measurement.counts(name, expected))
        counts.append(expected)
        lost.append(gone)
    likelihood = Likelihood(data)
    without, fading = np.concatenate(counts), np.concatenate(lost, axis=1)

    def chi2(amplitudes: Floats) -> Floats:
        """Return chi2 at amplitudes of shape (splittings, n)."""
        left = without - amplitudes[..., np.newaxis] * fading[:, np.newaxis]
        return np.asarray(likelihood._minimum(np.maximum(left, 0.0))[0])

    grid = np.tile(np.linspace(0, 1, _AMPLITUDES), (len(x), 1))
    values = chi2(grid)
    bound = float(values.min()) + rise
    rows, inside = np.arange(len(x)), values <= bound
    last = _AMPLITUDES - 1 - np.argmax(inside[:, ::-1], axis=1)
    low, high = grid[rows, last], grid[rows, np.minimum(last + 1, _AMPLITUDES - 1)]
    shares = np.linspace(0, 1, 65)
    for _ in range(_ROUNDS):
        places = low[:, np.newaxis] + (high - low)[:, np.newaxis] * shares
        within = chi2(places) <= bound
        within[:, 0] = True
        k = 64 - np.argmax(within[:, ::-1], axis=1)
        low, high = places[rows, k], places[rows, np.minimum(k + 1, 64)]
    largest = np.where(inside[:, -1], np.inf, low)
    amplitudes = np.where(inside.any(axis=1), largest, 0.0)
    return ScanTable(
        f"sin^2 2theta of a nu_{chosen} that disappears at {_level(confidence)}",
        ("delta_m2_eV2", "sin2_2theta"),
        np.stack([x, amplitudes], axis=1),
    )


def _disappearing(
    experiment: Experiment, splittings: Floats, flavour: str, by_time: bool | None
) -> tuple[Floats, Floats]:
    """Return events in bins of time and energy, and those that full mixing takes away."""
    detector, parts = experiment.detector, experiment.flux.components
    timings = list(dict.fromkeys(part.timing for part in parts))
    measured = experiment.measurement
    free = measured.projected
    if isinstance(measured, Recorded) and (measured.templates or measured.off is not None):
        free = False  # what is given for each bin of the detector fits no others
    apart = free if by_time is None else by_time
    in_windows = experiment.times_us is not None
    samples = timings if apart and not in_windows else ["all"]
    edges = detector.edges
    shares = dict(zip((part.name for part in parts), experiment.shares_in_time, strict=True))
    always = replace(experiment, times_us=None)
    windows = [
        replace(always, detector=replace(detector, bins=None, threshold=low, maximum=high))
        for low, high in pairwise(edges)
    ]
    counts, gone = [], []
    every = [
        (
            counts_by_beam(window, experiment.interaction),
            disappeared_counts(window, splittings, experiment.interaction),
        )
        for window in windows
    ]
    for sample in samples:
        beams = experiment.flux.select(sample)
        for by_beam, fading in every:
            for k in range(experiment.shares_in_time.shape[1]):
                counts.append(sum(by_beam[beam.name] * shares[beam.name][k] for beam in beams))
                pure = [b for b in beams if b.flavour == flavour]
                zero = np.zeros(len(splittings))
                gone.append(sum((fading[b.name] * shares[b.name][k] for b in pure), zero))
    filled = np.array(counts) > 0
    if not free:
        filled[:] = True
    return np.array(counts)[filled], np.stack(gone, axis=-1)[:, filled]


def _level(confidence: float) -> str:
    """Return a confidence level in words, or refuse it."""
    delta_chi2(confidence)
    return f"{percent(confidence)} C.L."


def _masses(masses: ArrayLike | None) -> Floats:
    given = np.geomspace(0.1, 1e4, 13) if masses is None else masses
    values = np.atleast_1d(checked("mass", given, "MeV", at_least=0, at_most=1e8))
    if values.ndim > 1 or not values.size:
        raise DomainError(f"masses: got {quoted(masses)}; allowed: one axis, at least one")
    return values


def _added(experiment: Experiment, interaction: Interaction, unit: float) -> list[Floats]:
    """Return the events of the prediction, and those of another process for a strength of 1."""
    folding = fold(experiment)
    added = folding.events(interaction).sum(axis=0) / unit
    return [folding.events(experiment.interaction).sum(axis=0), added]


def _with_charge(weak: Interaction, vector: LightVector) -> Interaction:
    """Return weak scattering whose amplitude has another charge."""
    if not isinstance(weak, StandardModel | WeakScattering):
        raise ConfigurationError(
            f"interactions: got {quoted(weak)} beside a light vector; allowed: weak scattering, "
            "whose amplitude it adds to"
        )
    return WeakScattering(
        *weak._charges(),
        vector,
        form_factor=weak.form_factor,
        axial=weak.axial,
        constants=weak.constants,
    )


def _typical(experiment: Experiment) -> float:
    """Return a product of mass and recoil energy, in MeV^2, as the flux allows it."""
    detector, parts = experiment.detector, experiment.flux.components
    masses = [struck.mass for struck, _ in detector.nuclear_targets]
    masses += [electron.mass for electron, _ in detector.electron_targets]
    end = max(part.spectrum.breakpoints[-1] for part in parts)
    return float(min(end**2, 1e-3 * max(masses)))


def _scan(
    experiments: Sequence[Experiment],
    values: Floats,
    coefficients: Callable[[Experiment, float], list[Floats]],
    power: int,
    confidence: float,
    title: str,
    name: str,
) -> ScanTable:
    """Return limits on a number whose power the counts are polynomials of."""
    named = distinct(experiments)
    likelihood = Likelihood(data_of(named))
    rows = []
    for value in values.tolist():
        every = {label: coefficients(one, value) for label, one in named.items()}
        powers = [
            {label: terms[k] for label, terms in every.items()}
            for k in range(max(map(len, every.values())))
        ]
        found: Strengths = strengths(likelihood, powers, confidence)
        ends = [*found.pieces[0], found.upper]
        rows.append([value, *(end ** (1 / power) for end in ends)])
    columns = ("mass_MeV", *(f"{name}_{which}" for which in ("from", "to", "largest")))
    return ScanTable(title, columns, np.array(rows))


#: What ``cevns scan`` limits: functions of experiments, values and confidence.
SCANS: Mapping[str, Callable[..., ScanTable]] = MappingProxyType(
    {
        "light-vector": light_vector,
        "light-scalar": light_scalar,
        "sterile": sterile,
        "dipole": dipole,
    }
)
