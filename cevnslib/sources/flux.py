r"""A flux at the detector: components, each a spectrum with its flavours and its time of arrival.

Neutrinos of a component are described by a density matrix :math:`\rho` in flavour, for a beam of
one flavour :math:`\rho = |\nu_\alpha\rangle\langle\nu_\alpha|`, for a mass eigenstate
:math:`\rho_{\alpha\beta} = U_{\alpha i} U^*_{\beta i}`, antineutrinos with :math:`U^*`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import chain, count
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..checks import (
    checked,
    checked_choice,
    checked_fields,
    checked_kind,
    checked_number,
    checked_tuple,
    keep,
)
from ..errors import DomainError, quoted
from ..physics.mixing import FLAVOURS
from .arrivals import Arrival, Unpulsed
from .spectra import Spectrum

__all__ = [
    "TIMINGS",
    "Component",
    "Flux",
]
TIMINGS = ("prompt", "delayed", "continuous")
#: By how much a density matrix may miss what defines one.
_ROUNDING = 1e-9


class _Part(Protocol):
    """What a source and a flux are made of."""

    @property
    def name(self) -> str: ...
    @property
    def timing(self) -> str: ...


Part = TypeVar("Part", bound=_Part)


def checked_names(kind: str, parts: Sequence[_Part]) -> None:
    """Refuse parts that could be mistaken for one another."""
    names = [part.name for part in parts]
    taken = {"all", *(part.timing for part in parts)}
    if len(set(names)) < len(names) or taken & set(names):
        raise DomainError(
            f"{kind}: got the names {', '.join(names)}; allowed: each once, and none of "
            f"{', '.join(sorted(taken))}"
        )


def samples_of(name: str, parts: Sequence[_Part]) -> dict[str, str]:
    """Return what is told apart by time: a name for each sample, and what `selected` takes."""
    timings = dict.fromkeys(part.timing for part in parts)
    if len(timings) == 1:
        return {name: "all"}
    return {timing: timing for timing in timings} | {"all": "all"}


def selected(kind: str, parts: Sequence[Part], which: str) -> tuple[Part, ...]:
    """Return the parts with a name or a timing."""
    names = ["all", *(part.timing for part in parts), *(part.name for part in parts)]
    checked_choice(kind, which, dict.fromkeys(names))
    return tuple(part for part in parts if which in ("all", part.timing, part.name))


@dataclass(frozen=True)
class Component:
    """Neutrinos of one kind at the detector.

    Parameters
    ----------
    name : str
        A short name, for instance ``"nu_mu"``.
    spectrum : Spectrum
        Energy spectrum, with all weights that depend on the energy.
    intensity : float
        In 1/(cm^2 s): intensity times spectrum is the flux per MeV.
    density : {"e", "mu", "tau"} or array_like, shape (3, 3)
        A flavour, or a density matrix in flavour: Hermitian, positive, of trace 1. It is kept as
        nested tuples.
    antineutrino : bool, optional
        Whether they are antineutrinos.
    arrival : Arrival, optional
        When they come after a pulse; at all times by default.
    timing : {"continuous", "prompt", "delayed"}, optional
        Which sample they belong to where time is told apart only so.
    baseline_m : float, optional
        Distance from where they are born, in m, if it is known: what oscillations need.

    Examples
    --------
    >>> from cevnslib.sources.spectra import LineSpectrum
    >>> Component("muons", LineSpectrum(29.8), 4.4e6, "mu").shares
    (0.0, 1.0, 0.0)
    """

    name: str
    spectrum: Spectrum
    intensity: float
    density: ArrayLike
    antineutrino: bool = False
    arrival: Arrival = field(default_factory=Unpulsed)
    timing: str = "continuous"
    baseline_m: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no density matrix, and an impossible intensity."""
        checked_fields(self, name=str, spectrum=Spectrum, antineutrino=bool, arrival=Arrival)
        checked_choice("timing", self.timing, TIMINGS)
        if self.baseline_m is not None:
            keep(self, baseline_m=checked_number("baseline", self.baseline_m, "m", above=0))
        keep(
            self,
            intensity=checked_number("intensity", self.intensity, "1/(cm^2 s)", at_least=0),
            density=_checked_density(self.density),
        )

    @cached_property
    def shares(self) -> tuple[float, float, float]:
        """The shares of nu_e, nu_mu and nu_tau: the diagonal of the density matrix."""
        e, mu, tau = np.diagonal(np.asarray(self.density)).real.tolist()
        return e, mu, tau

    @cached_property
    def flavour(self) -> str | None:
        """The flavour of a component that has one only."""
        pure = [name for name, share in zip(FLAVOURS, self.shares, strict=True) if share == 1]
        return pure[0] if pure else None


