"""What experiments say of magnetic moments, in one answer: expected counts, limits and their fit.

Every number is finite or None, in an order that does not change, so that `LimitsReport.as_json`
can be written as it is; what a reader should know is said beside in words.
"""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import checked_kind, checked_tuple
from ..constants import DAY, KEV
from ..detectors.detector import ELECTRONS, Detector
from ..detectors.quenching import TabulatedQuenching
from ..errors import ConfigurationError, NoLimitError, UnseenWarning, quoted
from ..experiments import Experiment
from ..folding import fold
from ..physics.interactions import MagneticMoment, StandardModel
from ..physics.mixing import OscillationParameters
from ..physics.neutrinos import FLAVOURS
from ..rates import saying_why_nothing_is_seen
from ..reading.keys import unit_of
from ..statistics.chi2 import delta_chi2
from ..statistics.counts import Counts, PoissonCounts
from ..statistics.exact import feldman_cousins
from ..statistics.goodness import SUSPECT
from ..statistics.likelihood import Likelihood
from ..statistics.strengths import Strengths, strengths
from .spectral import SpectralConstraint, roots, spectral_constraint
from .words import described, percent

__all__ = ["LimitsReport", "data_of", "distinct", "limits_report"]
Floats = NDArray[np.float64]
#: The moment whose events are shown, in Bohr magnetons.
SHOWN = 1e-10
#: What a fit says of the factor on the prediction.
_FACTOR = ("best", "error", "chi2", "degrees_of_freedom")
#: The share of one standard deviation.
_SIGMA = math.erf(math.sqrt(0.5))
#: The largest count for which the construction of Feldman and Cousins is made.
_FEW = 2000


