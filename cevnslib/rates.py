r"""From a flux to counts: the one place where integrals are done.

With the moments :math:`I_n` of each component of the flux, the events in a bin are one integral
over the recoil energy,

.. math:: N_b = \sum_\text{components} \Phi \sum_\text{struck} n_x \int dT\, w_b(T)
          \sum_n c_n(T)\, I_n\big(E_\min(T)\big),

done by Gauss-Legendre quadrature in log T on panels that end where the integrand has a kink; with
w the chance that what recoils is counted in the bin, and n the number of nuclei or electrons.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import checked, checked_kind
from .constants import KEV
from .detectors.detector import Detector
from .detectors.efficiency import ConstantEfficiency
from .errors import DomainError, NoLimitError, UnseenWarning, quoted
from .experiments import Experiment
from .physics.interactions import Interaction, MagneticMoment
from .physics.mixing import TALK_2019, OscillationParameters, flavour_projector, pmns
from .physics.neutrinos import FLAVOURS, Neutrino
from .physics.partners import MassiveFermion
from .physics.scattering import coherent_recoil
from .physics.targets import Electron, Struck, each_of, stacked
from .quadrature import panel_rule
from .sources.flux import Component

__all__ = [
    "Folding",
    "binned_counts",
    "counts_by_beam",
    "effective_area",
    "expected_counts",
    "fold",
    "measured_spectrum",
    "moment_matrices",
    "moment_matrix",
    "recoil_spectrum",
]
#: Nodes in a panel, and the largest ratio of its ends; together they reach 1e-12 in a count.
_NODES, _RATIO = 20, 8.0
#: The same where a resolution makes the integrand smooth: there bins need 1e-8.
_FEW, _NARROW = 10, 3.0
#: A sum of cross sections in cm^2 that cannot be, whatever the units.
_ABSURD = 1e40
#: The order up to which moments are computed at once.
_ORDER = 2
#: How far below the largest recoil an integral starts that has no threshold, and what share of it
#: its first panel may hold.
_START, _FIRST = 1e-13, 1e-6
#: Where an experiment keeps its folding.
_KEPT = "_folding"
#: How many kinematics a folding keeps; then it starts anew.
_MOST_KEPT = 16
#: What a massless outgoing neutrino leaves as it is.
_KINEMATICS = ("_minimum_energy", "_maximum_recoil", "_minimum_recoil")


#: Kinds of fields that say nothing on how formulas are written.
_PLAIN = {float, int, bool, str, type(None), np.ndarray}
_KNOWN = ("builtins", __package__)


def _takes_arrays(thing: Any) -> bool:
    """Whether all of it is the library's own, whose formulas take arrays of nuclides."""
    try:
        return _known_to_take_arrays(thing)
    except TypeError:  # what has no hash is a reader's
        return False


@lru_cache(1024)
def _known_to_take_arrays(thing: Any) -> bool:
    return _is_own(thing)


def _is_own(thing: Any) -> bool:
    kind = type(thing)
    if kind in _PLAIN:
        return True
    if kind is tuple:
        return all(map(_is_own, thing))
    own = getattr(thing, "__module__", kind.__module__).split(".")[0] in _KNOWN
    own = own and not hasattr(thing, "__wrapped__")  # a reader's, under the name of the library's
    return own and (not is_dataclass(kind) or all(map(_is_own, vars(thing).values())))


