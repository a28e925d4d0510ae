r"""Neutrino sources: spectra known by their moments, and the beams made of them.

The moments of a spectrum :math:`f(E)` are :math:`I_n(E_\min)=\int_{E_\min}^\infty f(E)E^{-n}dE`;
nothing else of a spectrum enters a rate.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .constants import CODATA_2022, DAY, Constants
from .errors import DomainError, UnknownNameError, checked

__all__ = ["Beam", "LineSpectrum", "PolynomialSpectrum", "Source", "Spectrum", "sns"]


class Spectrum(ABC):
    """What every spectrum offers: its moments, and the energies where it is not smooth."""

    @property
    @abstractmethod
    def breakpoints(self) -> tuple[float, ...]:
        """Energies in MeV, rising, where the spectrum is not smooth; the last is its end."""

    @abstractmethod
    def moments(self, E_min: ArrayLike, order: int) -> NDArray[np.float64]:
        """Return the moments I_0 to I_order above an energy.

        Parameters
        ----------
        E_min : array_like
            Lower ends of the integrals in MeV, any shape, at least 0.
        order : int
            The highest power of 1/E.

        Returns
        -------
        ndarray
            I_n in MeV^-n, n along a new first axis, 0 above the end of the spectrum.

        Raises
        ------
        DomainError
            If ``E_min`` is negative or not finite, or a moment diverges at ``E_min = 0``.
        """


@dataclass(frozen=True)
class LineSpectrum(Spectrum):
    """Neutrinos of one energy, normalised to one.

    Parameters
    ----------
    energy : float
        The energy in MeV.

    Raises
    ------
    DomainError
        If the energy is not positive and finite.

    Examples
    --------
    >>> LineSpectrum(2.0).moments([1.0, 3.0], order=2)
    array([[1.  , 0.  ],
           [0.5 , 0.  ],
           [0.25, 0.  ]])
    """

    energy: float

    def __post_init__(self) -> None:
        """Refuse an energy that is not positive and finite."""
        checked("line energy", self.energy, "MeV", above=0)

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The energy of the line."""
        return (self.energy,)

    def moments(self, E_min: ArrayLike, order: int) -> NDArray[np.float64]:
        """Return E^-n where the line lies above ``E_min``; see `Spectrum.moments`."""
        above = checked("E_min", E_min, "MeV", at_least=0) <= self.energy
        return np.stack([np.where(above, self.energy**-n, 0.0) for n in range(order + 1)])


@dataclass(frozen=True)
class PolynomialSpectrum(Spectrum):
    r"""A polynomial in the energy up to an end point, with its moments in closed form.

    Parameters
    ----------
    coefficients : tuple of float
        :math:`a_k` of :math:`f(E) = \sum_k a_k E^k`, in MeV^-(k+1).
    end : float
        End point in MeV.

    Raises
    ------
    DomainError
        If a coefficient is not finite or the end point not positive.

    Examples
    --------
    >>> uniform = PolynomialSpectrum((0.5,), end=2.0)
    >>> uniform.moments(1.0, order=1).round(6)
    array([0.5     , 0.346574])
    """

    coefficients: tuple[float, ...]
    end: float

    def __post_init__(self) -> None:
        """Refuse what is not finite."""
        checked("coefficients", self.coefficients)
        checked("end point", self.end, "MeV", above=0)

    @property
    def breakpoints(self) -> tuple[float, ...]:
        """The end point."""
        return (self.end,)

    def density(self, E: ArrayLike) -> NDArray[np.float64]:
        """Return the number of neutrinos per MeV, 0 above the end point.

        Parameters
        ----------
        E : array_like
            Energies in MeV, any shape, at least 0.

        Returns
        -------
        ndarray
            f(E) in 1/MeV, the shape of ``E``.

        Raises
        ------
        DomainError
            If ``E`` is negative or not finite.

        Examples
        --------
        >>> PolynomialSpectrum((0.5,), end=2.0).density([1.0, 3.0])
        array([0.5, 0. ])
        """
        E = checked("neutrino energy E", E, "MeV", at_least=0)
        return np.where(self.end >= E, np.polynomial.polynomial.polyval(E, self.coefficients), 0.0)

    def moments(self, E_min: ArrayLike, order: int) -> NDArray[np.float64]:
        """Return the moments term by term; see `Spectrum.moments`."""
        low = np.minimum(checked("E_min", E_min, "MeV", at_least=0), self.end)
        lowest_power = next((k for k, a in enumerate(self.coefficients) if a), 0)
        if order > lowest_power and np.any(low == 0):
            raise DomainError(
                f"E_min: got 0 MeV, where the moment of order {order} diverges; allowed: above 0 "
                f"MeV, or orders up to {lowest_power}"
            )
        moments = []
        for n in range(order + 1):
            total = np.zeros_like(low)
            for k, a in enumerate(self.coefficients):
                p = k - n + 1
                if a and p:
                    total += a * (self.end**p - low**p) / p
                elif a:
                    total += a * np.log(self.end / low)
            moments.append(total)
        return np.stack(moments)


FLAVOURS = ("e", "mu", "tau")
TIMINGS = ("prompt", "delayed", "continuous")


