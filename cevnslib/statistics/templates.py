"""Nuisances by which expectations vary, and templates: counts that are added to a prediction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_kind, checked_number, keep, owned
from ..errors import DomainError, quoted

__all__ = ["Nuisance", "Template"]
Floats = NDArray[np.float64]
#: Numbers in bins: whatever numpy makes an array of comes in, and an array of float64 is kept.
Bins = Any


@dataclass(frozen=True)
class Nuisance:
    """A quantity that is known with an error, or not at all, and by which expectations vary.

    Its value x is 0 where nothing varies. What one unit of x does is the variation that a data set
    or a template gives; so a relative error of 10% is ``Nuisance("flux", 0.1)`` with the variation
    1, or ``Nuisance("flux", 1)`` with the variation 0.1. Data sets share nuisances by their names.

    Parameters
    ----------
    name : str
        What it is called.
    sigma : float
        The width of its Gaussian constraint about 0, at least 0: 0 fixes it, ``math.inf`` leaves it
        free.
    at_least : float, optional
        Its least value, at most 0: -1 keeps a template that varies by 1 from becoming negative.

    Examples
    --------
    >>> Nuisance("flux", 0.1)
    Nuisance(name='flux', sigma=0.1, at_least=None)
    """

    name: str
    sigma: float
    at_least: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no name and no width."""
        named("nuisance", self.name)
        sigma = checked_number(f"sigma of {self.name}", self.sigma, at_least=0, at_most=np.inf)
        keep(self, sigma=sigma)
        if self.at_least is not None:
            least = checked_number(f"least {self.name}", self.at_least, at_most=0)
            keep(self, at_least=least)


def named(kind: str, name: str) -> None:
    if not checked_kind(f"name of the {kind}", name, str):
        raise DomainError(f"name of the {kind}: got ''; allowed: some text")


def bins_of(name: str, counts: ArrayLike, *, at_least: float | None = None) -> Floats:
    """Return one number for each bin, or refuse them; one number is one bin."""
    numbers = np.atleast_1d(checked(name, counts, at_least=at_least))
    if numbers.ndim > 1 or not numbers.size:
        raise DomainError(
            f"{name}: got the shape {numbers.shape}; allowed: one axis of bins, at least one"
        )
    return owned(numbers)


def variations_of(
    owner: str, variations: Mapping[Nuisance, ArrayLike], bins: int | None
) -> dict[Nuisance, float | Floats]:
    """Return variations by their nuisances, one number each or one for each bin."""
    checked_kind(f"variations of {owner}", variations, Mapping)
    kept: dict[Nuisance, float | Floats] = {}
    for nuisance, variation in variations.items():
        checked_kind(f"a key in the variations of {owner}", nuisance, Nuisance)
        numbers = checked(f"variation of {owner} with {nuisance.name}", variation)
        if numbers.ndim and numbers.shape != (bins,):
            raise DomainError(
                f"variation of {owner} with {nuisance.name}: got the shape {numbers.shape}; "
                f"allowed: one number, or one for each of {bins} bins"
            )
        kept[nuisance] = owned(numbers) if numbers.ndim else float(numbers)
    return kept


@dataclass(frozen=True, eq=False)
class Template:
    """Counts in bins that are added to a prediction, such as a background.

    Parameters
    ----------
    name : str
        What it is called.
    counts : array_like, shape (bins,)
        Expected counts where all nuisances are 0.
    variations : mapping of Nuisance to float or array_like, optional
        What one unit of a nuisance adds: a number is relative to the counts, an array is in counts,
        one for each bin. Without any the template is known exactly.

    Examples
    --------
    >>> known_to_a_quarter = Nuisance("neutrons", 0.25)
    >>> Template("neutrons", [6.0, 2.0], {known_to_a_quarter: 1}).counts
    array([6., 2.])
    """

    name: str
    counts: Bins
    variations: Mapping[Nuisance, Bins] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no template."""
        named("template", self.name)
        counts = bins_of(f"counts of {self.name}", self.counts)
        keep(self, counts=counts)
        keep(self, variations=variations_of(self.name, self.variations, len(counts)))

    def _shift(self, nuisance: Nuisance) -> Floats | float:
        """Return what one unit of a nuisance adds to each bin."""
        variation: Floats | float = self.variations.get(nuisance, 0.0)
        return variation if np.ndim(variation) else np.asarray(variation * self.counts)


def together(nuisances: Sequence[Nuisance]) -> dict[str, Nuisance]:
    """Return nuisances by their names, or refuse two of one name that differ.

    Examples
    --------
    >>> list(together([Nuisance("flux", 0.1), Nuisance("flux", 0.1), Nuisance("norm", 1)]))
    ['flux', 'norm']
    """
    named: dict[str, Nuisance] = {}
    for one in nuisances:
        other = named.setdefault(one.name, one)
        if other != one:
            raise DomainError(
                f"nuisance {one.name}: got {quoted(other)} and {quoted(one)}; allowed: one "
                "meaning for each name"
            )
    return named
