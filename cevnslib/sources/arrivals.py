r"""When neutrinos come: the shares of them in windows of time after a pulse of the source.

A pulse of protons makes pions, these decay to muons, and these decay: each step delays by an
exponential of its lifetime. Of a pulse :math:`p(t)`, with :math:`P` its integral, and one lifetime,

.. math:: C(t) = P(t) - \int_{-\infty}^t p(t')\, e^{-(t - t')/\tau}\, dt'

have come by the time t, and of several lifetimes the mean of their :math:`C_i` with the weights
:math:`\prod_{j \ne i} \tau_i / (\tau_i - \tau_j)`. All times are in microseconds.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    Doors,
    checked,
    checked_kind,
    checked_number,
    checked_numbers,
    checked_shapes,
    keep,
)
from ..errors import DomainError, quoted

__all__ = [
    "MUON_LIFETIME_US",
    "PION_LIFETIME_US",
    "Arrival",
    "GaussianPulse",
    "Pulse",
    "Pulsed",
    "TabulatedPulse",
    "Unpulsed",
]
#: Mean lives in microseconds, Review of Particle Physics 2024.
MUON_LIFETIME_US, PION_LIFETIME_US = 2.1969811, 0.026033
#: A pulse narrower than a femtosecond has no width.
_SHARP = 1e-9
#: Lifetimes closer than this, relatively, would cancel.
_LEAST_DIFFERENCE = 1e-3


class Pulse(ABC):
    """What every pulse offers: how much of it is over, and how much of that is still to decay.

    Times are in microseconds. A subclass gives both, for arrays of any shape.
    """

    @abstractmethod
    def _over(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the integral of the pulse up to t."""

    @abstractmethod
    def _alive(self, t: NDArray[np.float64], lifetime: float) -> NDArray[np.float64]:
        """Return the part of the pulse up to t that has not yet decayed."""


