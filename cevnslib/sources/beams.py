"""Beams of neutrinos, and the sources made of them."""

import math
from dataclasses import dataclass
from types import MappingProxyType, NoneType

from ..checks import checked_choice, checked_kind, checked_number, checked_tuple, keep, made
from ..physics.mixing import FLAVOURS
from .arrivals import MUON_LIFETIME_US, Arrival, Pulsed, Unpulsed
from .flux import TIMINGS, Component, Flux, checked_names, pure_density, samples_of, selected
from .spectra import Spectrum

__all__ = [
    "Beam",
    "Source",
]
#: When neutrinos come if a beam does not say it more exactly: as from pions and muons at rest.
_ARRIVALS = MappingProxyType(
    dict(zip(TIMINGS, (Pulsed(), Pulsed((MUON_LIFETIME_US,)), Unpulsed()), strict=True))
)


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
        Energy spectrum, per emitted neutrino or, of a reactor, per fission.
    rate : float
        Neutrinos, or fissions, per second; they go into all directions.
    arrival : Arrival, optional
        When they come, exactly; by default with a pulse of no width, after it with the life of the
        muon, or at all times, as the timing says.

    Examples
    --------
    >>> from cevnslib.sources.spectra import LineSpectrum
    >>> Beam("nu_mu", "mu", False, "prompt", LineSpectrum(29.79), rate=5e14).flavour
    'mu'
    """

    name: str
    flavour: str
    antineutrino: bool
    timing: str
    spectrum: Spectrum
    rate: float
    arrival: Arrival | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown flavour or timing and an impossible rate."""
        checked_kind("name", self.name, str)
        checked_choice("flavour", self.flavour, FLAVOURS)
        checked_kind("antineutrino", self.antineutrino, bool)
        checked_choice("timing", self.timing, TIMINGS)
        checked_kind("spectrum", self.spectrum, Spectrum)
        checked_kind("arrival", self.arrival, Arrival | NoneType)
        keep(self, rate=checked_number("emission rate", self.rate, "1/s", at_least=0))


@dataclass(frozen=True)
class Source:
    """A source, as the beams that it emits.

    Parameters
    ----------
    name : str
        Name of the source.
    beams : tuple of Beam
        Its beams, at least one.
    title : str, optional
        What it is, in words; by default its name.

    Examples
    --------
    >>> from cevnslib.sources.sns import spallation_source
    >>> [beam.name for beam in spallation_source().select("delayed")]
    ['nu_e', 'nubar_mu']
    """

    name: str
    beams: tuple[Beam, ...]
    title: str = ""

    def __post_init__(self) -> None:
        """Refuse a source of nothing."""
        name, title = (checked_kind(key, getattr(self, key), str) for key in ("name", "title"))
        kind = f"beams of {self.name}"
        keep(self, title=title or name, beams=checked_tuple(kind, self.beams, Beam))
        checked_names(kind, self.beams)

    @property
    def samples(self) -> dict[str, str]:
        """What is told apart of it by time: a name for each sample, and what `select` takes."""
        return samples_of(self.name, self.beams)

    def select(self, which: str = "all") -> tuple[Beam, ...]:
        """Return the beams with a name or a timing.

        Parameters
        ----------
        which : str, optional
            ``"all"``, a timing such as ``"prompt"``, or the name of one beam.

        Examples
        --------
        >>> from cevnslib.sources.sns import spallation_source
        >>> spallation_source().select("promt")
        Traceback (most recent call last):
        ...
        cevnslib.errors.UnknownNameError: unknown beam 'promt' (did you mean 'prompt'?); allowed: \
all, prompt, delayed, nu_mu, nu_e, nubar_mu
        """
        return selected("beam", self.beams, which)

    def at(self, baseline_m: float) -> Flux:
        """Return the flux at a distance, over the area of a sphere.

        Parameters
        ----------
        baseline_m : float
            Distance in m, above 0. Around a source in the middle of a ball of radius R the mean
            flux is that at R divided by the square root of 3.

        Examples
        --------
        >>> from cevnslib.sources.reactor import reactor_of_power
        >>> (core,) = reactor_of_power(3.9).at(17).components
        >>> f"{core.intensity:.2e} fissions per second and square centimetre of the sphere"
        '3.25e+12 fissions per second and square centimetre of the sphere'
        """
        baseline = checked_number("baseline", baseline_m, "m", above=0)
        area = 4 * math.pi * (100 * baseline) ** 2
        components = tuple(
            made(
                Component,
                name=beam.name,
                spectrum=beam.spectrum,
                intensity=beam.rate / area,
                density=pure_density(beam.flavour),
                antineutrino=beam.antineutrino,
                arrival=beam.arrival or _ARRIVALS[beam.timing],
                timing=beam.timing,
                baseline_m=baseline,
            )
            for beam in self.beams
        )
        return made(Flux, name=self.name, components=components, title=self.title)
