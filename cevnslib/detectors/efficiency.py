"""Efficiency: the chance that an event is counted, as a function of an energy."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import Doors, checked, checked_choice, checked_number, checked_table, keep
from ..constants import KEV
from ..errors import DomainError, KindError, quoted

__all__ = [
    "AXES",
    "ConstantEfficiency",
    "Efficiency",
    "PhotoelectronAcceptance",
    "TabulatedEfficiency",
]
#: Of which energy an efficiency is a function: of what is measured of an event, or of the recoil of
#: the nucleus.
AXES = ("measured", "nuclear-recoil")
#: Slope of an acceptance, per photoelectron, beyond which its rise needs panels of its own.
_STEEP = 0.5


class Efficiency(Doors, ABC):
    """What every efficiency offers: chances from 0 to 1, and the energies where it is not smooth.

    Energies are in MeV, any shape. A subclass gives ``__call__`` and `breakpoints`.
    """

    doors: ClassVar[tuple[str, ...]] = ("__call__",)
    #: One of `AXES`.
    axis: str = "measured"

    @property
    @abstractmethod
    def breakpoints(self) -> tuple[float, ...]:
        """Energies in MeV, rising, where it jumps or has a kink; it is 0 outside them all."""

    def __call__(self, E: ArrayLike) -> NDArray[np.float64]:
        """Return the efficiency, from 0 to 1, in the shape of ``E``."""
        return self._chance(checked("energy", E, "MeV"))

    def _chance(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        """Ask the formula; what one of a reader's own answers is checked."""
        answer = self._call(E)
        if type(self).__module__.split(".")[0] == __package__.split(".")[0]:
            return answer
        return np.broadcast_to(checked("efficiency", answer, at_least=0, at_most=1), E.shape)

    @abstractmethod
    def _call(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the efficiency; see `__call__`."""


@dataclass(frozen=True)
class ReadersEfficiency(Efficiency):
    """An efficiency of a reader's, of any class that can be called and has breakpoints."""

    original: Any

    @property
    def axis(self) -> str:  # type: ignore[override]
        """That of the reader's, if it has one."""
        return checked_choice("axis", getattr(self.original, "axis", AXES[0]), AXES)

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The reader's."""
        energies: tuple[float, ...] = self.original.breakpoints
        return energies

    def _call(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        chance = checked("efficiency", self.original(E), at_least=0, at_most=1)
        return np.broadcast_to(chance, E.shape)


def efficiency_of(value: Any) -> Efficiency:
    """Return an efficiency, also of a reader's own class, or refuse what is none."""
    if isinstance(value, Efficiency):
        return _with_breakpoints(value)
    if isinstance(value, type) or not (callable(value) and hasattr(value, "breakpoints")):
        raise KindError(
            f"efficiency: got {quoted(value)}; allowed: a cevnslib.detectors.efficiency.Efficiency "
            "or another thing that can be called and has breakpoints"
        )
    return _with_breakpoints(ReadersEfficiency(value))


def _with_breakpoints(efficiency: Efficiency) -> Efficiency:
    """Return an efficiency, or refuse breakpoints that are none."""
    energies = efficiency.breakpoints
    try:
        good = len(energies) > 1 and all(b > a for a, b in pairwise(map(float, energies)))
    except (TypeError, ValueError):
        good = False
    if not good:
        raise DomainError(
            f"breakpoints of the efficiency: got {quoted(energies)}; allowed: energies in MeV that "
            "rise, at least two, the last of which may be infinite"
        )
    return efficiency


@dataclass(frozen=True)
class ConstantEfficiency(Efficiency):
    """The same chance at every energy.

    Parameters
    ----------
    value : float, optional
        From 0 to 1.

    Examples
    --------
    >>> ConstantEfficiency(0.5)([0.001, 0.01])
    array([0.5, 0.5])
    """

    value: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no chance."""
        keep(self, value=checked_number("efficiency", self.value, at_least=0, at_most=1))

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The whole axis: it never jumps."""
        return (0.0, math.inf)

    def _call(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full_like(E, self.value)


@dataclass(frozen=True)
class PhotoelectronAcceptance(Efficiency):
    r"""Acceptance as a function of the mean number x of photoelectrons.

    .. math:: A(x) = \left(\frac{a}{1 + e^{-k (x - x_0)}} + d\right) \Theta(x), \quad
              \Theta = 0, \tfrac12, 1 \ \text{for}\ x < 5,\ 5 \le x < 6,\ 6 \le x \le x_\text{last},

    and 0 where it would be below 0.

    Parameters
    ----------
    amplitude, slope, midpoint : float
        a, k (per photoelectron) and x_0 (photoelectrons).
    photoelectrons_per_keV : float
        x per keV of the energy that is measured: the light yield, times the quenching factor where
        that energy is the nuclear recoil's.
    half, full, last : float, optional
        Where the acceptance opens by half, opens fully, and closes, in photoelectrons.
    offset : float, optional
        d, so that a + d lies between 0 and 1.

    References
    ----------
    COHERENT's data release, arXiv:1804.09459.

    Examples
    --------
    >>> acceptance = PhotoelectronAcceptance(0.6655, 0.4942, 10.8507, 1.17)
    >>> acceptance([0.004, 0.005, 0.010]).round(4)
    array([0.    , 0.0259, 0.4016])
    """

    amplitude: float
    slope: float
    midpoint: float
    photoelectrons_per_keV: float
    half: float = 5.0
    full: float = 6.0
    last: float = math.inf
    offset: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be an acceptance."""
        unit, per_keV = "photoelectrons", self.photoelectrons_per_keV
        half = checked_number("half", self.half, unit, at_least=0)
        full = checked_number("full", self.full, unit, at_least=half)
        amplitude = checked_number("amplitude", self.amplitude, at_least=0)
        offset = checked_number("offset", self.offset)
        what = "amplitude and offset together" if offset else "amplitude"
        checked_number(what, amplitude + offset, at_least=0, at_most=1)
        keep(
            self,
            amplitude=amplitude,
            offset=offset,
            slope=checked_number("slope", self.slope, "per photoelectron", at_least=0),
            midpoint=checked_number("midpoint", self.midpoint, unit, at_least=0),
            photoelectrons_per_keV=checked_number("photoelectrons", per_keV, "per keV", above=0),
            half=half,
            full=full,
            last=checked_number("last", self.last, unit, at_least=full, at_most=math.inf),
        )

    @property
    def _steps(self) -> tuple[float, float, float]:
        """The recoil energies where it opens, opens fully and closes, in MeV."""
        per_MeV = self.photoelectrons_per_keV / KEV
        return self.half / per_MeV, self.full / per_MeV, self.last / per_MeV

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The recoil energies where it opens, opens fully, rises steeply and closes, in MeV."""
        first, _, last = self._steps
        energies = {*self._steps}
        if self.slope > _STEEP:
            middle = self.midpoint * KEV / self.photoelectrons_per_keV
            width = KEV / self.photoelectrons_per_keV / self.slope
            rise = (middle + width * x for x in (-30, -10, -3, 3, 10, 30))
            energies |= {T for T in rise if first < T < last}
        if self.offset < 0:  # below this energy it would be below 0
            zero = self.midpoint - math.log(-self.amplitude / self.offset - 1) / self.slope
            start = zero * KEV / self.photoelectrons_per_keV
            energies = {start} | {T for T in energies if start < T}
        return tuple(sorted(energies))

    def _call(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        x = self.photoelectrons_per_keV * E / KEV
        half, full, last = self._steps
        steps = ((half <= E).astype(np.float64) + (full <= E)) / 2 * (last >= E)
        curve = self.amplitude * (1 + np.tanh(self.slope * (x - self.midpoint) / 2)) / 2
        return np.asarray(steps * np.maximum(curve + self.offset, 0.0))


@dataclass(frozen=True)
class TabulatedEfficiency(Efficiency):
    """A chance between tabulated points, linear from one to the next and 0 outside.

    Parameters
    ----------
    energies : tuple of float
        Energies in MeV, rising; at least two. An energy that stands twice makes a step.
    values : tuple of float
        The chance there, from 0 to 1.
    axis : {"measured", "nuclear-recoil"}, optional
        Of which energy it is a function.

    Examples
    --------
    >>> TabulatedEfficiency((0.001, 0.003), (0.2, 0.8))([0.0005, 0.002])
    array([0. , 0.5])
    """

    energies: tuple[float, ...]
    values: tuple[float, ...]
    axis: str = AXES[0]

    def __post_init__(self) -> None:
        """Refuse what is no table."""
        checked_choice("axis", self.axis, AXES)
        x, y = checked_table("efficiency", self.energies, self.values, at_most=1, steps=True)
        keep(self, energies=x, values=y)

    @cached_property
    def breakpoints(self) -> tuple[float, ...]:
        """The tabulated energies, without those that only repeat zeros at either end."""
        above = np.flatnonzero(self.values)
        if above.size:
            kept = tuple(sorted({*self.energies[max(above[0] - 1, 0) : above[-1] + 2]}))
            if len(kept) > 1:  # not a single energy alone
                return kept
        return self.energies[0], self.energies[-1]

    def _call(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.interp(E, self.energies, self.values, left=0.0, right=0.0)
