r"""Resolution: how the energy that is measured of an event is spread around its mean.

A readout :math:`p(E'|E)` enters bins through its integrals up to an energy e,

.. math:: F_0(e) = \int_0^e p(E'|E)\, dE', \qquad F_1(e) = \int_0^e E'\, p(E'|E)\, dE',

of which an efficiency that is linear between two energies needs no more.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import Doors, checked, checked_kind, checked_number, checked_shapes, keep
from ..constants import KEV
from ..errors import KindError, quoted

__all__ = [
    "GammaResolution",
    "PoissonResolution",
    "Readout",
    "Resolution",
]
#: Energies in MeV, and numbers of photoelectrons, below this count as 0.
_LEAST = 1e-30
#: What rounding may add to a whole number of photoelectrons.
_ROUNDING = 1e-9


class Readout(Doors, ABC):
    """What every readout offers: its width, and the shares of events up to an energy.

    Energies are in MeV, on the axis that is measured (electron-equivalent where there is a
    quenching), any shape, at least 0. What cannot be is a DomainError.
    """

    doors: ClassVar[tuple[str, ...]] = ("sigma", "up_to", "seen_up_to")

    def sigma(self, E: ArrayLike) -> NDArray[np.float64]:
        """Return the standard deviation in MeV at mean energies E, the shape of ``E``."""
        return self._answer("sigma", checked("energy", E, "MeV", at_least=0))

    def up_to(self, e: ArrayLike, E: ArrayLike) -> NDArray[np.float64]:
        """Return F_0 up to energies e, of events with mean energies E; shapes are broadcast."""
        return self._answer("up_to", *_checked_energies(e, E))

    def seen_up_to(self, e: ArrayLike, E: ArrayLike) -> NDArray[np.float64]:
        """Return F_1 in MeV up to energies e, as `up_to`."""
        return self._answer("seen_up_to", *_checked_energies(e, E))

    def _answer(self, name: str, *energies: NDArray[np.float64]) -> NDArray[np.float64]:
        """Ask a formula; what one of a reader's own answers is checked."""
        answer: NDArray[np.float64] = getattr(self, f"_{name}")(*energies)
        if type(self).__module__.split(".")[0] == __package__.split(".")[0]:
            return answer
        return _checked_answer(f"{name} of {type(self).__name__}", name, answer, *energies)

    @abstractmethod
    def _sigma(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the width; see `sigma`."""

    @abstractmethod
    def _up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return F_0; see `up_to`."""

    @abstractmethod
    def _seen_up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return F_1; see `seen_up_to`."""


def _checked_energies(e: ArrayLike, E: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    ends = checked("energy e", e, "MeV", at_least=0)
    means = checked("mean energy E", E, "MeV", at_least=0)
    checked_shapes(e=ends, E=means)
    return ends, means


def _checked_answer(
    words: str, name: str, answer: Any, *energies: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what a reader's formula answers, or refuse what cannot be; a share may round."""
    unit, most = ("", 1.0) if name == "up_to" else ("MeV", None)
    answer = checked(words, answer, unit)
    near = np.clip(answer, 0.0, most)
    answer = np.where(np.abs(answer - near) <= _ROUNDING, near, answer)
    answer = checked(words, answer, unit, at_least=0, at_most=most)
    return np.broadcast_to(answer, np.broadcast_shapes(*(x.shape for x in energies)))


@dataclass(frozen=True)
class ReadersReadout(Readout):
    """A readout of a reader's, of any class with the methods of a `Readout`."""

    original: Any

    def _asked(self, name: str, *energies: NDArray[np.float64]) -> NDArray[np.float64]:
        words = f"{name} of the resolution"
        return _checked_answer(words, name, getattr(self.original, name)(*energies), *energies)

    def _sigma(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._asked("sigma", E)

    def _up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._asked("up_to", e, E)

    def _seen_up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._asked("seen_up_to", e, E)


def readout_of(value: Any) -> Readout | None:
    """Return a readout, also of a reader's own class, or None, or refuse what is neither."""
    if value is None or isinstance(value, Readout):
        return value
    if isinstance(value, type) or not all(
        callable(getattr(value, name, None)) for name in Readout.doors
    ):
        raise KindError(
            f"resolution: got {quoted(value)}; allowed: None, or a cevnslib.detectors.resolution."
            "Readout or another thing with its methods sigma, up_to and seen_up_to"
        )
    return ReadersReadout(value)


@dataclass(frozen=True)
class Resolution(Readout):
    r"""A Gaussian readout.

    .. math:: \sigma^2 = \sigma_0^2 + s^2 E + r^2 E^2
              \quad\text{or}\quad \sigma = \sigma_0 + s \sqrt E + r E

    Parameters
    ----------
    constant : float, optional
        :math:`\sigma_0` in MeV, at least 0; not all terms may be 0.
    stochastic : float, optional
        :math:`s` in MeV^(1/2).
    relative : float, optional
        :math:`r`, a number.
    linear : bool, optional
        Whether the terms add up as they are, instead of in quadrature.
    renormalised : bool, optional
        Whether the Gaussian is cut off at 0 and its rest made 1, as some analyses do. Otherwise
        what is measured below 0 is lost to the bins, which start at 0 or above.

    Examples
    --------
    >>> float(Resolution(constant=3e-5, stochastic=4e-4).sigma(1e-2).round(8))
    5e-05
    """

    constant: float = 0.0
    stochastic: float = 0.0
    relative: float = 0.0
    linear: bool = False
    renormalised: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no width."""
        checked_kind("linear", self.linear, bool)
        checked_kind("renormalised", self.renormalised, bool)
        keep(
            self,
            constant=checked_number("constant", self.constant, "MeV", at_least=0),
            stochastic=checked_number("stochastic", self.stochastic, "MeV^(1/2)", at_least=0),
            relative=checked_number("relative", self.relative, at_least=0),
        )
        checked_number("width", self.constant + self.stochastic + self.relative, above=0)

    def _sigma(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.linear:
            return self.constant + self.stochastic * np.sqrt(E) + self.relative * E
        return np.sqrt(self.constant**2 + self.stochastic**2 * E + self.relative**2 * E**2)

    def _up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import ndtr  # here, as it loads more slowly than all else

        width = 1 / np.maximum(self._sigma(E), _LEAST)  # at rest there may be none
        start = ndtr(-E * width)
        share: NDArray[np.float64] = ndtr((e - E) * width) - start
        return share / (1 - start) if self.renormalised else share

    def _seen_up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import ndtr

        sigma = np.maximum(self._sigma(E), _LEAST)
        bell = _bell((e - E) / sigma) - _bell(-E / sigma)
        norm = ndtr(E / sigma) if self.renormalised else 1.0
        return np.asarray(E * self._up_to(e, E) - sigma * bell / norm)


def _bell(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normal density."""
    return np.asarray(np.exp(-(np.minimum(np.abs(z), 40.0) ** 2) / 2) / math.sqrt(2 * math.pi))


@dataclass(frozen=True)
class PoissonResolution(Readout):
    r"""A readout in whole photoelectrons, which follow Poisson's law around their mean.

    .. math:: E' = n/y, \quad p(n) = e^{-yE} (yE)^n / n!

    Parameters
    ----------
    photoelectrons_per_keV : float
        The light yield y, on the axis that is measured, above 0. An event with as many
        photoelectrons as an edge of a bin belongs to the bin above.

    Examples
    --------
    >>> float(PoissonResolution(13.35).sigma(1e-3).round(7))
    0.0002737
    """

    photoelectrons_per_keV: float

    def __post_init__(self) -> None:
        """Refuse what is no yield."""
        value = checked_number("photoelectrons", self.photoelectrons_per_keV, "per keV", above=0)
        keep(self, photoelectrons_per_keV=value)

    def _sigma(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sqrt(E * KEV / self.photoelectrons_per_keV)

    def _below(self, e: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how many numbers of photoelectrons, from 0 on, lie below an energy."""
        numbers = np.minimum(e * (self.photoelectrons_per_keV / KEV), 1e15)
        return np.ceil(numbers - _ROUNDING)

    def _up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        return _poisson_below(self._below(e), self.photoelectrons_per_keV / KEV * E)

    def _seen_up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        return E * _poisson_below(self._below(e) - 1, self.photoelectrons_per_keV / KEV * E)


def _poisson_below(n: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance that a number of Poisson's law is less than n."""
    from scipy.special import gammaincc

    if n.ndim == 2 and n.shape[1] == 1 and mean.ndim == 1:  # many energies, of few numbers
        few, place = np.unique(n, return_inverse=True)
        chance = np.where(few > 0, gammaincc(np.maximum(few, 1), mean[:, np.newaxis]), 0.0)
        return np.asarray(chance.T[place.ravel()])
    return np.asarray(np.where(n > 0, gammaincc(np.maximum(n, 1), mean), 0.0))


@dataclass(frozen=True)
class GammaResolution(Readout):
    r"""A readout that follows a gamma distribution around the mean energy.

    .. math:: p(E'|E) = \frac{(k/E)^k}{\Gamma(k)}\, E'^{\,k-1} e^{-k E'/E}, \quad k = 1 + b E

    Parameters
    ----------
    shape_per_keV : float
        b, at least 0: the variance is :math:`E^2/(1 + bE)`.

    References
    ----------
    COHERENT, arXiv:2110.07730, where b is 9.56 per keVee and E' is counted in photoelectrons.

    Examples
    --------
    >>> float(GammaResolution(9.56).sigma(1e-3).round(7))
    0.0003077
    """

    shape_per_keV: float

    def __post_init__(self) -> None:
        """Refuse what is no shape."""
        value = checked_number("shape", self.shape_per_keV, "per keV", at_least=0)
        keep(self, shape_per_keV=value)

    def _sigma(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(E / np.sqrt(1 + self.shape_per_keV / KEV * E))

    def _up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._gamma(e, E, 0)

    def _seen_up_to(self, e: NDArray[np.float64], E: NDArray[np.float64]) -> NDArray[np.float64]:
        return E * self._gamma(e, E, 1)

    def _gamma(
        self, e: NDArray[np.float64], E: NDArray[np.float64], more: int
    ) -> NDArray[np.float64]:
        from scipy.special import gammainc

        k = 1 + self.shape_per_keV / KEV * E
        x = np.minimum(k * e / np.maximum(E, _LEAST), 1e300)
        share: NDArray[np.float64] = gammainc(k + more, x)
        return share
