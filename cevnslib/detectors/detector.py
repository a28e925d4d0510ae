"""Detectors: a target, its mass, and how its recoils become counts in bins."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_choice, checked_kind, checked_number, checked_numbers, keep
from ..errors import DomainError, quoted
from ..physics.targets import (
    Electron,
    Nuclide,
    Struck,
    Target,
    UnknownTargetError,
    each_of,
)
from .efficiency import AXES, ConstantEfficiency, Efficiency, efficiency_of
from .quenching import Quenching, quenching_of
from .resolution import Readout, readout_of

__all__ = [
    "ELECTRONS",
    "Detector",
]
#: Whether electrons count as targets: bound in their shells, as if they were free, or not at all.
ELECTRONS = ("shells", "free", "left out")
#: Widths of the readout around a step where panels end, and how many must lie between two.
_OFFSETS, _APART = np.arange(-9.0, 9.5, 2.0), 1.0
#: By how much an efficiency may differ from straight pieces, and into how many it is cut at most.
_STRAIGHT, _PIECES = 1e-8, 4000
#: Where in a piece that is looked at: not in the middle alone, about which a sigmoid may be odd.
_INSIDE = (0.5, 0.21, 0.87)


@dataclass(frozen=True)
class Detector:
    """A target, its mass, and what of its recoils is counted.

    Bins, threshold, maximum and resolution are those of the energy that is measured: the recoil
    energy of a nucleus or, with a quenching, the electron-equivalent energy, which an electron has
    without quenching. An efficiency says of which energy it is a function; one of the measured
    energy holds after the resolution.

    Parameters
    ----------
    target : Target
        The material.
    mass : float
        Fiducial mass in kg.
    threshold : float, optional
        Least energy that is counted, in MeV, at most 1 where nuclei count.
    efficiency : Efficiency, optional
        Chance to count an event above the threshold.
    maximum : float, optional
        Greatest energy that is counted, in MeV.
    quenching : Quenching, optional
        How a recoil is seen; without it, the recoil energy itself is measured.
    resolution : Readout, optional
        How the measured energy fluctuates; without it, not at all.
    bins : tuple of float, optional
        Edges of the bins into which events are sorted, in MeV, rising, instead of threshold and
        maximum, which are then 0 and infinite; an event at an edge belongs to the bin above.
    electrons : {"shells", "free", "left out"}, optional
        Which electrons count as targets beside the nuclei, see `cevnslib.physics.targets.electron`.
        Beside nuclei without a quenching there are none, as nothing says how their energy would
        look.
    least_ionisation : float, optional
        Mean measured energy in MeV below which nothing is seen of an event, whatever the resolution
        makes of it: the energy of one pair of charges, say.
    nuclei : bool, optional
        Whether nuclei count as targets. A detector of electrons alone needs no quenching.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide, target
    >>> germanium = Detector(target("Ge"), mass=15.0, threshold=5e-3,
    ...                      efficiency=ConstantEfficiency(0.5))
    >>> germanium.weight([0.004, 0.006], nuclide("Ge74"))
    array([0. , 0.5])
    >>> Detector(target("Ge"), mass=15.0, threshold=-5e-3)
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: threshold: got -0.005 MeV; allowed: finite, at least 0 MeV
    """

    target: Target
    mass: float
    threshold: float = 0.0
    efficiency: Efficiency = field(default_factory=ConstantEfficiency)
    maximum: float = math.inf
    quenching: Quenching | None = None
    resolution: Readout | None = None
    bins: tuple[float, ...] | None = None
    electrons: str = ELECTRONS[0]
    least_ionisation: float = 0.0
    nuclei: bool = True

    def __post_init__(self) -> None:
        """Refuse what no detector can be."""
        checked_kind("target", self.target, Target)
        checked_choice("electrons", self.electrons, ELECTRONS)
        checked_kind("nuclei", self.nuclei, bool)
        low = checked_number("threshold", self.threshold, "MeV", at_least=0)
        high = checked_number("maximum", self.maximum, "MeV", above=low, at_most=math.inf)
        if self.bins is not None:
            # Their ends stay out of threshold and maximum, so that bins can be replaced.
            keep(self, bins=_checked_bins(self.bins, low, high))
            low, high = 0.0, math.inf
        keep(
            self,
            mass=checked_number("mass", self.mass, "kg", above=0),
            threshold=low,
            maximum=high,
            efficiency=efficiency_of(self.efficiency),
            quenching=quenching_of(self.quenching),
            resolution=readout_of(self.resolution),
            least_ionisation=checked_number(
                "least ionisation", self.least_ionisation, "MeV", at_least=0
            ),
        )
        if self.nuclei:
            hint = "energies are in MeV, did you give keV?"
            checked_number("least energy counted", self._steps[0], "MeV", at_most=1, hint=hint)
        if self._of_recoil and self._counts_electrons:
            raise DomainError(
                f"electrons: got {self.electrons!r} with an efficiency of the nuclear-recoil "
                f"energy, which electrons do not have; allowed: {ELECTRONS[-1]!r}, or an "
                "efficiency of the measured energy"
            )
        try:
            _ = self.electron_targets
        except UnknownTargetError as error:
            raise DomainError(
                f"electrons: got {self.electrons!r} with the target {self.target.name}, not all of "
                f"whose shells are known; allowed: {ELECTRONS[1]!r} or {ELECTRONS[2]!r}"
            ) from error

    @property
    def edges(self) -> tuple[float, ...]:
        """The edges of the bins in MeV: threshold and maximum, where there is one."""
        return (self.threshold, self.maximum) if self.bins is None else self.bins

    @property
    def nuclear_targets(self) -> tuple[tuple[Nuclide, float], ...]:
        """The nuclides that count, and the number of each in the detector."""
        if not self.nuclei:
            return ()
        every = zip(self.target.nuclides, self.target.nuclei_per_kg, strict=True)
        return tuple((nuclide, per_kg * self.mass) for nuclide, per_kg in every)

    @property
    def _counts_electrons(self) -> bool:
        seen = self.quenching is not None or not self.nuclei
        return seen and self.electrons != ELECTRONS[-1]

    @cached_property
    def electron_targets(self) -> tuple[tuple[Electron, float], ...]:
        """The electrons that count, and the number of their atoms in the detector."""
        if not self._counts_electrons:
            return ()
        every = self.target.electrons(free=self.electrons == "free")
        return tuple((electron, per_kg * self.mass) for electron, per_kg in every)

    @property
    def _of_recoil(self) -> bool:
        return self.efficiency.axis == AXES[1]

    @cached_property
    def _steps(self) -> tuple[float, ...]:
        """Measured energies where, without resolution, a bin's weight has a kink; 0 outside."""
        jumps = (0.0, math.inf) if self._of_recoil else self.efficiency.breakpoints
        first = max(self.edges[0], jumps[0])
        last = max(first, min(self.edges[-1], jumps[-1]))
        inner = sorted({E for E in (*jumps, *self.edges[1:-1]) if first < E < last})
        return (first, *inner, last)

    def breakpoints(self, struck: Struck) -> tuple[float, ...]:
        """Return the recoil energies where, without resolution, a chance to be counted has a kink.

        Returns
        -------
        tuple of float
            Energies in MeV, rising; what is seen below the first or above the last is not counted.
            The last may be infinite.
        """
        checked_kind("struck", struck, Struck)
        levels = np.array([E for E in self._steps if math.inf > E])
        seen = self._seen_as(levels, struck, 1)[0]
        jumps = self.efficiency.breakpoints if self._of_recoil else ()
        ends = (math.inf,) if self._steps[-1] == math.inf else ()
        return (*sorted({*seen.tolist(), *jumps}), *ends)

    def _seen_as(self, levels: NDArray[np.float64], struck: Any, rows: int) -> NDArray[np.float64]:
        """Return all recoils that are seen as one of some energies, in rows; 0 fills a row up."""
        every = np.tile(levels, (rows, 1))
        if self.quenching is None or isinstance(struck, Electron):
            return every
        if self.quenching.rising:
            return self.quenching._answer("nuclear_recoil", every, struck)
        recoils = [self.quenching._crossings(levels, each)[0] for each in each_of(struck)]
        return np.stack([np.pad(T, (0, max(map(len, recoils)) - len(T))) for T in recoils])

    def measured(self, T: ArrayLike, struck: Struck) -> NDArray[np.float64]:
        """Return the mean energy that is measured of a recoil.

        Parameters
        ----------
        T : array_like
            Recoil energy in MeV, any shape, at least 0.
        struck : Nuclide or Electron
            What recoils.

        Returns
        -------
        ndarray
            Energies in MeV, the shape of ``T``.
        """
        checked_kind("struck", struck, Struck)
        return self._measured(checked("recoil energy T", T, "MeV", at_least=0), struck)

    def _measured(self, T: NDArray[np.float64], struck: Any) -> NDArray[np.float64]:
        if self.quenching is None or isinstance(struck, Electron):
            return T
        return self.quenching._answer("electron_equivalent", T, struck)

    def weight(self, T: ArrayLike, struck: Struck) -> NDArray[np.float64]:
        """Return the chance that a recoil is counted, in any bin.

        Parameters
        ----------
        T, struck
            See `measured`.

        Returns
        -------
        ndarray
            From 0 to 1, the shape of ``T``.
        """
        checked_kind("struck", struck, Struck)
        return self._weight(checked("recoil energy T", T, "MeV", at_least=0), struck)

    def _weight(self, T: NDArray[np.float64], struck: Any) -> NDArray[np.float64]:
        return np.asarray(self._chance_of_recoil(T) * self._acceptance(self._measured(T, struck)))

    def _chance_of_recoil(self, T: NDArray[np.float64]) -> Any:
        """Return the efficiency, where it is a function of the recoil."""
        return self.efficiency._chance(T) if self._of_recoil else 1.0

    def acceptance(self, E: ArrayLike) -> NDArray[np.float64]:
        """Return the chance that an event of a mean measured energy is counted, in any bin.

        An efficiency that is a function of the recoil is not in it.

        Parameters
        ----------
        E : array_like
            Mean measured energy in MeV, any shape, at least 0.

        Returns
        -------
        ndarray
            From 0 to 1, the shape of ``E``.
        """
        return self._acceptance(checked("measured energy", E, "MeV", at_least=0))

    def shares(self, E: ArrayLike, struck: Struck | None = None) -> NDArray[np.float64]:
        """Return the response matrix: the chance that an event is counted in each bin.

        Parameters
        ----------
        E : array_like
            True energy in MeV, any shape, at least 0: that of a recoil, or of electrons and photons
            together.
        struck : Nuclide or Electron, optional
            What recoils; without it, the energy is seen as it is, as that of electrons and photons
            is.

        Returns
        -------
        ndarray, shape (bins, ...)
            From 0 to 1, the shape of ``E`` after the bins. What is counted in the bins of a
            histogram, or of lines, is ``shares(energies) @ numbers``.

        Examples
        --------
        >>> from cevnslib.detectors.resolution import Resolution
        >>> from cevnslib.physics.targets import target
        >>> tank = Detector(target("H2O"), mass=1.0, bins=(0.5, 1.0, 1.5),
        ...                 resolution=Resolution(stochastic=0.1))
        >>> tank.shares([0.8, 1.0]).round(3)
        array([[0.987, 0.5  ],
               [0.013, 0.5  ]])
        """
        checked_kind("struck", struck, Struck | None)
        energy = checked("true energy", E, "MeV", at_least=0)
        if self._of_recoil and not isinstance(struck, Nuclide):
            raise DomainError(
                f"struck: got {quoted(struck)} with an efficiency of the nuclear-recoil energy; "
                "allowed: a Nuclide, or an efficiency of the measured energy"
            )
        return self._response(energy, struck)

    def _response(self, T: NDArray[np.float64], struck: Any) -> NDArray[np.float64]:
        """Return the chances of each bin, along a first axis, by true energies."""
        E, bins = np.ravel(T if struck is None else self._measured(T, struck)), len(self.edges) - 1
        if self.resolution is None:
            place, chance = self._place(E)
            shares = (place == np.arange(bins)[:, np.newaxis]) * chance
        else:
            shares = self._shares(E)
        return np.asarray(self._chance_of_recoil(T) * shares.reshape(bins, *T.shape))

    def _acceptance(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.resolution is None:
            return self._passed(E)
        return np.reshape(self._shares(E.ravel()).sum(axis=0), E.shape)

    def _place(self, E: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the bin of each energy that is measured as it is, and the chance to count it."""
        if self.bins is None:
            return np.zeros(E.shape, dtype=np.intp), self._passed(E)
        return np.searchsorted(self.edges[1:-1], E, side="right"), self._passed(E)

    def _passed(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chance to count an energy that is measured as it is, in any bin."""
        counted = (max(self.edges[0], self.least_ionisation) <= E) & (self.edges[-1] >= E)
        chance = 1.0 if self._of_recoil else self.efficiency._chance(E)
        return np.asarray(counted * chance, dtype=np.float64)

    def _shares(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the chance that an event of a mean energy is counted in a bin: (bins, energies).

        The efficiency is linear on each piece, so that it takes two integrals of the readout.
        """
        assert self.resolution is not None
        knots, constants, slopes, first = self._pieces
        ends = knots[:, np.newaxis]
        pieces = constants[:, np.newaxis] * np.diff(
            self.resolution._answer("up_to", ends, E), axis=0
        )
        if np.any(slopes):
            seen = self.resolution._answer("seen_up_to", ends, E)
            pieces += slopes[:, np.newaxis] * np.diff(seen, axis=0)
        if len(first) < len(pieces):
            pieces = np.add.reduceat(pieces, first, axis=0)
        np.clip(pieces, 0.0, 1.0, out=pieces)
        pieces *= self.least_ionisation <= E
        return pieces

    @cached_property
    def _pieces(
        self,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
        """The efficiency in straight pieces: their ends, a + b E, and the first of each bin."""
        edges = np.array(self.edges)
        last = min(edges[-1], self._steps[-1])
        if not math.isfinite(last):  # above all that recoils
            last = 1e6
        edges[-1] = max(last, np.nextafter(edges[-2], math.inf))
        inner = [E for E in self._steps if edges[0] < E < edges[-1]]
        knots = np.union1d(edges, inner)
        if self._of_recoil:
            return (
                knots,
                np.ones(len(knots) - 1),
                np.zeros(len(knots) - 1),
                np.searchsorted(knots[:-1], edges[:-1]),
            )
        halves = knots[:0]
        for _ in range(60):
            knots = np.union1d(knots, halves)
            low, high = knots[:-1], knots[1:]
            inside = 1e-9 * (high - low)  # there may be steps at the ends
            left, right = (self.efficiency._chance(x) for x in (low + inside, high - inside))
            bent = np.zeros(len(low), dtype=bool)
            for share in _INSIDE:
                chance = self.efficiency._chance(low + share * (high - low))
                bent |= np.abs(chance - left - share * (right - left)) > _STRAIGHT
            halves = ((low + high) / 2)[bent]
            if not halves.size or len(knots) > _PIECES:
                break
        slopes = (right - left) / (high - low - 2 * inside)
        first = np.searchsorted(knots[:-1], edges[:-1])
        return knots, left - slopes * (low + inside), slopes, first

    @cached_property
    def _levels(self) -> NDArray[np.float64]:
        """Measured energies above 0 between which a chance is smooth enough for a panel.

        Without resolution these are its kinks; with it they follow its width where it smears them.
        """
        steps = np.array([E for E in self._steps if math.inf > E])
        if self.resolution is None:
            levels = steps
        else:
            sigma = self.resolution._answer("sigma", steps)
            every = np.sort((steps + np.outer(_OFFSETS, sigma)).ravel())
            apart = self.resolution._answer("sigma", np.maximum(every, 0.0)) * _APART
            kept: list[float] = []  # thinned, where many steps lie close together
            for E, least in zip(every.tolist(), apart.tolist(), strict=True):
                if E > 0 and (not kept or kept[-1] + least <= E):
                    kept.append(E)
            levels = np.array(kept)
        if self.least_ionisation:  # which no resolution makes smooth
            levels = np.append(levels, self.least_ionisation)
        return levels[levels > 0]


def _checked_bins(bins: Any, threshold: float, maximum: float) -> tuple[float, ...]:
    """Return the edges of bins, or refuse what are none."""
    edges = checked_numbers("bins", bins, "MeV")
    if len(edges) < 2 or edges[0] < 0 or any(np.diff(edges) <= 0):
        raise DomainError(
            f"bins: got {', '.join(f'{E:g}' for E in edges[:8])} MeV; allowed: at least two edges, "
            "from 0 MeV on, that rise"
        )
    if (threshold, maximum) not in ((0.0, math.inf), (edges[0], edges[-1])):
        raise DomainError(
            f"bins: got edges from {edges[0]:g} to {edges[-1]:g} MeV beside threshold "
            f"{threshold:g} and maximum {maximum:g} MeV; allowed: one of both"
        )
    return edges
