r"""Sterile neutrinos: 3+1 oscillations, sources seen through them, and what they exclude.

At the baselines of coherent scattering only the splitting :math:`\Delta m^2_{41}` matters, so

.. math:: P_{\alpha\beta} = \delta_{\alpha\beta} - 4|U_{\alpha 4}|^2
          \big(\delta_{\alpha\beta} - |U_{\beta 4}|^2\big) \sin^2\frac{\Delta}{2}, \quad
          \Delta = \frac{\Delta m^2_{41} L}{2 \hbar c E}.

This module holds the probabilities, and sources seen through them; `cevnslib.disappearance` what
experiments say of the mixing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .constants import CODATA_2022
from .errors import (
    DomainError,
    checked,
    checked_choice,
    checked_kind,
    checked_number,
    checked_shapes,
    keep,
    quoted,
)
from .mixing import TALK_2019, OscillationParameters, pmns
from .sources import FLAVOURS, Beam, Source
from .spectra import LineSpectrum, NumericalSpectrum, PolynomialSpectrum

__all__ = [
    "SIGNALS",
    "OscillatedSpectrum",
    "SterileMixing",
    "energy_panels",
    "mixing_matrix",
    "oscillation_phase",
    "oscillation_term",
    "probability",
    "seen_source",
]

#: What is taken for the part of a beam that still scatters: all active flavours, as a detector that
#: is blind to flavour counts; nu_e and nu_mu, as the talk writes; or the flavour of the beam alone.
SIGNALS = ("active", "e and mu", "survival")

#: Half-phase within a panel, and the half-phase beyond which an oscillation is taken as averaged.
_PANEL_PHASE, _AVERAGED_PHASE = 6.0, 1e4
#: Panels between two edges, which an integral can still bear.
_MOST_PANELS = 200_000


@dataclass(frozen=True)
class SterileMixing:
    r"""Mixing of a fourth neutrino.

    .. math:: |U_{e4}|^2 = s_{14}^2, \quad |U_{\mu4}|^2 = c_{14}^2 s_{24}^2, \quad
              |U_{\tau4}|^2 = c_{14}^2 c_{24}^2 s_{34}^2, \quad
              |U_{s4}|^2 = c_{14}^2 c_{24}^2 c_{34}^2

    Parameters
    ----------
    sin2_theta14, sin2_theta24, sin2_theta34 : float, optional
        sin^2 of the mixing angles, from 0 to 1.

    Raises
    ------
    DomainError
        If a sin^2 lies outside 0 to 1 or is not finite.

    Examples
    --------
    >>> mixing = SterileMixing(0.02, 0.01)
    >>> mixing.shares
    array([0.02  , 0.0098, 0.    , 0.9702])
    >>> round(mixing.sin2_2theta("e", "mu"), 6)
    0.000784
    """

    sin2_theta14: float = 0.0
    sin2_theta24: float = 0.0
    sin2_theta34: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no mixing angle."""
        angles = vars(self).items()
        keep(self, **{name: checked_number(name, x, at_least=0, at_most=1) for name, x in angles})

    @property
    def shares(self) -> NDArray[np.float64]:
        """The shares ``|U_a4|^2`` of nu_e, nu_mu, nu_tau and nu_s in the fourth neutrino."""
        angles = (self.sin2_theta14, self.sin2_theta24, self.sin2_theta34)
        left = np.cumprod([1.0, *(1.0 - angle for angle in angles)])
        shares: NDArray[np.float64] = left * np.array([*angles, 1.0])
        return shares

    def share(self, flavour: str) -> float:
        """Return ``|U_a4|^2`` of one flavour: ``"e"``, ``"mu"``, ``"tau"`` or ``"s"``.

        Raises
        ------
        UnknownNameError
            If there is no such flavour.
        """
        flavours = (*FLAVOURS, "s")
        checked_choice("flavour", flavour, flavours)
        return float(self.shares[flavours.index(flavour)])

    def sin2_2theta(self, initial: str, final: str) -> float:
        """Return the amplitude of an oscillation.

        Parameters
        ----------
        initial, final : {"e", "mu", "tau", "s"}
            Flavours; the same one twice gives the amplitude of its disappearance.

        Returns
        -------
        float
            ``4 |U_a4|^2 |U_b4|^2``, or ``4 |U_a4|^2 (1 - |U_a4|^2)``, from 0 to 1.

        Raises
        ------
        UnknownNameError
            If there is no such flavour.
        """
        first, second = self.share(initial), self.share(final)
        # 4 x (1 - x) may round to more than one.
        return min(4 * first * (1 - first if initial == final else second), 1.0)

    def lost_share(self, flavour: str, signal: str = "active") -> float:
        r"""Return the amplitude with which a beam fades.

        Parameters
        ----------
        flavour : {"e", "mu", "tau"}
            The flavour of the beam.
        signal : {"active", "e and mu", "survival"}, optional
            What still counts, see `SIGNALS`.

        Returns
        -------
        float
            1 less the signal is this times :math:`\sin^2\Delta/2`: of an ``"active"`` signal
            :math:`4|U_{\alpha4}|^2|U_{s4}|^2`.

        Raises
        ------
        UnknownNameError
            If there is no such flavour or signal.
        """
        checked_choice("signal", signal, SIGNALS)
        checked_choice("flavour", flavour, FLAVOURS)
        kept = {"active": FLAVOURS, "e and mu": ("e", "mu"), "survival": (flavour,)}[signal]
        lost = [one for one in (*FLAVOURS, "s") if one not in kept]
        if flavour in lost:  # a nu_tau beam that counts as nu_e and nu_mu only
            return 1.0
        return min(4 * self.share(flavour) * sum(self.share(one) for one in lost), 1.0)