@dataclass(frozen=True, eq=False)
class LimitsReport:
    """What experiments say of magnetic moments; made by `limits_report`.

    Parameters
    ----------
    name, title : str
        Of the experiment, or of all together.
    confidence : float
        Confidence level of the limits.
    expected, limits : mapping
        See `limits_report`.
    fit : mapping or None
        What was counted beside what is predicted, where counts are given.
    warnings, assumed : tuple of str
        What is suspicious, and what was taken for granted.
    inputs : mapping
        What went in: a value and its unit, by name.
    experiments : tuple of LimitsReport, optional
        Those of the experiments one by one, where there are several.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> report = limits_report([experiments.load("coherent-csi")])
    >>> {name: f"{x:.3e}" for name, x in report.limits["effective_moment"].items()}
    {'e': '6.156e-09', 'mu': '4.155e-09'}
    """

    name: str
    title: str
    confidence: float
    expected: Mapping[str, Any]
    limits: Mapping[str, Any]
    fit: Mapping[str, Any] | None
    warnings: tuple[str, ...]
    assumed: tuple[str, ...]
    inputs: Mapping[str, Any]
    experiments: tuple["LimitsReport", ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON holds it: numbers that are finite, or None."""
        made: dict[str, Any] = _plain({**vars(self), "experiments": None})
        del made["experiments"]
        if self.experiments:
            made["experiments"] = [each.as_json() for each in self.experiments]
        return made


def _plain(value: Any) -> Any:
    """Return what JSON can hold; None in place of a number that is not finite."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(part) for part in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def distinct(experiments: Sequence[Experiment]) -> dict[str, Experiment]:
    """Return experiments by their names; a name that comes again is numbered.

    Examples
    --------
    >>> from cevnslib.experiments import load
    >>> list(distinct([load("conus"), load("conus", "projected")]))
    ['conus', 'conus 2']
    """
    named: dict[str, Experiment] = {}
    for each in checked_tuple("experiments", experiments, Experiment):
        numbered = (f"{each.name} {number}" for number in count(2))
        name = each.name
        while name in named:
            name = next(numbered)
        named[name] = each
    return named


def data_of(experiments: Mapping[str, Experiment]) -> list[Counts]:
    """Return what experiments have measured as data sets, by their names.

    Nuisances of one name are one and the same.

    Examples
    --------
    >>> from cevnslib.experiments import load
    >>> data_of({"mine": load("coherent-csi")})[0].observed
    array([142.])
    """
    for each in checked_kind("experiments", experiments, Mapping).values():
        checked_kind("one of the experiments", each, Experiment)
    return [
        each.measurement.counts(name, fold(each).events(each.interaction).sum(axis=0))
        for name, each in experiments.items()
    ]


def limits_report(
    experiments: Sequence[Experiment],
    confidence: float | None = None,
    parameters: OscillationParameters | None = None,
    *,
    descriptions: Sequence[Mapping[str, Any]] = (),
) -> LimitsReport:
    """Return what experiments, one by one and together, say of magnetic moments.

    Parameters
    ----------
    experiments : sequence of Experiment
        At least one. They share nuisances of one name.
    confidence : float, optional
        Between 0 and 1; by default that of the experiments, or 0.9.
    parameters : OscillationParameters, optional
        Mixing of the neutrinos, by default what the experiments say.
    descriptions : sequence of mapping, optional
        The files of the experiments, whose keys are then among the inputs; see
        `cevnslib.experiments.description`.

    Returns
    -------
    LimitsReport
        ``expected`` has ``standard_model`` with ``total``, ``by_beam`` and ``by_bin``, and
        ``magnetic_per_1e-10`` with ``total``, ``nuclei`` and ``electrons``, in events. ``limits``
        has ``effective_moment`` by flavour and the three ``transition_moments`` in Bohr magnetons,
        None where there is no limit, and the same as ``intervals``, piece by piece. ``fit``, where
        something was counted, has the factor on the prediction as ``best`` and ``error``,
        ``chi2`` and ``degrees_of_freedom``; the events of the signal in the data, which no error
        of its prediction touches, as ``signal_best``, ``signal_error`` and ``signal_upper``; and of
        a single Poisson count ``feldman_cousins``.

    Raises
    ------
    ConfigurationError
        If confidence levels or parameters differ, or nuisances of one name.
    NoLimitError
        If an experiment can see no events at all.

    Examples
    --------
    >>> from cevnslib.experiments import load
    >>> report = limits_report([load("conus"), load("texono")])
    >>> [each.name for each in report.experiments]
    ['conus', 'texono']
    """
    named = distinct(experiments)
    level = agreed("confidence", confidence, named)
    delta_chi2(level)
    mixing = checked_kind("parameters", agreed("mixing", parameters, named), OscillationParameters)
    for file in checked_kind("descriptions", descriptions, Sequence):
        checked_kind("one of the descriptions", file, Mapping)
    files = dict(zip(named, descriptions, strict=False))
    each = [
        _report({name: one}, level, mixing, {name: files.get(name, {})})
        for name, one in named.items()
    ]
    return each[0] if len(each) == 1 else _together(named, each, level, mixing)


def agreed(key: str, given: Any, named: Mapping[str, Experiment]) -> Any:
    """Return what the caller gives, or what all experiments say.

    Examples
    --------
    >>> from cevnslib.experiments import load
    >>> agreed("confidence", None, {"csi": load("coherent-csi"), "conus": load("conus")})
    0.9
    """
    if given is not None:
        return given
    said = {name: getattr(one, key) for name, one in named.items()}
    first, *others = said.values()
    if any(value != first for value in others):
        words = ", ".join(f"{quoted(value)} of {name}" for name, value in said.items())
        raise ConfigurationError(
            f"{key}: got {words}; allowed: the same of all, or one that is given for all"
        )
    return first


def _report(
    named: Mapping[str, Experiment],
    level: float,
    mixing: OscillationParameters,
    files: Mapping[str, Mapping[str, Any]],
) -> LimitsReport:
    """Return the report of one experiment."""
    ((name, experiment),) = named.items()
    said: list[str] = []
    expected = _expected(experiment, said)
    constraint = _constraint(named, mixing)
    (data,) = constraint.likelihood.data
    seen = constraint.signals[name] + np.sum(constraint.flavours[name], axis=0)
    _refuse_impossible(experiment, data, seen)
    limits = _limits(constraint, _flavours(named), level, said)
    projected = experiment.measurement.projected
    if projected and expected["standard_model"]["total"] < 1:
        said.insert(0, _few(expected["standard_model"]["total"], data))
    fit = None if projected else _fit(constraint, level)
    return LimitsReport(
        name,
        experiment.title,
        level,
        expected,
        limits,
        fit,
        tuple(dict.fromkeys(said)),
        tuple(_assumed(experiment, data, mixing, level)),
        {**_inputs(experiment, data), **_typed(files[name])},
    )


def _together(
    named: Mapping[str, Experiment],
    each: Sequence[LimitsReport],
    level: float,
    mixing: OscillationParameters,
) -> LimitsReport:
    """Return the report of several experiments, with limits from all their data."""
    constraint = _constraint(named, mixing)
    said: list[str] = []
    limits = _limits(constraint, _flavours(named), level, said)
    counted = not any(one.measurement.projected for one in named.values())
    for one in each:
        said += [f"{one.name}: {words}" for words in one.warnings]
    shared = _shared(constraint.likelihood.data)
    words = [f"nuisances in common: {', '.join(shared) if shared else 'none'}"]
    own = [words for one in each for words in one.assumed]
    words += [text for text in dict.fromkeys(own) if own.count(text) == len(each)]
    return LimitsReport(
        " + ".join(named),
        " and ".join(one.title for one in each),
        level,
        _summed([one.expected for one in each]),
        limits,
        _fit(constraint, level) if counted else None,
        tuple(dict.fromkeys(said)),
        tuple(words),
        {one.name: one.inputs for one in each},
        tuple(each),
    )


def _constraint(
    named: Mapping[str, Experiment], mixing: OscillationParameters
) -> SpectralConstraint:
    return spectral_constraint(dict(named), data_of(named), parameters=mixing)


def _shared(data: Sequence[Counts]) -> list[str]:
    names = [nuisance.name for one in data for nuisance in one.nuisances]
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]


