r"""From a flux to counts: the one place where integrals over recoils are done.

With the moments :math:`I_n` of each component of the flux, the events in a bin are one integral
over the recoil energy,

.. math:: N_b = \sum_\text{components} \Phi \sum_\text{struck} n_x \int dT\, w_b(T)
          \sum_n c_n(T)\, I_n\big(E_\min(T)\big),

done by Gauss-Legendre quadrature in log T on panels that end where the integrand has a kink; with
w the chance that what recoils is counted in the bin, and n the number of nuclei or electrons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, is_dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import checked, checked_kind
from .detectors.detector import Detector
from .detectors.response import FIRST, START, in_rows, kinks_of, panels, without_end
from .errors import DomainError, quoted
from .experiments import Experiment
from .physics.interactions import Interaction
from .physics.neutrinos import FLAVOURS, Neutrino
from .physics.partners import MassiveFermion
from .physics.targets import Electron, stacked
from .quadrature import panel_rule
from .sources.flux import Component

__all__ = ["Folding", "fold"]
#: Nodes in a panel, which reach 1e-12 in a count; fewer where a resolution makes it smooth.
NODES, _FEW = 20, 10
#: A sum of cross sections in cm^2 that cannot be, whatever the units.
_ABSURD = 1e40
#: The order up to which moments are computed at once.
_ORDER = 2
#: Where an experiment keeps its folding.
_KEPT = "_folding"
#: How many kinematics a folding keeps; then it starts anew.
_MOST_KEPT = 16
#: What a massless outgoing neutrino leaves as it is.
_KINEMATICS = ("_minimum_energy", "_maximum_recoil", "_minimum_recoil")
#: Kinds of fields that say nothing on how formulas are written.
_PLAIN = {float, int, bool, str, type(None), np.ndarray}
_KNOWN = ("builtins", __package__)


def takes_arrays(thing: Any) -> bool:
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


def _nodes(
    experiment: Experiment, interaction: Interaction, struck: Any, numbers: NDArray[np.float64]
) -> _Nodes | None:
    """Return the nodes for the integrals of some things struck, or nothing if none are counted."""
    detector = experiment.detector
    energies = {E for part in experiment.flux.components for E in part.spectrum.breakpoints if E}
    E = in_rows(sorted(energies), len(numbers))
    ends = interaction._maximum_recoil(E, struck)
    most = ends.max(axis=1, keepdims=True)
    if not np.any(most > 0):
        return None
    kinks = kinks_of(detector, struck, most, ends, interaction._minimum_recoil(E, struck))
    low, high = panels(detector, struck, most, kinks)
    if not low.size:
        return None
    log_T, steps = panel_rule(low, high, NODES if detector.resolution is None else _FEW)
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
    is_open = bool(np.any(low[:, 0] < np.log(2 * START * most[:, 0])))
    endless = without_end(detector, struck) if is_open else ""
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
        if self.experiment.times_us is not None:
            raise DomainError(
                f"times: got {quoted(times_us)} beside the windows of the experiment; allowed: none"
            )
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
        if self.experiment.times_us is None:
            return events
        in_windows = events[:, :, np.newaxis] * self.experiment.shares_in_time[:, np.newaxis]
        return in_windows.reshape(len(events), -1)

    def _all_nodes(self, interaction: Interaction) -> tuple[_Nodes, ...]:
        """Return the nodes for an interaction, kept for all with kinematics like its own."""
        at_once = takes_arrays((interaction, self.experiment.detector.quenching))
        key: Any = interaction
        if recoils_as(interaction, Interaction):
            key = at_once
        elif isinstance(interaction, MassiveFermion) and recoils_as(interaction, MassiveFermion):
            key = at_once, interaction.mass
        elif not takes_arrays(interaction):  # a reader's, which may change
            return self._new_nodes(interaction)
        nodes: tuple[_Nodes, ...] | None = self._known.get(key)  # threads may work on it, too
        if nodes is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            nodes = self._known[key] = self._new_nodes(interaction)
        return nodes

    def _new_nodes(self, interaction: Interaction) -> tuple[_Nodes, ...]:
        detector = self.experiment.detector
        struck: list[tuple[Any, Any]] = nuclei_of(detector, interaction)
        struck += [(electron, np.array([[atoms]])) for electron, atoms in detector.electron_targets]
        every = (_nodes(self.experiment, interaction, thing, number) for thing, number in struck)
        return tuple(nodes for nodes in every if nodes is not None)


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
        if all(map(takes_arrays, (*parts, *(component.spectrum for component in components)))):
            vars(experiment)[_KEPT] = kept
    return Folding(experiment, kept)


def nodes_of(folding: Folding, interaction: Interaction) -> list[_Nodes]:
    """Return the nodes for each kind of thing struck that is counted."""
    return [nodes for part in interaction.parts for nodes in folding._all_nodes(part)]


def nuclei_of(
    detector: Detector, interaction: Interaction
) -> list[tuple[Any, NDArray[np.float64]]]:
    """Return nuclides, as one if formulas take them so, with their numbers along a column."""
    if not detector.nuclei:
        return []
    nuclides, number = zip(*detector.nuclear_targets, strict=True)
    numbers = np.array(number)[:, np.newaxis]
    if takes_arrays((interaction, detector.quenching)):
        return [(stacked(nuclides), numbers)]
    return list(zip(nuclides, numbers[:, np.newaxis], strict=True))


def recoils_as(interaction: Interaction, base: Any) -> bool:
    """Whether an interaction leaves the kinematics of a base class as they are."""
    kind, names = type(interaction), (*_KINEMATICS, "_threshold")
    return all(getattr(kind, name, None) is getattr(base, name, None) for name in names)


def _integrals(
    nodes: _Nodes, interaction: Interaction, components: Sequence[Component]
) -> NDArray[np.float64]:
    """Return the integrals of each component in each bin, per neutrino of the component."""
    folded = averaged(
        interaction, nodes.struck, nodes.T, nodes.E_min, components, nodes.moments, _ORDER
    )
    if nodes.endless:
        _refuse_what_diverges(nodes, folded)
    return nodes.add(folded)


def averaged(
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
    if weighted[..., :_FEW].sum() > FIRST * weighted.sum():
        raise DomainError(nodes.endless)