def mixing_matrix(
    mixing: SterileMixing, parameters: OscillationParameters = TALK_2019
) -> NDArray[np.complex128]:
    """Return the 4x4 lepton mixing matrix U = R34 R24 R14 U3, without sterile phases.

    Parameters
    ----------
    mixing : SterileMixing
        Mixing of the fourth neutrino.
    parameters : OscillationParameters, optional
        Mixing of the other three.

    Returns
    -------
    ndarray of complex, shape (4, 4)
        Rows e, mu, tau, s; columns 1 to 4.

    Examples
    --------
    >>> U = mixing_matrix(SterileMixing(0.02, 0.01))
    >>> (abs(U[:, 3]) ** 2).round(4)
    array([0.02  , 0.0098, 0.    , 0.9702])
    """
    checked_kind("mixing", mixing, SterileMixing)
    U = np.eye(4, dtype=np.complex128)
    U[:3, :3] = pmns(parameters)
    angles = (mixing.sin2_theta14, mixing.sin2_theta24, mixing.sin2_theta34)
    for i, sin2 in enumerate(angles):
        rotation = np.eye(4)
        rotation[i, i] = rotation[3, 3] = np.sqrt(1 - sin2)
        rotation[i, 3], rotation[3, i] = np.sqrt(sin2), -np.sqrt(sin2)
        U = rotation @ U
    return U


def oscillation_phase(
    E: ArrayLike, baseline: ArrayLike, splitting: ArrayLike
) -> NDArray[np.float64]:
    r"""Return the phase :math:`\Delta = \Delta m^2 L / 2 \hbar c E`.

    Parameters
    ----------
    E : array_like
        Neutrino energy in MeV, above 0.
    baseline : array_like
        Distance from the source in cm, above 0.
    splitting : array_like
        :math:`\Delta m^2_{41}` in eV^2, at least 0.

    Returns
    -------
    ndarray
        Phase in radians, the broadcast shape.

    Raises
    ------
    DomainError
        If a number lies outside its domain.

    Notes
    -----
    The talk's factor 2.54 eV^-2 MeV/m, with all its digits.

    Examples
    --------
    >>> float(oscillation_phase(1.0, 100.0, 1.0).round(5))
    2.53387
    """
    E = checked("neutrino energy E", E, "MeV", above=0)
    baseline = checked("baseline", baseline, "cm", above=0)
    splitting = checked("splitting", splitting, "eV^2", at_least=0)
    checked_shapes(E=E, baseline=baseline, splitting=splitting)
    # eV^2 to MeV^2, fm to cm.
    phase: NDArray[np.float64] = splitting * 1e-12 * baseline / (2 * E * CODATA_2022.hbar_c * 1e-13)
    return phase