@dataclass(frozen=True)
class GaussianPulse(Pulse):
    """A pulse with the shape of a Gaussian, or of no width.

    Parameters
    ----------
    mean_us, sigma_us : float, optional
        Mean and standard deviation in microseconds; a pulse of no width, the default, belongs to
        the window that begins with it.
    """

    mean_us: float = 0.0
    sigma_us: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no time."""
        keep(
            self,
            mean_us=checked_number("mean of the pulse", self.mean_us, "us"),
            sigma_us=checked_number("width of the pulse", self.sigma_us, "us", at_least=0),
        )

    def _over(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.sigma_us < _SHARP:
            return np.where(t > self.mean_us, 1.0, 0.0)
        from scipy.special import ndtr  # here, as it loads more slowly than all else

        over: NDArray[np.float64] = ndtr((t - self.mean_us) / self.sigma_us)
        return over

    def _alive(self, t: NDArray[np.float64], lifetime: float) -> NDArray[np.float64]:
        late = t - self.mean_us
        if self.sigma_us < _SHARP:
            return np.where(late > 0, np.exp(-np.maximum(late, 0.0) / lifetime), 0.0)
        from scipy.special import log_ndtr

        ratio = self.sigma_us / lifetime
        # The logarithm of the normal distribution keeps both factors finite.
        exponent = ratio**2 / 2 - late / lifetime + log_ndtr(late / self.sigma_us - ratio)
        alive: NDArray[np.float64] = np.exp(np.minimum(exponent, 0.0))
        return alive


@dataclass(frozen=True)
class TabulatedPulse(Pulse):
    """A pulse between tabulated points, linear from one to the next; two equal ones make a box.

    Parameters
    ----------
    times_us : tuple of float
        Times in microseconds, rising, at least two.
    values : tuple of float
        The pulse there in any unit, at least 0; its integral is made 1.

    Examples
    --------
    >>> box = Pulsed(pulse=TabulatedPulse((0.0, 0.7), (1.0, 1.0)))
    >>> box.share(0.0, [0.35, 0.7]).round(6)
    array([0.5, 1. ])
    """

    times_us: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is no table, and normalise it."""
        times = checked_numbers("times of the pulse", self.times_us, "us")
        values = checked("pulse", self.values, at_least=0)
        if len(times) < 2 or values.shape != (len(times),) or np.any(np.diff(times) <= 0):
            raise DomainError(
                f"pulse: got times {quoted(self.times_us)} and values {quoted(self.values)}; "
                "allowed: rising times, at least two, and a value for each"
            )
        whole = float(np.trapezoid(values, times))
        if not whole:
            raise DomainError("pulse: got zeros only; allowed: values above 0 somewhere")
        keep(self, times_us=times, values=tuple((values / whole).tolist()))

    def _over(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        over = np.zeros_like(t)
        for (start, stop), (first, second) in zip(
            pairwise(self.times_us), pairwise(self.values), strict=True
        ):
            passed = np.clip(t - start, 0.0, stop - start)
            over += passed * (first + (second - first) / (stop - start) * passed / 2)
        return over

    def _alive(self, t: NDArray[np.float64], lifetime: float) -> NDArray[np.float64]:
        alive = np.zeros_like(t)
        for (start, stop), (first, second) in zip(
            pairwise(self.times_us), pairwise(self.values), strict=True
        ):
            slope = (second - first) / (stop - start)
            passed = np.clip(t - start, 0.0, stop - start)
            u = passed / lifetime
            gone = -np.expm1(-u)
            line = (first + slope * passed) * gone - slope * lifetime * (gone - u * np.exp(-u))
            alive += lifetime * line * np.exp(-np.maximum(t - stop, 0.0) / lifetime)
        return alive


class Arrival(Doors, ABC):
    """When neutrinos come after a pulse of their source."""

    doors: ClassVar[tuple[str, ...]] = ("share",)

    def share(self, start_us: ArrayLike, stop_us: ArrayLike) -> NDArray[np.float64]:
        """Return the share of the neutrinos that come in a window.

        Parameters
        ----------
        start_us, stop_us : array_like
            The window in microseconds after the pulse's zero, finite; arrays are broadcast. The
            start belongs to it.

        Returns
        -------
        ndarray
            Shares from 0 to 1, the broadcast shape.
        """
        start = checked("start of the window", start_us, "us")
        stop = checked("end of the window", stop_us, "us")
        checked_shapes(start=start, stop=stop)
        if np.any(stop < start):
            raise DomainError(
                f"window: got from {quoted(start_us)} to {quoted(stop_us)} us; allowed: an end "
                "that is not before the start"
            )
        return self._share(start, stop)

    @abstractmethod
    def _share(self, start: NDArray[np.float64], stop: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share in a window; see `share`."""


@dataclass(frozen=True)
class Unpulsed(Arrival):
    """Neutrinos that come at all times, as from a reactor: no window holds a share of them.

    Examples
    --------
    >>> Unpulsed().share(0.0, 1.0)
    Traceback (most recent call last):
    ...
    cevnslib.errors.DomainError: window: got one in time; allowed: none, as these neutrinos come \
at all times and not after a pulse
    """

    def _share(self, start: NDArray[np.float64], stop: NDArray[np.float64]) -> NDArray[np.float64]:
        raise DomainError(
            "window: got one in time; allowed: none, as these neutrinos come at all times and not "
            "after a pulse"
        )


@dataclass(frozen=True)
class Pulsed(Arrival):
    """Neutrinos after a pulse, delayed by the lives of what decays to them.

    Parameters
    ----------
    lifetimes_us : tuple of float, optional
        Mean lives in microseconds, each different from the others; none, the default, is the pulse
        itself.
    pulse : Pulse, optional
        The pulse of the source; by default one of no width at zero.

    Examples
    --------
    >>> Pulsed((MUON_LIFETIME_US,)).share(0.0, [1.0, 10.0]).round(4)
    array([0.3657, 0.9895])
    >>> late = Pulsed((MUON_LIFETIME_US,), GaussianPulse(0.5, 0.15))
    >>> late.share(0.0, [1.0, 10.0]).round(4)
    array([0.2017, 0.9867])
    """

    lifetimes_us: tuple[float, ...] = ()
    pulse: Pulse = field(default_factory=GaussianPulse)

    def __post_init__(self) -> None:
        """Refuse impossible lives and what is no pulse."""
        keep(self, lifetimes_us=checked_numbers("lifetimes", self.lifetimes_us, "us", above=0))
        checked_kind("pulse", self.pulse, Pulse)
        lives = sorted(self.lifetimes_us)
        if any(b - a < _LEAST_DIFFERENCE * b for a, b in pairwise(lives)):
            raise DomainError(
                f"lifetimes: got {quoted(self.lifetimes_us)} us; allowed: each different from the "
                f"others, by {_LEAST_DIFFERENCE:g} of it at least"
            )

    def _share(self, start: NDArray[np.float64], stop: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip(self._arrived(stop) - self._arrived(start), 0.0, 1.0)

    def _arrived(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share that has come before t."""
        arrived = self.pulse._over(t)
        for life in self.lifetimes_us:
            others = [life / (life - other) for other in self.lifetimes_us if other != life]
            arrived = arrived - math.prod(others) * self.pulse._alive(t, life)
        return arrived