@cache
def pure_density(flavour: str) -> tuple[tuple[complex, ...], ...]:
    """Return the density matrix of one flavour."""
    rows = np.eye(3, dtype=np.complex128) * np.eye(3)[FLAVOURS.index(flavour)]
    return tuple(map(tuple, rows.tolist()))


def _checked_density(density: ArrayLike) -> tuple[tuple[complex, ...], ...]:
    """Return a density matrix as nested tuples, or refuse it."""
    if isinstance(density, str):
        return pure_density(checked_choice("flavour", density, FLAVOURS))
    try:
        given = np.asarray(density)
        matrix = checked("density", given.real) + 1j * checked("density", given.imag)
    except Exception:  # what is ragged or no number, or what an object's own code raises
        matrix = np.zeros(())
    if (
        matrix.shape != (3, 3)
        or np.abs(matrix - matrix.conj().T).max() > _ROUNDING
        or abs(np.trace(matrix) - 1) > _ROUNDING
        or np.linalg.eigvalsh(matrix).min() < -_ROUNDING
    ):
        raise DomainError(
            f"density: got {quoted(density)}; allowed: {', '.join(FLAVOURS)}, or a Hermitian 3x3 "
            "matrix in flavour without negative eigenvalues, of trace 1"
        )
    return tuple(map(tuple, matrix.tolist()))


@dataclass(frozen=True)
class Flux:
    """A flux at the detector, as a sum of components.

    Parameters
    ----------
    name : str
        Name of what it comes from.
    components : tuple of Component
        Its components, at least one.
    title : str, optional
        What it is, in words; by default its name.

    Examples
    --------
    >>> from cevnslib.sources.sns import spallation_source
    >>> flux = spallation_source().at(19.3)
    >>> [f"{part.name} {part.intensity:.2e}" for part in flux.select("delayed")]
    ['nu_e 1.13e+07', 'nubar_mu 1.13e+07']
    """

    name: str
    components: tuple[Component, ...]
    title: str = ""

    def __post_init__(self) -> None:
        """Refuse a flux of nothing."""
        name, title = (checked_kind(key, getattr(self, key), str) for key in ("name", "title"))
        kind = f"components of {self.name}"
        keep(self, title=title or name, components=checked_tuple(kind, self.components, Component))
        checked_names(kind, self.components)

    @property
    def samples(self) -> dict[str, str]:
        """What is told apart of it by time: a name for each sample, and what `select` takes."""
        return samples_of(self.name, self.components)

    def select(self, which: str = "all") -> tuple[Component, ...]:
        """Return the components with a name or a timing.

        Parameters
        ----------
        which : str, optional
            ``"all"``, a timing such as ``"prompt"``, or the name of one component.
        """
        return selected("beam", self.components, which)

    def __add__(self, other: "Flux") -> "Flux":
        """Return the sum of two fluxes; a name that comes again is numbered.

        Examples
        --------
        >>> from cevnslib.sources.reactor import reactor_of_power
        >>> core = reactor_of_power(4.25)
        >>> both = core.at(72) + core.at(102)
        >>> [part.name for part in both.components]
        ['nubar_e', 'nubar_e 2']
        """
        if not isinstance(other, Flux):
            return NotImplemented
        components = {part.name: part for part in self.components}
        for part in other.components:
            numbered = (f"{part.name} {number}" for number in count(2))
            name = next(x for x in chain([part.name], numbered) if x not in components)
            components[name] = replace(part, name=name)
        name, title = (
            first if second in first.split(" and ") else f"{first} and {second}"
            for first, second in ((self.name, other.name), (self.title, other.title))
        )
        return Flux(name, tuple(components.values()), title)