@dataclass(frozen=True)
class _Nodes:
    """Where the integrals over T are done, of things struck that are computed as one."""

    struck: Any  #: one thing, or nuclides along the first axis of the arrays
    T: NDArray[np.float64]  #: of shape (things, nodes)
    E_min: NDArray[np.float64]
    weights: NDArray[np.float64]  #: steps, numbers struck and chances: that shape, or with bins
    place: NDArray[np.intp] | None  #: the bin of each node, where each has one only
    bins: int
    endless: str  #: if it starts where there is hardly any recoil, why a count may be refused
    moments: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def add(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the integrals of each component in each bin."""
        if self.place is None or self.bins == 1:
            weights = self.weights.reshape(self.bins, -1)
            return np.asarray(values.reshape(len(values), -1) @ weights.T)
        place, weighted = self.place.ravel(), (self.weights * values).reshape(len(values), -1)
        return np.array([np.bincount(place, row, minlength=self.bins) for row in weighted])


def _panels(
    detector: Detector, struck: Any, most: NDArray[np.float64], kinks: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logarithms of the ends of panels, in rows, that together hold what is counted.

    Panels end at kinks; what has no width, or where nothing counts, is left out.
    """
    logs = np.log(np.clip(kinks, _START * most, most))
    ends = [np.log(_START * most), np.log(most)]
    logs = np.sort(np.concatenate([*ends, logs], axis=1), axis=1)
    low, high = logs[:, :-1], logs[:, 1:]
    wide = np.any(high > low, axis=0)
    low, high = low[:, wide], high[:, wide]
    if detector.resolution is not None:  # chances fade slowly: in pieces
        low, high = _cut(low, high, _NARROW)
        inside = 1e-9 * (high - low)  # at an end itself an efficiency may be over
        return _counted(detector, struck, low, high, low + inside, high - inside)
    return _cut(*_counted(detector, struck, low, high, (low + high) / 2), _RATIO)


def _counted(
    detector: Detector, struck: Any, low: Any, high: Any, *places: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the panels at one of whose places something is counted."""
    alive = [np.any(detector._weight(np.exp(place), struck) > 0, axis=0) for place in places]
    some = np.any(alive, axis=0)
    return low[:, some], high[:, some]


def _cut(low: Any, high: Any, ratio: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return panels in pieces, so that no ratio of their ends exceeds a number."""
    pieces = np.ceil((high - low).max(axis=0, initial=0) / np.log(ratio) - 1e-9)
    pieces = np.maximum(pieces, 1).astype(int)
    if np.any(pieces > 1):
        step = np.repeat((high - low) / pieces, pieces, axis=1)
        place = np.concatenate([np.arange(count) for count in pieces])
        low = np.repeat(low, pieces, axis=1) + step * place
        high = low + step
    return low, high


def _kinks(
    detector: Detector, struck: Any, most: NDArray[np.float64], *others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return recoils, in rows, where the chance to be counted has a kink, and others given."""
    rows, electron = len(most), isinstance(struck, Electron)
    kinks = list(others)
    quenching = None if electron else detector.quenching
    if electron:
        kinks.append(_in_rows(struck.breakpoints, rows))
    elif detector._of_recoil:
        kinks.append(_in_rows(detector.efficiency.breakpoints, rows))
    if quenching is not None:
        kinks.append(_in_rows(quenching.knots, rows))
    kinks.append(detector._seen_as(detector._levels, struck, rows))
    return np.concatenate(kinks, axis=1)


def _in_rows(values: Iterable[float], rows: int) -> NDArray[np.float64]:
    return np.tile(np.array([x for x in values if x < np.inf], dtype=np.float64), (rows, 1))


def _nodes(
    experiment: Experiment, interaction: Interaction, struck: Any, numbers: NDArray[np.float64]
) -> _Nodes | None:
    """Return the nodes for the integrals of some things struck, or nothing if none are counted."""
    detector = experiment.detector
    energies = {E for part in experiment.flux.components for E in part.spectrum.breakpoints if E}
    E = _in_rows(sorted(energies), len(numbers))
    ends = interaction._maximum_recoil(E, struck)
    most = ends.max(axis=1, keepdims=True)
    if not np.any(most > 0):
        return None
    kinks = _kinks(detector, struck, most, ends, interaction._minimum_recoil(E, struck))
    low, high = _panels(detector, struck, most, kinks)
    if not low.size:
        return None
    log_T, steps = panel_rule(low, high, _NODES if detector.resolution is None else _FEW)
    log_T = log_T.reshape(len(numbers), -1)
    T = np.exp(log_T)
    weights = T * steps.reshape(T.shape) * numbers
    if detector._of_recoil and not isinstance(struck, Electron):
        weights = weights * detector.efficiency._chance(T)
    if isinstance(struck, Electron):
        weights = weights * struck._available(T)
    E, bins, place = detector._measured(T, struck), len(detector.edges) - 1, None
    if detector.resolution is None:
        place, chance = detector._place(E)
        weights = weights * chance
    else:
        shares = detector._shares(E.ravel()).reshape(bins, *E.shape)
        shares *= weights
        weights = shares[0] if bins == 1 else shares
    E_min = interaction._minimum_energy(T, struck)
    is_open = bool(np.any(low[:, 0] < np.log(2 * _START * most[:, 0])))
    endless = _without_end(detector, struck) if is_open else ""
    return _Nodes(struck, T, E_min, weights, place, bins, endless)


@dataclass(frozen=True, eq=False)
class Folding:
    """An experiment whose response and flux are worked out; made by `fold`.

    What it has computed for one interaction serves all others with the same kinematics, so that
    another moment or coupling costs next to nothing.

    Parameters
    ----------
    experiment : Experiment
        The experiment.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics.interactions import StandardModel
    >>> folding = fold(experiments.load("coherent-csi"))
    >>> folding.events(StandardModel()).round(1)  # a row a component, a column a bin
    array([[29.4],
           [60.4],
           [90.4]])
    """

    experiment: Experiment
    _known: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no experiment."""
        checked_kind("experiment", self.experiment, Experiment)

    @property
    def components(self) -> tuple[Component, ...]:
        """The components of the flux, to which the rows of events belong."""
        return self.experiment.flux.components

    def events(
        self, interaction: Interaction, times_us: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Return the expected events of each component in each bin.

        Parameters
        ----------
        interaction : Interaction
            What scatters the neutrinos.
        times_us : array_like, optional
            Edges of windows of the time of arrival after a pulse, in microseconds, rising.

        Returns
        -------
        ndarray, shape (components, bins) or (components, bins, windows)
            In the whole exposure.

        Examples
        --------
        >>> from cevnslib import experiments
        >>> from cevnslib.physics.interactions import StandardModel
        >>> folding = fold(experiments.load("coherent-csi"))
        >>> folding.events(StandardModel(), times_us=[0, 1, 6])[:, 0].round(1)
        array([[29.4,  0. ],
               [22.1, 34.4],
               [33.1, 51.5]])
        """
        events = self._events(checked_kind("interaction", interaction, Interaction))
        if times_us is None:
            return events
        edges = checked("times", times_us, "us")
        if edges.ndim != 1 or len(edges) < 2 or np.any(np.diff(edges) <= 0):
            raise DomainError(f"times: got {quoted(times_us)}; allowed: at least two, rising")
        shares = [part.arrival.share(edges[:-1], edges[1:]) for part in self.components]
        return events[:, :, np.newaxis] * np.array(shares)[:, np.newaxis]

    def _events(self, interaction: Interaction) -> NDArray[np.float64]:
        bins = len(self.experiment.detector.edges) - 1
        events = np.zeros((len(self.components), bins))
        for part in interaction.parts:
            for nodes in self._all_nodes(part):
                events += _integrals(nodes, part, self.components)
        events *= [[part.intensity * self.experiment.exposure] for part in self.components]
        return events

    def _all_nodes(self, interaction: Interaction) -> tuple[_Nodes, ...]:
        """Return the nodes for an interaction, kept for all with kinematics like its own."""
        at_once = _takes_arrays((interaction, self.experiment.detector.quenching))
        key: Any = interaction
        if _recoils_as(interaction, Interaction):
            key = at_once
        elif isinstance(interaction, MassiveFermion) and _recoils_as(interaction, MassiveFermion):
            key = at_once, interaction.mass
        elif not _takes_arrays(interaction):  # a reader's, which may change
            return self._new_nodes(interaction)
        nodes: tuple[_Nodes, ...] | None = self._known.get(key)  # threads may work on it, too
        if nodes is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            nodes = self._known[key] = self._new_nodes(interaction)
        return nodes

    def _new_nodes(self, interaction: Interaction) -> tuple[_Nodes, ...]:
        detector = self.experiment.detector
        struck: list[tuple[Any, Any]] = _nuclei(detector, interaction)
        struck += [(electron, np.array([[atoms]])) for electron, atoms in detector.electron_targets]
        every = (_nodes(self.experiment, interaction, thing, number) for thing, number in struck)
        return tuple(nodes for nodes in every if nodes is not None)


def _recoils_as(interaction: Interaction, base: Any) -> bool:
    """Whether an interaction leaves the kinematics of a base class as they are."""
    kind, names = type(interaction), (*_KINEMATICS, "_threshold")
    return all(getattr(kind, name, None) is getattr(base, name, None) for name in names)


def _counting(folding: Folding, interaction: Interaction) -> list[_Nodes]:
    """Return the nodes for each kind of thing struck that is counted."""
    return [nodes for part in interaction.parts for nodes in folding._all_nodes(part)]


def fold(experiment: Experiment) -> Folding:
    """Work out the response of an experiment, for many interactions; see `Folding`.

    It is kept with the experiment, unless that holds classes of a reader's own, which may change.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> folding = fold(experiments.load("conus"))
    >>> [component.name for component in folding.components]
    ['nubar_e']
    """
    kept = vars(checked_kind("experiment", experiment, Experiment)).get(_KEPT)
    if kept is None:
        kept = {}
        detector, components = experiment.detector, experiment.flux.components
        parts = (detector.efficiency, detector.quenching, detector.resolution)
        if all(map(_takes_arrays, (*parts, *(component.spectrum for component in components)))):
            vars(experiment)[_KEPT] = kept
    return Folding(experiment, kept)


def _integrals(
    nodes: _Nodes, interaction: Interaction, components: Sequence[Component]
) -> NDArray[np.float64]:
    """Return the integrals of each component in each bin, per neutrino of the component."""
    folded = _folded(
        interaction, nodes.struck, nodes.T, nodes.E_min, components, nodes.moments, _ORDER
    )
    if nodes.endless:
        _refuse_what_diverges(nodes, folded)
    return nodes.add(folded)


def _folded(
    interaction: Interaction,
    struck: Any,
    T: NDArray[np.float64],
    E_min: NDArray[np.float64],
    components: Sequence[Component],
    known: dict[int, NDArray[np.float64]],
    order: int,
) -> NDArray[np.float64]:
    """Return sum_n c_n I_n(E_min), the cross section averaged over a spectrum, of each component.

    Known moments of all components, by their lowest order, are used again.
    """
    c = _coefficients(interaction, struck, T, components)
    lowest, length = interaction.lowest, c.shape[-3]
    moments = known.get(lowest)
    if moments is None or length > moments.shape[1] or len(moments) != len(components):
        order = max(lowest + length - 1, order)
        moments = known[lowest] = _moments(components, E_min, lowest, order)
    axes = "nij,cnij->cij" if c.ndim == 3 else "cnij,cnij->cij"
    folded: NDArray[np.float64] = np.einsum(axes, c, moments[:, :length])
    # What a reader's own form factor, interaction or spectrum makes of it is seen here.
    if not abs(float(folded.sum())) < _ABSURD:
        for component, values in zip(components, folded, strict=True):
            checked(f"cross section in the beam {component.name}", values)
    return folded


def _coefficients(
    interaction: Interaction, struck: Any, T: NDArray[np.float64], components: Sequence[Component]
) -> NDArray[np.float64]:
    """Return c_n for all components, or along a first axis for each, if their flavours matter."""
    if interaction._flavour_blind(struck):
        return interaction._coefficients(T, struck, None)
    known: dict[Neutrino, NDArray[np.float64]] = {}
    every = []
    for component in components:
        c: Any = 0.0
        for flavour, share in zip(FLAVOURS, component.shares, strict=True):
            neutrino = Neutrino(flavour, component.antineutrino)
            if share and neutrino not in known:
                known[neutrino] = interaction._coefficients(T, struck, neutrino)
            if share:
                c = c + share * known[neutrino]
        every.append(c)
    return np.stack(every)


def _moments(
    components: Sequence[Component], E_min: NDArray[np.float64], lowest: int, order: int
) -> NDArray[np.float64]:
    """Return the moments of all components, those of the same spectrum computed once."""
    known: dict[int, NDArray[np.float64]] = {}
    for spectrum in (component.spectrum for component in components):
        if id(spectrum) not in known:  # a reader's spectrum may know of no positive powers
            powers = (order, lowest) if lowest else (order,)
            known[id(spectrum)] = spectrum._moments(E_min, *powers)
    if len(components) == 1:
        return known[id(components[0].spectrum)][np.newaxis]
    return np.stack([known[id(component.spectrum)] for component in components])


def _refuse_what_diverges(nodes: _Nodes, folded: NDArray[np.float64]) -> None:
    weights = nodes.weights.sum(axis=0) if nodes.weights.ndim > nodes.T.ndim else nodes.weights
    weighted = np.abs(weights * folded)
    if weighted[..., :_FEW].sum() > _FIRST * weighted.sum():
        raise DomainError(nodes.endless)


def _without_end(detector: Detector, struck: Any) -> str:
    """Say why a count of what grows like 1/T is refused."""
    why = "as the magnetic cross section grows like 1/T and its count has no limit there"
    at_rest = float(np.max(detector._measured(np.full_like(struck.mass, 1e-30), struck)))
    at_rest = at_rest if at_rest > 1e-20 else 0.0
    of_rest = f", what is seen of no recoil at all, {why}" if at_rest else f", {why}"
    if detector.resolution is not None:
        return (
            f"least ionisation: got {detector.least_ionisation:g} MeV, while the resolution lifts "
            f"recoils of no energy over the threshold; allowed: above {at_rest:g} MeV{of_rest} "
            "(in a file: least_ionisation_keV)"
        )
    chance = float(detector.efficiency._chance(np.array(1e-30)))
    if (
        not detector.threshold
        and not isinstance(detector.efficiency, ConstantEfficiency)
        and chance
    ):
        return (
            f"efficiency: got {chance:g} at 0 MeV, without a threshold; allowed: an efficiency "
            f"that rises from 0, or a threshold above {at_rest:g} MeV{of_rest} "
            "(in a file: efficiency, threshold_keV)"
        )
    return (
        f"threshold: got {detector._steps[0]:g} MeV; allowed: above {at_rest:g} MeV{of_rest} "
        "(in a file: threshold_keV)"
    )


@contextmanager
def saying_why_nothing_is_seen(experiment: Experiment, interaction: Interaction) -> Iterator[None]:
    """Name the threshold, in the unit of a file's key, where no events are expected at all."""
    nodes = _counting(fold(experiment), interaction)
    nuclei = [nuclide for nuclide, _ in experiment.detector.nuclear_targets]
    if nuclei and nodes and all(isinstance(some.struck, Electron) for some in nodes):
        words = _beyond(experiment, interaction, nuclei)
        warnings.warn(f"{words}; electrons alone are counted above it", UnseenWarning, stacklevel=4)
    try:
        yield
    except NoLimitError as error:
        if nodes:
            raise
        electrons = (electron for electron, _ in experiment.detector.electron_targets)
        every: list[Struck] = [*nuclei, *electrons]
        raise NoLimitError(_beyond(experiment, interaction, every)) from error


def _beyond(experiment: Experiment, interaction: Interaction, struck: Iterable[Struck]) -> str:
    """Say that a threshold is beyond all recoils, in the unit of a file's key."""
    detector = experiment.detector
    end = max(part.spectrum.breakpoints[-1] for part in experiment.flux.components)
    seen = [float(detector._measured(interaction.maximum_recoil(end, x), x)) for x in struck]
    lowest = max(detector._steps[0], detector.least_ionisation)
    kind = "recoil" if detector.quenching is None else "electron-equivalent"
    nuclear = "nuclear " if detector.electron_targets and detector.nuclei else ""
    return (
        f"threshold: got {lowest / KEV:g} keV, above which no {nuclear}events are expected; "
        f"allowed: below {max(seen) / KEV:.3g} keV, the largest {kind} energy that "
        f"{experiment.flux.title} gives in {detector.target.name} (in a file: threshold_keV)"
    )


def _check(experiment: Experiment, interaction: Interaction) -> None:
    checked_kind("experiment", experiment, Experiment)
    checked_kind("interaction", interaction, Interaction)


def counts_by_beam(experiment: Experiment, interaction: Interaction) -> dict[str, float]:
    """Return the expected number of events from each beam of an experiment.

    arXiv:1905.03750, number of events above threshold, with the energy integral in closed form.

    Parameters
    ----------
    experiment : Experiment
        Source, detector and exposure.
    interaction : Interaction
        What scatters the neutrinos.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> csi = experiments.load("coherent-csi")
    >>> counts = counts_by_beam(csi, interactions.StandardModel())
    >>> {name: round(count, 1) for name, count in counts.items()}
    {'nu_mu': 29.4, 'nu_e': 60.4, 'nubar_mu': 90.4}
    """
    totals = fold(experiment).events(interaction).sum(axis=1).tolist()
    return dict(zip((part.name for part in experiment.flux.components), totals, strict=True))


def expected_counts(experiment: Experiment, interaction: Interaction, beam: str = "all") -> float:
    """Return the expected number of events.

    Parameters
    ----------
    experiment, interaction
        See `counts_by_beam`.
    beam : str, optional
        ``"all"``, a timing such as ``"prompt"``, or the name of one beam.

    Returns
    -------
    float
        Events above threshold in the whole exposure.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> csi = experiments.load("coherent-csi")
    >>> round(expected_counts(csi, interactions.StandardModel()), 1)
    180.2
    """
    return float(binned_counts(experiment, interaction, beam).sum())


def binned_counts(
    experiment: Experiment, interaction: Interaction, beam: str = "all"
) -> NDArray[np.float64]:
    """Return the expected number of events in each bin of the detector.

    Parameters
    ----------
    experiment, interaction, beam
        See `expected_counts`.

    Returns
    -------
    ndarray, shape (bins,)
        Events in the whole exposure.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> conus = experiments.load("conus")
    >>> detector = replace(conus.detector, threshold=0.0, bins=(0.1e-3, 0.2e-3, 0.4e-3))
    >>> in_two = replace(conus, detector=detector)
    >>> binned_counts(in_two, interactions.StandardModel()).round(0)
    array([4374.,  281.])
    """
    folding = fold(experiment)
    rows = _rows(experiment, beam)
    return np.asarray(folding.events(interaction)[rows].sum(axis=0))


def _rows(experiment: Experiment, beam: str) -> list[int]:
    """Return which components of the flux are chosen."""
    chosen = [part.name for part in experiment.flux.select(beam)]
    return [i for i, part in enumerate(experiment.flux.components) if part.name in chosen]


def moment_matrix(
    experiment: Experiment,
    parameters: OscillationParameters = TALK_2019,
    beam: str = "all",
    interaction: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> NDArray[np.complex128]:
    r"""Return the Hermitian matrix K that holds all an experiment knows of transition moments.

    .. math:: N_\text{EM} = \Lambda^\dagger K \Lambda, \quad
              K = \sum_\text{beams} N_\text{beam}(\mu = \mu_B)\, P_\text{flavour}

    Parameters
    ----------
    experiment, beam
        See `expected_counts`.
    parameters : OscillationParameters, optional
        Mixing angles and Dirac phase.
    interaction : Interaction, optional
        Cross section for one Bohr magneton.

    Returns
    -------
    ndarray of complex, shape (3, 3)
        Events per Bohr magneton squared.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> K = moment_matrix(experiments.load("coherent-csi"), beam="prompt")
    >>> bool((K == K.conj().T).all())
    True
    """
    checked_kind("parameters", parameters, OscillationParameters)
    return np.asarray(moment_matrices(experiment, parameters, beam, interaction).sum(axis=0))


def moment_matrices(
    experiment: Experiment,
    parameters: OscillationParameters = TALK_2019,
    beam: str = "all",
    interaction: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> NDArray[np.complex128]:
    """Return the matrix K of each bin, of shape (bins, 3, 3); see `moment_matrix`.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> moment_matrices(experiments.load("conus")).shape
    (1, 3, 3)
    """
    checked_kind("parameters", parameters, OscillationParameters)
    events = fold(experiment).events(interaction)
    return matrices_of_events(events, experiment, beam, parameters)


def matrices_of_events(
    events: NDArray[np.float64],
    experiment: Experiment,
    beam: str,
    parameters: OscillationParameters,
) -> NDArray[np.complex128]:
    """Return the moment matrix of each bin from the events of each component in each bin."""
    rows = _rows(experiment, beam)
    projectors = [_projector(experiment.flux.components[row], parameters) for row in rows]
    matrices: NDArray[np.complex128] = np.einsum("cb,cij->bij", events[rows], projectors)
    return matrices


def _projector(component: Component, parameters: OscillationParameters) -> NDArray[np.complex128]:
    r"""Return what its flavours make of the moments, :math:`1 - U^\dagger \rho U`.

    Antineutrinos have the complex conjugate of their density matrix.
    """
    if component.flavour is not None:
        return flavour_projector(component.flavour, parameters)
    rho, U = np.array(component.density), pmns(parameters)
    mixed = U.conj().T @ (rho.conj() if component.antineutrino else rho) @ U
    projector: NDArray[np.complex128] = np.eye(3) - (mixed + mixed.conj().T) / 2
    return projector


def recoil_spectrum(
    experiment: Experiment, T: ArrayLike, interaction: Interaction, beam: str = "all"
) -> NDArray[np.float64]:
    """Return the expected number of counted nuclear recoils per MeV of recoil energy.

    Parameters
    ----------
    experiment, interaction, beam
        See `expected_counts`.
    T : array_like
        Recoil energy in MeV, any shape, above 0.

    Returns
    -------
    ndarray
        Events per MeV in the whole exposure, the detector's weight included, the shape of ``T``.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> csi = experiments.load("coherent-csi")
    >>> recoil_spectrum(csi, [0.010, 0.020], interactions.StandardModel()).round(0)
    array([16711.,  4751.])
    """
    _check(experiment, interaction)
    detector = experiment.detector
    nuclides = [nuclide for nuclide, _ in detector.nuclear_targets]
    T = coherent_recoil("recoil energy T", T, *nuclides)
    total, flat = np.zeros(T.size), T.reshape(1, -1)
    for struck, numbers in _nuclei(detector, interaction):
        weight = numbers * detector._weight(flat, struck)
        total += np.sum(weight * _density(experiment, interaction, struck, flat, beam), axis=0)
    return total.reshape(T.shape)


def measured_spectrum(
    experiment: Experiment, E: ArrayLike, interaction: Interaction, beam: str = "all"
) -> NDArray[np.float64]:
    r"""Return the expected number of counted events per MeV of measured energy.

    .. math:: \frac{dN}{dE} = \sum_\text{struck} \frac{dN}{dT} \Big/ \left|\frac{dE}{dT}\right|

    Parameters
    ----------
    experiment, interaction, beam
        See `expected_counts`.
    E : array_like
        Measured energy in MeV, any shape, above 0: the electron-equivalent energy if the detector
        has a quenching, else the recoil energy. A resolution smears the chance to be counted but
        not this axis: what is smeared is counted in bins, see `binned_counts`.

    Returns
    -------
    ndarray
        Events per MeV in the whole exposure, the shape of ``E``.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> conus = experiments.load("conus")
    >>> spectrum = measured_spectrum(conus, [0.1e-3, 0.2e-3], interactions.StandardModel())
    >>> (spectrum * 1e-3).round(0)  # per keV
    array([128837.,   8634.])
    """
    _check(experiment, interaction)
    detector, quenching = experiment.detector, experiment.detector.quenching
    nuclides = [nuclide for nuclide, _ in detector.nuclear_targets]
    E = coherent_recoil("measured energy E", E, *nuclides)
    flat = E.reshape(1, -1)
    chance, total = detector._acceptance(flat), np.zeros(E.size)

    def add(struck: Any, numbers: Any, T: NDArray[np.float64], level: Any) -> None:
        weight = numbers * chance[:, level]
        if isinstance(struck, Electron):
            weight = weight * struck._available(T)
        else:
            weight = weight * detector._chance_of_recoil(T)
            if quenching is not None:
                weight = weight / np.abs(quenching._slope(T, struck))
        density = weight * _density(experiment, interaction, struck, T, beam)
        np.add.at(total, level, density.sum(axis=0))

    every = np.arange(E.size)
    for struck, numbers in _nuclei(detector, interaction):
        if quenching is None:
            add(struck, numbers, flat, every)
        elif quenching.rising:
            rows = np.broadcast_to(flat, (len(numbers), E.size))
            add(struck, numbers, quenching._answer("nuclear_recoil", rows, struck), every)
        else:  # an energy may be that of several recoils
            for each, number in zip(each_of(struck), numbers, strict=True):
                T, level = quenching._crossings(flat[0], each)
                add(each, number, T[np.newaxis], level)
    for electron, number in detector.electron_targets:
        add(electron, number, flat, every)
    return total.reshape(E.shape)


def _nuclei(detector: Detector, interaction: Interaction) -> list[tuple[Any, NDArray[np.float64]]]:
    """Return nuclides, as one if formulas take them so, with their numbers along a column."""
    if not detector.nuclei:
        return []
    nuclides, number = zip(*detector.nuclear_targets, strict=True)
    numbers = np.array(number)[:, np.newaxis]
    if _takes_arrays((interaction, detector.quenching)):
        return [(stacked(nuclides), numbers)]
    return list(zip(nuclides, numbers[:, np.newaxis], strict=True))


def _density(
    experiment: Experiment,
    interaction: Interaction,
    struck: Struck,
    T: NDArray[np.float64],
    beam: str,
) -> NDArray[np.float64]:
    """Return recoils per MeV of one thing struck, in the whole exposure."""
    chosen = experiment.flux.select(beam)
    fluences = np.array([component.intensity for component in chosen]) * experiment.exposure
    density: Any = 0.0
    for part in interaction.parts:
        # Another interaction is often asked for at the same recoils.
        moments: dict[int, NDArray[np.float64]] = {}
        if _recoils_as(part, Interaction):
            kept = fold(experiment)._known
            last = kept.get("spectrum", (None, "", None, None))  # one thing, for threads' sake
            if last[0] is not struck or last[1] != beam or not np.array_equal(last[2], T):
                last = kept["spectrum"] = (struck, beam, T, moments)
            moments = last[3]
        E_min = part._minimum_energy(T, struck)
        folded = _folded(part, struck, T, E_min, chosen, moments, part.lowest)
        density = density + np.einsum("c,cij->ij", fluences, folded)
    return np.asarray(density)


def effective_area(
    experiment: Experiment,
    E: ArrayLike,
    interaction: Interaction,
    neutrino: Neutrino | None = None,
) -> NDArray[np.float64]:
    r"""Return the counted events per neutrino and square centimetre, at each neutrino energy.

    .. math:: A(E) = \sum_\text{struck} n_x \sum_n E^{-n}
              \int_{T_-(E)}^{T_+(E)} dT\, w(T)\, c_n(T)

    With it a count is one integral over the neutrino energy, :math:`N = \int \Phi(E) A(E) dE`.

    Parameters
    ----------
    experiment, interaction
        See `counts_by_beam`; the source plays no part.
    E : array_like
        Neutrino energy in MeV, any shape, above 0.
    neutrino : Neutrino, optional
        Which it is, where the interaction depends on that.

    Returns
    -------
    ndarray
        Area in cm^2, the shape of ``E``.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> csi = experiments.load("coherent-csi")
    >>> prompt = csi.flux.components[0]
    >>> line = prompt.spectrum.breakpoints[-1]
    >>> area = effective_area(csi, line, interactions.StandardModel())
    >>> f"{area:.3e} cm^2, {csi.fluence(prompt) * area:.1f} events"
    '9.788e-14 cm^2, 29.4 events'
    """
    _check(experiment, interaction)
    E = checked("neutrino energy E", E, "MeV", above=0)
    detector = experiment.detector
    area = np.zeros_like(E)
    for part in interaction.parts:
        every: list[tuple[Struck, float]] = [*detector.nuclear_targets]
        for struck, number in (*every, *detector.electron_targets):
            part._checked_neutrino(neutrino, struck)
            area += number * _area(detector, part, struck, neutrino, E)
    return checked("effective area", area, "cm^2")


def _area(
    detector: Detector,
    interaction: Interaction,
    struck: Struck,
    neutrino: Neutrino | None,
    E: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the effective area of one thing struck."""
    high = interaction._maximum_recoil(E, struck)
    most = float(np.max(high, initial=0.0))
    starts, ends = response_panels(detector, struck, most)
    if not starts.size:
        return np.zeros_like(E)
    between = partial(_area_between, detector, interaction, struck, neutrino)
    whole = between(starts, ends)
    if starts[0] < np.log(2 * _START * most):
        first, every = np.abs(whole[:, 0]), np.abs(whole).sum(axis=1)
        if np.any(first > _FIRST * every):
            raise DomainError(_without_end(detector, struck))
    up_to = np.concatenate([np.zeros((len(whole), 1)), np.cumsum(whole, axis=1)], axis=1)
    bounds = []
    for T in (interaction._minimum_recoil(E, struck), high):
        x = np.log(np.maximum(T, 1e-300))
        panel = np.maximum(np.searchsorted(starts, x, side="right") - 1, 0)
        x = np.clip(x, starts[panel], ends[panel])
        bounds.append(up_to[:, panel] + between(starts[panel], x))
    orders = interaction.lowest + np.arange(len(whole), dtype=float)
    powers = E ** -orders.reshape(-1, *[1] * E.ndim)
    area: NDArray[np.float64] = np.sum((bounds[1] - bounds[0]) * powers, axis=0)
    return area


def response_panels(
    detector: Detector, struck: Struck, most: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logarithms of the ends of panels in T, up to a recoil, that hold what counts."""
    if most <= 0:
        return np.empty(0), np.empty(0)
    largest = np.array([[most]])
    low, high = _panels(detector, struck, largest, _kinks(detector, struck, largest))
    return low[0], high[0]


def panels_between(
    detector: Detector, struck: Struck, kinks: Iterable[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return such panels that end at all of some rising energies, from the first to the last."""
    ends = np.array([[*kinks]])
    largest = ends[:, -1:]
    low, high = _panels(detector, struck, largest, _kinks(detector, struck, largest, ends))
    first = np.log(max(ends[0, 0], _START * largest[0, 0]))
    inside = (low[0] + high[0]) / 2 > first
    return low[0, inside], high[0, inside]


def _area_between(
    detector: Detector,
    interaction: Interaction,
    struck: Struck,
    neutrino: Neutrino | None,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Integrate w c_n between two logarithms of T, in one panel; n along a new first axis."""
    log_T, weights = panel_rule(low, high, _NODES)
    T = np.exp(log_T)
    weighted = weights * T * detector._weight(T, struck)
    if isinstance(struck, Electron):
        weighted *= struck._available(T)
    integral: NDArray[np.float64] = np.sum(
        weighted * interaction._coefficients(T, struck, neutrino), axis=-1
    )
    return integral
