"""Sources seen through an oscillation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import checked, checked_kind, checked_number, keep
from ..errors import DomainError, quoted
from ..physics.oscillations import SterileMixing, oscillation_phase, oscillation_term
from .beams import Source
from .flux import Flux
from .spectra import LineSpectrum, NumericalSpectrum, SmoothSpectrum, Spectrum

__all__ = [
    "OscillatedSpectrum",
    "energy_panels",
    "seen_flux",
    "seen_source",
]
#: Half-phase within a panel, and the half-phase beyond which an oscillation is taken as averaged.
_PANEL_PHASE, _AVERAGED_PHASE = 6.0, 1e4
#: Panels between two edges, which an integral can still bear.
_MOST_PANELS = 200_000


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
        See `cevnslib.physics.oscillations.oscillation_term`.

    Examples
    --------
    >>> from cevnslib.sources.sns import spallation_source
    >>> original = spallation_source().beams[1].spectrum
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
        checked_kind("original", self.original, SmoothSpectrum)
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

    def _density(self, E: NDArray[np.float64]) -> NDArray[np.float64]:
        positive = np.where(E > 0, E, 1.0)
        fast = self.breakpoints[0] > E
        term = oscillation_term(positive, self.baseline, self.splitting, self.spread)
        faded = 1 - self.amplitude * np.where(fast, 0.5, term)
        density: NDArray[np.float64] = self.original.density(E) * faded
        return density

    def _moments(
        self, E_min: NDArray[np.float64], order: int, lowest: int = 0
    ) -> NDArray[np.float64]:
        start = self.breakpoints[0]
        above = super()._moments(E_min, order, lowest)
        below = self.original.moments(np.minimum(E_min, start), order, lowest)
        below = below - self.original.moments(np.full(E_min.shape, start), order, lowest)
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
        See `cevnslib.physics.oscillations.oscillation_term`.
    signal : {"active", "e and mu", "survival"}, optional
        What still counts, see `cevnslib.physics.oscillations.SIGNALS`.

    Returns
    -------
    Source
        The same beams, weaker where the signal is less; the rates and spectra are those that
        `cevnslib.folding` needs at that baseline.

    Examples
    --------
    >>> from cevnslib.sources.sns import spallation_source
    >>> sns = spallation_source()
    >>> seen = seen_source(sns, SterileMixing(0.0, 0.1), splitting=2.0, baseline=1930.0)
    >>> [round(s.rate / b.rate, 4) for s, b in zip(seen.beams, sns.beams)]
    [0.6418, 1.0, 1.0]
    """
    checked_kind("source", source, Source)
    checked_kind("mixing", mixing, SterileMixing)
    splitting = checked_number("splitting", splitting, "eV^2", at_least=0)
    baseline = checked_number("baseline", baseline, "cm", above=0)
    beams = []
    for beam in source.beams:
        lost = mixing.lost_share(beam.flavour, signal)
        factor, spectrum = _seen(beam.spectrum, lost, splitting, baseline, spread)
        beams.append(replace(beam, rate=beam.rate * factor, spectrum=spectrum))
    return replace(source, beams=tuple(beams))


def seen_flux(
    flux: Flux,
    mixing: SterileMixing,
    splitting: float,
    *,
    spread: float = 0.0,
    signal: str = "active",
) -> Flux:
    """Return a flux as it is seen through 3+1 oscillations, each component from its own distance.

    Parameters
    ----------
    flux : Flux
        A flux whose components are born with one flavour at a known distance, as
        `cevnslib.sources.beams.Source.at` and `cevnslib.sources.reactor.cores` give it.
    mixing, splitting, spread, signal
        See `seen_source`.

    Returns
    -------
    Flux
        The same components, weaker where the signal is less.

    Examples
    --------
    >>> from cevnslib.sources.reactor import cores
    >>> flux = cores({"near": (4.25, 72.0), "far": (4.25, 102.0)})
    >>> seen = seen_flux(flux, SterileMixing(0.02), splitting=0.1)
    >>> [round(float(part.spectrum.moments(2.0, 0)[0] / before.spectrum.moments(2.0, 0)[0]), 4)
    ...  for part, before in zip(seen.components, flux.components)]
    [0.9666, 0.9639]
    """
    checked_kind("flux", flux, Flux)
    checked_kind("mixing", mixing, SterileMixing)
    splitting = checked_number("splitting", splitting, "eV^2", at_least=0)
    components = []
    for part in flux.components:
        if part.flavour is None or part.baseline_m is None:
            what = "no baseline" if part.flavour else "a mixture of flavours"
            raise DomainError(
                f"component {part.name}: got {what}; allowed: one flavour, at a baseline_m"
            )
        lost = mixing.lost_share(part.flavour, signal)
        factor, spectrum = _seen(part.spectrum, lost, splitting, 100 * part.baseline_m, spread)
        components.append(replace(part, intensity=part.intensity * factor, spectrum=spectrum))
    return replace(flux, components=tuple(components))


def _seen(
    spectrum: Spectrum, amplitude: float, splitting: float, baseline: float, spread: float
) -> tuple[float, Spectrum]:
    """Return what is left of a spectrum, as a factor and a spectrum; the baseline is in cm."""
    if isinstance(spectrum, LineSpectrum):
        term = float(oscillation_term(spectrum.energy, baseline, splitting, spread))
        return 1 - amplitude * term, spectrum
    seen = OscillatedSpectrum(spectrum, amplitude, splitting, baseline, spread)
    return 1.0, seen if amplitude else spectrum
