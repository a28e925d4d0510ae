r"""Effective areas: what a detector counts of neutrinos of one energy, whatever the source."""

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import checked, checked_kind
from .detectors.detector import Detector
from .detectors.response import FIRST, START, response_panels, without_end
from .errors import DomainError
from .experiments import Experiment
from .folding import NODES
from .physics.interactions import Interaction
from .physics.neutrinos import Neutrino
from .physics.targets import Electron, Struck
from .quadrature import panel_rule

__all__ = ["effective_area"]


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
        See `cevnslib.rates.counts_by_beam`; the source plays no part.
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
    checked_kind("experiment", experiment, Experiment)
    checked_kind("interaction", interaction, Interaction)
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
    if starts[0] < np.log(2 * START * most):
        first, every = np.abs(whole[:, 0]), np.abs(whole).sum(axis=1)
        if np.any(first > FIRST * every):
            raise DomainError(without_end(detector, struck))
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


def _area_between(
    detector: Detector,
    interaction: Interaction,
    struck: Struck,
    neutrino: Neutrino | None,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Integrate w c_n between two logarithms of T, in one panel; n along a new first axis."""
    log_T, weights = panel_rule(low, high, NODES)
    T = np.exp(log_T)
    weighted = weights * T * detector._weight(T, struck)
    if isinstance(struck, Electron):
        weighted *= struck._available(T)
    integral: NDArray[np.float64] = np.sum(
        weighted * interaction._coefficients(T, struck, neutrino), axis=-1
    )
    return integral