# What is expected.


def _expected(experiment: Experiment, said: list[str]) -> dict[str, Any]:
    """Return expected events, and say why nuclei are not among them, or none at all."""
    folding, weak, magnetic = fold(experiment), experiment.interaction, MagneticMoment(SHOWN)
    events, moment = folding.events(weak), folding.events(magnetic).sum()
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always", UnseenWarning)
        with saying_why_nothing_is_seen(experiment, weak):
            if not events.sum() and not moment:
                raise NoLimitError("expected events: got 0; allowed: above 0")
    said += [str(one.message) for one in given if issubclass(one.category, UnseenWarning)]
    detector, nuclei = experiment.detector, moment
    if not detector.nuclei:
        nuclei = 0.0
    elif detector.electron_targets:
        without = replace(experiment, detector=replace(detector, electrons=ELECTRONS[-1]))
        nuclei = fold(without).events(magnetic).sum()
    return {
        "standard_model": {
            "total": float(events.sum()),
            "by_beam": {
                part.name: float(row.sum())
                for part, row in zip(folding.components, events, strict=True)
            },
            "by_bin": events.sum(axis=0).tolist(),
        },
        "magnetic_per_1e-10": {
            "total": float(moment),
            "nuclei": float(nuclei),
            "electrons": float(max(moment - nuclei, 0.0)),
        },
    }