def oscillation_term(
    E: ArrayLike, baseline: ArrayLike, splitting: ArrayLike, spread: float = 0.0
) -> NDArray[np.float64]:
    r"""Return :math:`\sin^2\Delta/2`, averaged over a spread of the baseline.

    Parameters
    ----------
    E, baseline, splitting : array_like
        See `oscillation_phase`.
    spread : float, optional
        Full width of a uniform spread of the baseline in cm, from the size of source and detector;
        less than twice the baseline.

    Returns
    -------
    ndarray
        From 0 to 1, the broadcast shape.

    Raises
    ------
    DomainError
        If a number lies outside its domain.

    Notes
    -----
    The average is :math:`\frac12\big(1 - \cos\Delta\,\frac{\sin x}{x}\big)` with
    :math:`x = \Delta\,w/2L` and width w.

    Examples
    --------
    >>> oscillation_term([2.0, 4.0], 1000.0, 1.0).round(4)
    array([0.0026, 0.0007])
    >>> oscillation_term([2.0, 4.0], 1000.0, 1.0, spread=200.0).round(4)
    array([0.1254, 0.0334])
    """
    phase = oscillation_phase(E, baseline, splitting)
    baseline = np.asarray(baseline, dtype=np.float64)
    width = checked_number("spread of the baseline", spread, "cm", at_least=0)
    if not width:
        return np.square(np.sin(phase / 2))
    x = phase * width / 2 / baseline
    if np.any(width >= 2 * baseline):
        raise DomainError(
            f"spread of the baseline: got {width:g} cm; allowed: less than twice the baseline"
        )
    washed = np.sinc(x / np.pi)
    term: NDArray[np.float64] = washed * np.sin(phase / 2) ** 2 + (1 - washed) / 2
    return term


def probability(
    initial: str,
    final: str,
    E: ArrayLike,
    baseline: ArrayLike,
    splitting: ArrayLike,
    mixing: SterileMixing,
    *,
    spread: float = 0.0,
) -> NDArray[np.float64]:
    """Return the probability that one flavour is found as another.

    Parameters
    ----------
    initial : {"e", "mu", "tau", "s"}
        Flavour at the source.
    final : {"e", "mu", "tau", "s", "active"}
        Flavour at the detector; ``"active"`` is any but the sterile one.
    E, baseline, splitting : array_like
        See `oscillation_phase`.
    mixing : SterileMixing
        Mixing of the fourth neutrino.
    spread : float, optional
        See `oscillation_term`.

    Returns
    -------
    ndarray
        From 0 to 1, the broadcast shape. The same for antineutrinos.

    Raises
    ------
    UnknownNameError
        If there is no such flavour.
    DomainError
        If a number lies outside its domain.

    References
    ----------
    Talk of 2019, sensitivity to the sterile mixing parameters; its approximation is exact once the
    other splittings are neglected.

    Examples
    --------
    >>> mixing = SterileMixing(0.02, 0.01)
    >>> place = {"E": 30.0, "baseline": 2000.0, "splitting": 2.0, "mixing": mixing}
    >>> float(probability("e", "e", **place).round(4))
    0.9227
    >>> float(probability("e", "active", **place).round(4))
    0.9235
    """
    checked_kind("mixing", mixing, SterileMixing)
    checked_choice("flavour", initial, (*FLAVOURS, "s"))
    checked_choice("flavour", final, (*FLAVOURS, "s", "active"))
    term = oscillation_term(E, baseline, splitting, spread)
    if final == "active":
        return 1 - probability(initial, "s", E, baseline, splitting, mixing, spread=spread)
    amplitude = mixing.sin2_2theta(initial, final)
    return 1 - amplitude * term if initial == final else amplitude * term