@dataclass(frozen=True)
class Beam:
    """Neutrinos of one kind from a source.

    Parameters
    ----------
    name : str
        A short name, for instance ``"nu_mu"``.
    flavour : {"e", "mu", "tau"}
        Flavour at production.
    antineutrino : bool
        Whether they are antineutrinos.
    timing : {"prompt", "delayed", "continuous"}
        When they come, after a pulse of the source.
    spectrum : Spectrum
        Energy spectrum per emitted neutrino.
    rate : float
        Neutrinos emitted per second, into all directions.

    Raises
    ------
    UnknownNameError
        If the flavour or the timing is not one of those named.
    DomainError
        If the rate is negative or not finite.

    Examples
    --------
    >>> Beam("nu_mu", "mu", False, "prompt", LineSpectrum(29.79), rate=5e14).flavour
    'mu'
    """

    name: str
    flavour: str
    antineutrino: bool
    timing: str
    spectrum: Spectrum
    rate: float

    def __post_init__(self) -> None:
        """Refuse an unknown flavour or timing and an impossible rate."""
        if self.flavour not in FLAVOURS:
            raise UnknownNameError("flavour", self.flavour, FLAVOURS)
        if self.timing not in TIMINGS:
            raise UnknownNameError("timing", self.timing, TIMINGS)
        checked("emission rate", self.rate, "1/s", at_least=0)


@dataclass(frozen=True)
class Source:
    """A source, as the beams that it emits.

    Parameters
    ----------
    name : str
        Name of the source.
    beams : tuple of Beam
        Its beams.

    Examples
    --------
    >>> [beam.name for beam in sns().select("delayed")]
    ['nu_e', 'nubar_mu']
    """

    name: str
    beams: tuple[Beam, ...]

    def select(self, which: str = "all") -> tuple[Beam, ...]:
        """Return the beams with a name or a timing.

        Parameters
        ----------
        which : str, optional
            ``"all"``, a timing such as ``"prompt"``, or the name of one beam.

        Returns
        -------
        tuple of Beam
            At least one beam.

        Raises
        ------
        UnknownNameError
            If no beam answers.

        Examples
        --------
        >>> sns().select("promt")
        Traceback (most recent call last):
        ...
        cevnslib.errors.UnknownNameError: unknown beam 'promt' (did you mean 'prompt'?); allowed: \
all, prompt, delayed, nu_mu, nu_e, nubar_mu
        """
        chosen = tuple(b for b in self.beams if which in ("all", b.timing, b.name))
        if not chosen:
            names = ["all", *(b.timing for b in self.beams), *(b.name for b in self.beams)]
            raise UnknownNameError("beam", which, dict.fromkeys(names))
        return chosen


def sns(
    *,
    neutrinos_per_proton: float = 0.08,
    protons_per_second: float = 1.76e23 / (308.1 * DAY),
    constants: Constants = CODATA_2022,
) -> Source:
    r"""Return a spallation source: pions and muons that decay at rest.

    .. math:: f_{\nu_\mu} = \delta\!\left(E - \tfrac{m_\pi^2 - m_\mu^2}{2 m_\pi}\right), \quad
              f_{\nu_e} = \frac{192 E^2}{m_\mu^3}\left(\frac12 - \frac{E}{m_\mu}\right), \quad
              f_{\bar\nu_\mu} = \frac{64 E^2}{m_\mu^3}\left(\frac34 - \frac{E}{m_\mu}\right)

    Parameters
    ----------
    neutrinos_per_proton : float, optional
        Neutrinos of each flavour per proton on target; 0.08 from COHERENT, arXiv:1804.09459.
    protons_per_second : float, optional
        Proton rate; by default 1.76e23 protons in 308.1 days, as in COHERENT's first CsI run.
    constants : Constants, optional
        Set of constants; the pion's and the muon's mass fix the spectra.

    Returns
    -------
    Source
        A prompt beam nu_mu and two delayed ones, nu_e and nubar_mu, up to half the muon mass.

    Raises
    ------
    DomainError
        If a number is not positive and finite.

    References
    ----------
    COHERENT, Science 357 (2017) 1123, arXiv:1708.01294.

    Examples
    --------
    >>> source = sns()
    >>> [f"{beam.spectrum.breakpoints[-1]:.2f}" for beam in source.beams]
    ['29.79', '52.83', '52.83']
    """
    per_proton = float(checked("neutrinos per proton", neutrinos_per_proton, above=0))
    rate = per_proton * float(checked("protons per second", protons_per_second, "1/s", above=0))
    pion, muon = constants.pion_mass, constants.muon_mass
    line = LineSpectrum((pion**2 - muon**2) / (2 * pion))
    electron = PolynomialSpectrum((0, 0, 96 / muon**3, -192 / muon**4), muon / 2)
    antimuon = PolynomialSpectrum((0, 0, 48 / muon**3, -64 / muon**4), muon / 2)
    return Source(
        "sns",
        (
            Beam("nu_mu", "mu", False, "prompt", line, rate),
            Beam("nu_e", "e", False, "delayed", electron, rate),
            Beam("nubar_mu", "mu", True, "delayed", antimuon, rate),
        ),
    )
