"""Beams of neutrinos, and the sources made of them."""

from dataclasses import dataclass

from ..checks import checked_choice, checked_kind, checked_number, checked_tuple, keep
from ..errors import DomainError
from ..physics.mixing import FLAVOURS
from .spectra import Spectrum

__all__ = [
    "Beam",
    "Source",
]
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
        Energy spectrum, per emitted neutrino or, of a reactor, per fission.
    rate : float
        Neutrinos, or fissions, per second; they go into all directions.

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

    def __post_init__(self) -> None:
        """Refuse an unknown flavour or timing and an impossible rate."""
        checked_kind("name", self.name, str)
        checked_choice("flavour", self.flavour, FLAVOURS)
        checked_kind("antineutrino", self.antineutrino, bool)
        checked_choice("timing", self.timing, TIMINGS)
        checked_kind("spectrum", self.spectrum, Spectrum)
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
        title = checked_kind("title", self.title, str) or checked_kind("name", self.name, str)
        keep(self, title=title, beams=checked_tuple(f"beams of {self.name}", self.beams, Beam))
        names = [beam.name for beam in self.beams]
        taken = {"all", *(beam.timing for beam in self.beams)}
        if len(set(names)) < len(names) or taken & set(names):
            raise DomainError(
                f"beams of {self.name}: got the names {', '.join(names)}; allowed: each once, and "
                f"none of {', '.join(sorted(taken))}"
            )

    @property
    def samples(self) -> dict[str, str]:
        """What is told apart of it by time: a name for each sample, and what `select` takes."""
        timings = dict.fromkeys(beam.timing for beam in self.beams)
        if len(timings) == 1:
            return {self.name: "all"}
        return {timing: timing for timing in timings} | {"all": "all"}

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
        names = ["all", *(b.timing for b in self.beams), *(b.name for b in self.beams)]
        checked_choice("beam", which, dict.fromkeys(names))
        return tuple(b for b in self.beams if which in ("all", b.timing, b.name))