@dataclass(frozen=True)
class OscillatedSpectrum(NumericalSpectrum):
    r"""A spectrum seen through an oscillation: :math:`f(E)\,(1 - A \sin^2\Delta/2)`.

    Where the phase exceeds 1e4 rad the oscillation is taken as averaged: no source and no detector
    is that small.

    Parameters
    ----------
    original : Spectrum
        A spectrum with a density.
    amplitude : float
        A, from 0 to 1.
    splitting : float
        In eV^2, at least 0.
    baseline : float
        In cm, above 0.
    spread : float, optional
        See `oscillation_term`.

    Raises
    ------
    DomainError
        If a number lies outside its domain.

    Examples
    --------
    >>> from cevnslib.sources import sns
    >>> original = sns().beams[1].spectrum
    >>> seen = OscillatedSpectrum(original, amplitude=0.1, splitting=50.0, baseline=2000.0)
    >>> (seen.moments(20.0, order=1) / original.moments(20.0, order=1)).round(3)
    array([0.95, 0.95])
    """

    original: Any
    amplitude: float
    splitting: float
    baseline: float
    spread: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no oscillation."""
        keep(
            self,
            amplitude=checked_number("amplitude", self.amplitude, at_least=0, at_most=1),
            splitting=checked_number("splitting", self.splitting, "eV^2", at_least=0),
            baseline=checked_number("baseline", self.baseline, "cm", above=0),
            spread=checked_number("spread of the baseline", self.spread, "cm", at_least=0),
        )
        checked_kind("original", self.original, PolynomialSpectrum | NumericalSpectrum)
        oscillation_term(1.0, self.baseline, self.splitting, self.spread)

    @cached_property
    def breakpoints(self) -> tuple[float, ...]:
        """Energies between which the spectrum is smooth and oscillates a few times at most."""
        unit_phase = float(oscillation_phase(1.0, self.baseline, self.splitting)) / 2
        end = self.original.breakpoints[-1]
        start = max(1e-6 * end, unit_phase / _AVERAGED_PHASE, 0.0)
        if len(self.original.breakpoints) > 1:
            start = max(start, self.original.breakpoints[0])
        kinks = [E for E in self.original.breakpoints if start < E < end]
        start = min(start, 0.999 * end)
        return tuple(float(E) for E in energy_panels([start, *kinks, end], unit_phase))

    def density(self, E: ArrayLike) -> NDArray[np.float64]:
        """Return f(E) (1 - A sin^2); see ``NumericalSpectrum``."""
        E = checked("neutrino energy E", E, "MeV", at_least=0)
        positive = np.where(E > 0, E, 1.0)
        fast = self.breakpoints[0] > E
        term = oscillation_term(positive, self.baseline, self.splitting, self.spread)
        faded = 1 - self.amplitude * np.where(fast, 0.5, term)
        density: NDArray[np.float64] = self.original.density(E) * faded
        return density

    def moments(self, E_min: ArrayLike, order: int) -> NDArray[np.float64]:
        """Return the moments; see ``NumericalSpectrum``."""
        E_min = checked("E_min", E_min, "MeV", at_least=0)
        start = self.breakpoints[0]
        above = super().moments(E_min, order)
        below = self.original.moments(np.minimum(E_min, start), order)
        below = below - self.original.moments(np.full(E_min.shape, start), order)
        total: NDArray[np.float64] = above + (1 - self.amplitude / 2) * below
        return total


def energy_panels(edges: Sequence[float], unit_phase: float) -> NDArray[np.float64]:
    """Return panels of the energy in which an oscillation and any power of E are smooth.

    Parameters
    ----------
    edges : sequence of float
        Rising energies in MeV, above 0, that must be among the ends of the panels.
    unit_phase : float
        Half the phase of the oscillation at 1 MeV, in radians.

    Returns
    -------
    ndarray
        Rising energies from the first edge to the last.

    Raises
    ------
    DomainError
        If the edges are not at least two rising numbers, or the phase is absurd.

    Examples
    --------
    >>> energy_panels([1.0, 2.0], unit_phase=30.0).round(3)
    array([1.   , 1.2  , 1.414, 1.5  , 2.   ])
    """
    unit_phase = checked_number("unit phase", unit_phase, "rad MeV", at_least=0, at_most=1e9)
    ends = checked("edges", edges, "MeV", above=0)
    if ends.ndim != 1 or len(ends) < 2 or np.any(np.diff(ends) <= 0):
        raise DomainError(f"edges: got {quoted(edges)}; allowed: at least two rising numbers")
    panels = []
    for low, high in pairwise(ends):
        phases = unit_phase * (1 / low - 1 / high) / _PANEL_PHASE
        if phases > _MOST_PANELS:
            raise DomainError(
                f"oscillation: got {phases * _PANEL_PHASE:.3g} rad of half-phase from {low:g} to "
                f"{high:g} MeV; allowed: at most {_MOST_PANELS * _PANEL_PHASE:g}, by a smaller "
                "splitting or baseline (one so fast is averaged: half its amplitude is lost)"
            )
        if phases < 2:
            panels.append(np.geomspace(low, high, 2 + int(np.log(high / low) / np.log(1.5)))[:-1])
            number = 2 + int(phases)
            panels.append(1 / np.linspace(1 / low, 1 / high, number)[1:-1])
        else:
            panels.append(1 / np.linspace(1 / low, 1 / high, 2 + int(phases))[:-1])
            panels.append(np.geomspace(low, high, 2 + int(np.log(high / low) / np.log(1.5)))[1:-1])
    return np.unique(np.concatenate([*panels, ends[-1:]]))


def seen_source(
    source: Source,
    mixing: SterileMixing,
    splitting: float,
    baseline: float,
    *,
    spread: float = 0.0,
    signal: str = "active",
) -> Source:
    """Return a source as it is seen through 3+1 oscillations.

    Parameters
    ----------
    source : Source
        The source.
    mixing : SterileMixing
        Mixing of the fourth neutrino.
    splitting : float
        In eV^2, at least 0.
    baseline : float
        In cm, above 0.
    spread : float, optional
        See `oscillation_term`.
    signal : {"active", "e and mu", "survival"}, optional
        What still counts, see `SIGNALS`.

    Returns
    -------
    Source
        The same beams, weaker where the signal is less; the rates and spectra are those that
        `cevnslib.rates` needs at that baseline.

    Raises
    ------
    UnknownNameError
        If there is no such signal.
    DomainError
        If a number lies outside its domain.

    Examples
    --------
    >>> from cevnslib.sources import sns
    >>> seen = seen_source(sns(), SterileMixing(0.0, 0.1), splitting=2.0, baseline=1930.0)
    >>> [round(s.rate / b.rate, 4) for s, b in zip(seen.beams, sns().beams)]
    [0.6418, 1.0, 1.0]
    """
    checked_kind("source", source, Source)
    checked_kind("mixing", mixing, SterileMixing)
    splitting = checked_number("splitting", splitting, "eV^2", at_least=0)
    baseline = checked_number("baseline", baseline, "cm", above=0)
    return replace(
        source,
        beams=tuple(
            _seen_beam(beam, mixing.lost_share(beam.flavour, signal), splitting, baseline, spread)
            for beam in source.beams
        ),
    )


def _seen_beam(
    beam: Beam, amplitude: float, splitting: float, baseline: float, spread: float
) -> Beam:
    if isinstance(beam.spectrum, LineSpectrum):
        term = float(oscillation_term(beam.spectrum.energy, baseline, splitting, spread))
        return replace(beam, rate=beam.rate * (1 - amplitude * term))
    seen = OscillatedSpectrum(beam.spectrum, amplitude, splitting, baseline, spread)
    return replace(beam, spectrum=seen) if amplitude else beam
