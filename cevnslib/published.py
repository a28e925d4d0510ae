"""The published limits, and the verdict on ours."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources

from .errors import UnknownNameError, checked

__all__ = ["CLOSE", "REPRODUCED", "PublishedLimit", "Verdict", "compare", "limits"]

#: Relative differences up to which a number counts as reproduced, and as close.
REPRODUCED, CLOSE = 0.035, 0.25


@dataclass(frozen=True)
class PublishedLimit:
    """One number of the published table.

    Parameters
    ----------
    experiment, beam, stage : str
        The row and the column block: ``beam`` is prompt, delayed, reactor or solar.
    index : {1, 2, 3}
        Which Lambda_i.
    printed : str
        The number as printed, in 1e-10 Bohr magnetons.

    Examples
    --------
    >>> number = limits("coherent-csi", "prompt", "current")[0]
    >>> number.value, number.half_unit
    (69.2, 0.05)
    """

    experiment: str
    beam: str
    stage: str
    index: int
    printed: str

    @property
    def value(self) -> float:
        """The number, in 1e-10 Bohr magnetons."""
        return float(self.printed)

    @property
    def half_unit(self) -> float:
        """Half a unit of its last printed digit: how far rounding may have moved it."""
        exponent = Decimal(self.printed).as_tuple().exponent
        return float(Decimal(5).scaleb(int(exponent) - 1))


@dataclass(frozen=True)
class Verdict:
    """Our number beside the published one.

    Parameters
    ----------
    published : PublishedLimit
        The published number.
    ours : float
        Ours, in Bohr magnetons.

    Examples
    --------
    >>> published = limits("coherent-csi", "prompt", "current")[0]
    >>> compare(published, 71e-10).word
    'reproduced'
    """

    published: PublishedLimit
    ours: float

    @property
    def ratio(self) -> float:
        """Ours over the published number."""
        return self.ours / 1e-10 / self.published.value

    @property
    def to_rounding(self) -> bool:
        """Whether ours, rounded as printed, is the published number."""
        difference = abs(self.ours / 1e-10 - self.published.value)
        return difference <= self.published.half_unit * (1 + 1e-9)

    @property
    def word(self) -> str:
        """The verdict: ``"reproduced"``, ``"close"`` or ``"not reproduced"``.

        Reproduced means within 3.5%, or to the printed rounding; close means within 25%.
        """
        if self.to_rounding or abs(self.ratio - 1) <= REPRODUCED:
            return "reproduced"
        return "close" if abs(self.ratio - 1) <= CLOSE else "not reproduced"


@cache
def _table() -> tuple[PublishedLimit, ...]:
    path = resources.files(__package__) / "data" / "published_tmm_limits.csv"
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    return tuple(
        PublishedLimit(row["experiment"], row["beam"], row["stage"], i, row[f"lambda{i}"])
        for row in csv.DictReader(lines)
        for i in (1, 2, 3)
    )


def limits(
    experiment: str | None = None, beam: str | None = None, stage: str | None = None
) -> tuple[PublishedLimit, ...]:
    """Return published limits, all of them or those of one experiment, beam or stage.

    Parameters
    ----------
    experiment, beam, stage : str, optional
        What to choose by; without it, any.

    Returns
    -------
    tuple of PublishedLimit
        In the order of the table; arXiv:1905.03750, table of 90% C.L. limits.

    Raises
    ------
    UnknownNameError
        If nothing in the table bears the name.

    Examples
    --------
    >>> [number.printed for number in limits("coherent-csi", "delayed", "current")]
    ['54.5', '48.7', '49.8']
    >>> len(limits())
    81
    """
    chosen = _table()
    for key, name in (("experiment", experiment), ("beam", beam), ("stage", stage)):
        if name is not None:
            known = dict.fromkeys(getattr(number, key) for number in chosen)
            if name not in known:
                raise UnknownNameError(f"published {key}", name, known)
            chosen = tuple(number for number in chosen if getattr(number, key) == name)
    return chosen


def compare(published: PublishedLimit, ours: float) -> Verdict:
    """Set our limit beside the published one.

    Parameters
    ----------
    published : PublishedLimit
        The published number.
    ours : float
        Ours, in Bohr magnetons, above 0.

    Returns
    -------
    Verdict
        With the ratio and the verdict in a word.

    Raises
    ------
    DomainError
        If ``ours`` is not positive and finite.

    Examples
    --------
    >>> compare(limits("coherent-csi", "prompt", "current")[0], 80e-10).word
    'close'
    """
    return Verdict(published, float(checked("our limit", ours, "mu_B", above=0)))
