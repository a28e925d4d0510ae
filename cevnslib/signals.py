r"""Signals that are no scattering of neutrinos: events per true energy, whatever makes them.

Absorption of dark matter, a boosted particle, a boson that is seen by Compton-like scattering or a
background of a known shape need no moments of a flux. They meet a detector here,

.. math:: N_b = M\,t \int dE\, R_b(E)\, \frac{dN}{dE},

with the response :math:`R_b` of `cevnslib.detectors.detector.Detector.shares`; what neutrinos
scatter off goes through `cevnslib.folding`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import checked, checked_kind, checked_number, checked_numbers, keep
from .detectors.detector import Detector
from .detectors.response import panels_between
from .errors import DomainError, quoted
from .physics.targets import Electron, Nuclide
from .quadrature import panel_rule

__all__ = ["Signal"]
#: What an energy belongs to that is seen as it is.
_SEEN_AS_IT_IS = Electron("H", ((0.0, 1.0),))
#: Nodes in a panel, fewer ones that must lead to the same counts, and the share by which both may
#: differ.
_NODES, _FEWER, _SAME = 20, 16, 1e-6


@dataclass(frozen=True)
class Signal:
    """Events per kilogram and day by their true energy, as a density and lines.

    Parameters
    ----------
    density : callable, optional
        Takes energies in MeV as an array and returns events per kg, day and MeV there. It may be
        negative, as what interferes is.
    kinks : tuple of float, optional
        Energies in MeV, rising, at least 0: where the density starts, where it is not smooth, and
        where it ends. Beside a narrow peak there must be some.
    lines : mapping of float to float, optional
        Events per kg and day of one energy, by the energy in MeV.
    nuclide : Nuclide, optional
        What recoils with that energy; without it, it is the energy of electrons and photons, which
        is seen without quenching.

    Examples
    --------
    A line of recoils and a flat background in germanium:

    >>> from cevnslib.detectors.detector import Detector
    >>> from cevnslib.detectors.quenching import Lindhard
    >>> from cevnslib.physics.targets import nuclide, target
    >>> germanium = Detector(target("Ge"), mass=2.0, quenching=Lindhard(),
    ...                      bins=(0.1e-3, 0.2e-3, 0.4e-3))
    >>> line = Signal(lines={1e-3: 0.5}, nuclide=nuclide("Ge72"))
    >>> flat = Signal(lambda E: 10e3, kinks=(0.0, 1e-3))  # 10 per keV
    >>> line.counts(germanium, days=3), flat.counts(germanium, days=3).round(9)
    (array([3., 0.]), array([ 6., 12.]))
    """

    density: Callable[..., Any] | None = None
    kinks: tuple[float, ...] = ()
    lines: Mapping[float, float] = field(default_factory=dict, hash=False)
    nuclide: Nuclide | None = None

    def __post_init__(self) -> None:
        """Refuse what is no signal."""
        checked_kind("density", self.density, Callable | NoneType)
        checked_kind("nuclide", self.nuclide, Nuclide | None)
        kinks = checked_numbers("kinks", self.kinks, "MeV")
        if self.density is None and kinks:
            raise DomainError(f"kinks: got {quoted(kinks)} without a density; allowed: none")
        if self.density is not None and (
            len(kinks) < 2 or kinks[0] < 0 or min(np.diff(kinks)) <= 0
        ):
            raise DomainError(
                f"kinks: got {quoted(kinks)}; allowed: at least two energies, from 0 MeV on, that "
                "rise: where the density starts and where it ends"
            )
        lines = {
            checked_number("energy of a line", E, "MeV", above=0): checked_number(
                f"line at {quoted(E)} MeV", events, "per kg and day"
            )
            for E, events in checked_kind("lines", self.lines, Mapping).items()
        }
        keep(self, kinks=kinks, lines=lines)

    def counts(self, detector: Detector, days: float) -> NDArray[np.float64]:
        """Return the expected number of events in each bin of a detector.

        Parameters
        ----------
        detector : Detector
            The detector; its target plays no part.
        days : float
            Live time in days, above 0.

        Returns
        -------
        ndarray, shape (bins,)

        Raises
        ------
        DomainError
            If the density is not smooth between its kinks.
        """
        checked_kind("detector", detector, Detector)
        exposure = detector.mass * checked_number("days", days, "days", above=0)
        struck = self.nuclide or _SEEN_AS_IT_IS
        energies, events = np.array([*self.lines.items()]).reshape(-1, 2).T
        total = detector.shares(energies, self.nuclide) @ events
        if self.density is not None:
            low, high = panels_between(detector, struck, self.kinks)
            fewer, smooth = (self._integral(detector, low, high, n) for n in (_FEWER, _NODES))
            apart, largest = np.abs(fewer - smooth).max(), np.abs([fewer, smooth]).max()
            if apart > _SAME * largest:
                raise DomainError(
                    f"density: got one whose integrals differ by {apart / largest:.1g} with fewer "
                    "nodes; allowed: one that is smooth between its kinks, so give more of them"
                )
            total = total + smooth
        return checked("counts", exposure * total)

    def _integral(
        self, detector: Detector, low: NDArray[np.float64], high: NDArray[np.float64], nodes: int
    ) -> NDArray[np.float64]:
        """Return the integral over panels of the logarithm, in each bin."""
        log_E, weights = (x.ravel() for x in panel_rule(low, high, nodes))
        E = np.exp(log_E)
        assert self.density is not None
        density = checked("density", self.density(E), "per kg, day and MeV")
        if density.shape not in ((), E.shape):
            raise DomainError(f"density: got the shape {density.shape}; allowed: {E.shape}")
        return np.asarray(detector.shares(E, self.nuclide) @ (E * weights * density))