def _refuse_impossible(experiment: Experiment, data: Counts, signal: Floats) -> None:
    """Refuse counts in a bin in which neither a signal nor a background can be seen."""
    if type(data) is not PoissonCounts:
        return
    known = signal + data._fixed()
    for template in data.templates:
        known = known + sum(np.abs(template._shift(one)) for one in data.nuisances)
    (where,) = np.nonzero((data.observed > 0) & (known <= 0))
    if where.size:
        edges = np.array(experiment.detector.edges) / KEV
        place = f"bin {where[0] + 1} of {len(known)}"
        if len(edges) == len(known) + 1:
            place = f"the bin of {edges[where[0]]:.4g} to {edges[where[0] + 1]:.4g} keV"
        raise ConfigurationError(
            f"experiment {experiment.name!r}: data: counts: got {data.observed[where[0]]:g} in "
            f"{place}, where nothing is expected; allowed: 0 there, a background, or other bins"
        )


def _summed(every: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    weak = [one["standard_model"] for one in every]
    magnetic = [one["magnetic_per_1e-10"] for one in every]
    beams = dict.fromkeys(name for one in weak for name in one["by_beam"])
    return {
        "standard_model": {
            "total": sum(one["total"] for one in weak),
            "by_beam": {name: sum(one["by_beam"].get(name, 0.0) for one in weak) for name in beams},
            "by_bin": [number for one in weak for number in one["by_bin"]],
        },
        "magnetic_per_1e-10": {
            key: sum(one[key] for one in magnetic) for key in ("total", "nuclei", "electrons")
        },
    }


def _few(total: float, data: Counts) -> str:
    few = f"fewer than one event is expected ({total:.3g})"
    if isinstance(data, PoissonCounts):
        return f"{few}: the limit is that of the Asimov data set, which no experiment can count"
    return (
        f"{few}, for which the Gaussian law is wrong and the limits too strong; without "
        "[statistics] the projection follows Poisson's law"
    )


# What follows.


def _flavours(named: Mapping[str, Experiment]) -> list[str]:
    """Return the flavours that the sources have."""
    shares = [part.shares for one in named.values() for part in one.flux.components]
    return [name for name, share in zip(FLAVOURS, np.sum(shares, axis=0), strict=True) if share]


def _limits(
    constraint: SpectralConstraint, flavours: Sequence[str], level: float, said: list[str]
) -> dict[str, Any]:
    asked = {f"nu_{name}": _flavour(constraint, FLAVOURS.index(name)) for name in flavours}
    asked |= {f"|Lambda_{i + 1}|": constraint._along(row) for i, row in enumerate(np.eye(3) + 0j)}
    total = sum(np.sum(one) for name in flavours for one in asked[f"nu_{name}"].values())
    pieces: dict[str, Any] = {}
    fits: list[tuple[Strengths, dict[str, Floats]]] = []
    for name, weights in asked.items():
        if sum(map(np.sum, weights.values())) <= 1e-12 * total:
            pieces[name] = ((0.0, np.inf),)
            said.append(f"{name}: no limit, as no events of it are seen")
            continue
        squares = constraint._squares(weights, level)
        pieces[name] = roots(squares.pieces)
        fits.append((squares, weights))
        if squares.upper == np.inf:
            said.append(f"{name}: no limit, as the errors absorb any number of events")
        if squares.pieces[0][0] > 0:
            said.append(f"{name}: the data prefer a moment: 0 is excluded at {percent(level)}")
    if fits:
        best, weights = min(fits, key=lambda pair: pair[0].chi2)
        if best.chi2 > SUSPECT:
            with warnings.catch_warnings(record=True) as given:
                warnings.simplefilter("always")
                constraint._goodness(best, weights).warn()
            said[:0] = [f"Standard Model and a moment: {one.message}" for one in given]
    found = {name: each[-1][1] for name, each in pieces.items()}
    lambdas = [f"|Lambda_{i}|" for i in (1, 2, 3)]
    return {
        "effective_moment": {name: found[f"nu_{name}"] for name in flavours},
        "transition_moments": [found[name] for name in lambdas],
        "intervals": {
            "effective_moment": {name: pieces[f"nu_{name}"] for name in flavours},
            "transition_moments": [pieces[name] for name in lambdas],
        },
    }


def _flavour(constraint: SpectralConstraint, row: int) -> dict[str, Floats]:
    return {name: events[row] for name, events in constraint.flavours.items()}


def _fit(constraint: SpectralConstraint, level: float) -> dict[str, Any]:
    """Return the factor on the prediction, and the events of the signal in the data."""
    likelihood, signals = constraint.likelihood, constraint.signals
    total = float(sum(map(np.sum, signals.values())))
    signed = not any(one.counting for one in likelihood.data)
    factor = _factor(likelihood, signals, signed) if total else dict.fromkeys(_FACTOR)
    bins = {name: signal / total if total else signal for name, signal in signals.items()}
    if not total:
        bins = {
            name: np.full(signal.shape, 1 / likelihood.bins) for name, signal in signals.items()
        }
    exact = Likelihood([replace(one, variations={}) for one in likelihood.data])
    found = strengths(exact, [_none(bins), bins], _SIGMA, signed=signed)
    upper = strengths(exact, [_none(bins), bins], level).upper
    events = {"signal_best": found.best, "signal_error": _error(found), "signal_upper": upper}
    return {**factor, **events, **_counted_exactly(exact, level)}


def _factor(
    likelihood: Likelihood, signals: Mapping[str, Floats], signed: bool
) -> dict[str, float | int | None]:
    """Return the factor on the prediction; there is none if a free nuisance does the same."""
    every = [nuisance for one in likelihood.data for nuisance in one.variations]
    if any(one.sigma == np.inf for one in every):
        return dict.fromkeys(_FACTOR)
    found = strengths(likelihood, [_none(signals), signals], _SIGMA, signed=signed)
    free = {one.name for data in likelihood.data for one in data.nuisances if one.sigma == np.inf}
    fitted = int(signed or found.best > 0) + len(free)
    degrees = max(likelihood.bins - fitted, 0)
    values = (found.best, _error(found), found.chi2, degrees)
    return dict(zip(_FACTOR, values, strict=True))


def _none(signals: Mapping[str, Floats]) -> dict[str, Floats]:
    return {name: np.zeros(signal.shape) for name, signal in signals.items()}


def _error(found: Strengths) -> float:
    """Return half the piece about the best fit; of one at 0 the distance to its end."""
    low, high = next(piece for piece in found.pieces if piece[0] <= found.best <= piece[1])
    return high - found.best if found.best == low == 0 else (high - low) / 2


def _counted_exactly(likelihood: Likelihood, level: float) -> dict[str, Any]:
    """Return the interval of Feldman and Cousins for a single Poisson count."""
    first = likelihood.data[0]
    if len(likelihood.data) > 1 or type(first) is not PoissonCounts or len(first.observed) > 1:
        return {}
    seen, background = float(first.observed[0]), float(first._fixed()[0])
    shifts = [
        one.sigma * float(np.sum([template._shift(one) for template in first.templates]))
        for one in first.nuisances
    ]
    error = float(np.hypot.reduce([0.0, *shifts]))
    known = np.isfinite(error) and (background > 0 or not error)
    if seen != int(seen) or max(seen, background) > _FEW or not known:
        return {}
    relative = error / background if background else 0.0
    interval = feldman_cousins(int(seen), background, relative, level)
    return {"feldman_cousins": [interval.lower, interval.upper]}


# What is said beside.


def _assumed(
    experiment: Experiment, data: Counts, mixing: OscillationParameters, level: float
) -> Iterator[str]:
    """Yield what was taken for granted, in words."""
    detector, measurement = experiment.detector, experiment.measurement
    yield (
        f"limits at {percent(level)}: chi2 rises by {delta_chi2(level):.3g} above its least value, "
        "one moment at a time, the others zero, for squares of at least 0"
    )
    if measurement.projected:
        yield "no counts are given: what is expected stands for them (Asimov data set)"
    law = "Poisson's law" if data.counting else "the Gaussian law"
    yield f"counts follow {law} in {len(data.observed)} {_plural('bin', len(data.observed))}"
    for nuisance in data.nuisances:
        width = "free" if np.isinf(nuisance.sigma) else f"with a width of {nuisance.sigma:g}"
        yield f"nuisance parameter {nuisance.name!r}, {width}, fitted"
    if not detector.nuclei:
        yield "nuclei are not counted"
    if not detector.electron_targets:
        why = (
            ""
            if detector.quenching or not detector.nuclei
            else (", as without a quenching the energy of recoiling nuclei is measured")
        )
        yield f"recoils of electrons are not counted{why}"
    elif detector.electrons == ELECTRONS[0]:
        yield "electrons are bound in the shells of their atoms"
    else:
        yield "electrons are free and at rest"
    if detector.resolution is None:
        yield "no resolution: the measured energy does not fluctuate"
    if begin := _begin_of_quenching(detector):
        yield (
            f"quenching: the table begins at {begin / KEV:.4g} keV; the share seen of smaller "
            "recoils, some of which count, is taken as it is there"
        )
    yield f"source: {experiment.source.title}"
    if not isinstance(experiment.interaction, StandardModel):
        yield "all rows called Standard Model hold the other interactions of the file, too"
    ends = {part.spectrum.breakpoints[-1] for part in experiment.flux.components}
    yield f"neutrinos up to {max(ends):.4g} MeV, where their spectrum ends"
    yield (
        f"mixing: sin2_theta12 = {mixing.sin2_theta12:g}, sin2_theta13 = {mixing.sin2_theta13:g}, "
        f"sin2_theta23 = {mixing.sin2_theta23:g}, delta_cp = {mixing.delta_cp:g} rad"
    )


def _begin_of_quenching(detector: Detector) -> float | None:
    """Return where a table of quenching begins, in MeV, if smaller recoils are above threshold."""
    table = detector.quenching
    if not isinstance(table, TabulatedQuenching) or not detector.nuclei:
        return None
    begin = table.recoils[0]
    return begin if begin * table.shares[0] > detector.edges[0] else None


def _plural(word: str, number: int) -> str:
    return word if number == 1 else f"{word}s"


def _inputs(experiment: Experiment, data: Counts) -> dict[str, Any]:
    """Return what an experiment is made of: values with their units."""
    detector = experiment.detector
    edges = [edge / KEV if np.isfinite(edge) else None for edge in detector.edges]
    made: dict[str, tuple[Any, str]] = {
        "source": (experiment.flux.title, ""),
        "baseline": (None if experiment.baseline is None else experiment.metres, "m"),
        "exposure": (experiment.exposure / DAY, "days"),
        "target": (detector.target.name, ""),
        "mass": (detector.mass, "kg"),
        "bins": (edges, "keV"),
        "measured energy": (
            "nuclear-recoil" if detector.quenching is None else "electron-equivalent",
            "",
        ),
        "efficiency": (
            "none" if detector.efficiency is None else described(detector.efficiency),
            "",
        ),
        "quenching": ("none" if detector.quenching is None else described(detector.quenching), ""),
        "resolution": (
            "none" if detector.resolution is None else described(detector.resolution),
            "",
        ),
        "electrons": (detector.electrons, ""),
        "least ionisation": (detector.least_ionisation / KEV, "keV"),
    }
    made |= {
        f"flux of {part.name}": (
            part.intensity * float(part.spectrum.moments(0.0, 0)[0]),
            "1/(cm^2 s)",
        )
        for part in experiment.flux.components
    }
    made["counts"] = (data.observed, "events")
    made |= {f"background {one.name}": (one.counts, "events") for one in data.templates}
    made |= {f"nuisance {one.name}": (one.sigma, "relative") for one in data.nuisances}
    return {name: {"value": value, "unit": unit} for name, (value, unit) in made.items()}


def _typed(description: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return the keys of a file, whose units are at their ends."""
    made: dict[str, Any] = {}
    for key, value in description.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            made |= _typed(value, f"{name}.")
        else:
            made[f"file: {name}"] = {"value": value, "unit": unit_of(str(key))}
    return made
