"""The published limits, and the verdict on ours."""

import csv
import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources

from ..checks import checked_choice, checked_kind, checked_number
from ..experiments import THRESHOLD_KINDS, load, load_solar, names, stages
from ..physics.mixing import TALK_2019, OscillationParameters
from .moments import limits_by_beam, solar_limits, tmm_limits

__all__ = [
    "CLOSE",
    "REPRODUCED",
    "LimitRow",
    "PublishedLimit",
    "Verdict",
    "compare",
    "limit_table",
    "published_limits",
    "verdicts",
]


@dataclass(frozen=True)
class LimitRow:
    """A row of the table of limits.

    Parameters
    ----------
    experiment, stage, beam : str
        What the row is of; the beam is a timing, ``"all"``, ``"reactor"`` or ``"solar"``.
    values : tuple of float
        Limits on the three moments in Bohr magnetons; infinite where there is none.

    Examples
    --------
    >>> LimitRow("borexino", "current", "solar", (4.4e-11, 3.6e-11, 2.8e-11)).beam
    'solar'
    """

    experiment: str
    stage: str
    beam: str
    values: tuple[float, ...]


def limit_table(
    *,
    parameters: OscillationParameters = TALK_2019,
    confidence: float = 0.90,
    reading: str = "as printed",
    phases: str = "fixed",
    threshold_kind: str | None = None,
) -> tuple[LimitRow, ...]:
    """Return the limits of all built-in experiments and stages, and of Borexino.

    Parameters
    ----------
    parameters, confidence, reading, phases
        See `tmm_limits`.
    threshold_kind : {"nuclear-recoil", "electron-equivalent"}, optional
        How to read the thresholds of all reactor experiments; by default as each description says.

    Returns
    -------
    tuple of LimitRow
        Of a spallation source the prompt beam, the delayed ones and all together.

    Raises
    ------
    UnknownNameError
        If there is no such reading, treatment of phases or kind of threshold.

    Examples
    --------
    >>> rows = limit_table(reading="as tabulated")
    >>> len(rows), rows[0].experiment, rows[0].beam
    (35, 'coherent-csi', 'prompt')
    """
    if threshold_kind is not None:
        checked_choice("threshold_kind", threshold_kind, THRESHOLD_KINDS)
    rows = []
    for name in names():
        for stage in stages(name):
            experiment = load(name, stage)
            beams = {"prompt": "prompt", "delayed": "delayed", "all": "all"}
            if experiment.source.name == "reactor":
                beams = {"reactor": "all"}
                if threshold_kind is not None:
                    experiment = load(name, stage, threshold_kind=threshold_kind)
            found = limits_by_beam(
                experiment,
                tuple(beams.values()),
                parameters=parameters,
                confidence=confidence,
                reading=reading,
                phases=phases,
            )
            for label, values in zip(beams, found, strict=True):
                rows.append(LimitRow(name, stage, label, tuple(float(x) for x in values)))
    solar = solar_limits(load_solar("borexino"), parameters)
    rows.append(LimitRow("borexino", "current", "solar", tuple(float(x) for x in solar)))
    return tuple(rows)


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
    >>> number = published_limits("coherent-csi", "prompt", "current")[0]
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
        Ours, in Bohr magnetons; infinite if there is none.

    Examples
    --------
    >>> published = published_limits("coherent-csi", "prompt", "current")[0]
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
    path = resources.files("cevnslib") / "data" / "published_tmm_limits.csv"
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    return tuple(
        PublishedLimit(row["experiment"], row["beam"], row["stage"], i, row[f"lambda{i}"])
        for row in csv.DictReader(lines)
        for i in (1, 2, 3)
    )


def published_limits(
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
    >>> [number.printed for number in published_limits("coherent-csi", "delayed", "current")]
    ['54.5', '48.7', '49.8']
    >>> len(published_limits())
    81
    """
    chosen = _table()
    for key, name in (("experiment", experiment), ("beam", beam), ("stage", stage)):
        if name is not None:
            known = dict.fromkeys(getattr(number, key) for number in chosen)
            checked_choice(f"published {key}", name, known)
            chosen = tuple(number for number in chosen if getattr(number, key) == name)
    return chosen


def compare(published: PublishedLimit, ours: float) -> Verdict:
    """Set our limit beside the published one.

    Parameters
    ----------
    published : PublishedLimit
        The published number.
    ours : float
        Ours, in Bohr magnetons, above 0; infinite if there is none.

    Returns
    -------
    Verdict
        With the ratio and the verdict in a word.

    Raises
    ------
    DomainError
        If ``ours`` is not a positive number.

    Examples
    --------
    >>> compare(published_limits("coherent-csi", "prompt", "current")[0], 80e-10).word
    'close'
    """
    checked_kind("published", published, PublishedLimit)
    return Verdict(published, checked_number("our limit", ours, "mu_B", above=0, at_most=math.inf))


def verdicts(
    reading: str = "as tabulated", *, threshold_kind: str | None = None
) -> tuple[Verdict, ...]:
    """Set every published limit beside ours.

    Parameters
    ----------
    reading : {"as tabulated", "as printed"}, optional
        How to read the chi2, see `READINGS`. COHERENT-CsI today has a chi2 of its own, which the
        table was made with as it is printed; so it is here in both readings.
    threshold_kind : {"nuclear-recoil", "electron-equivalent"}, optional
        How to read the thresholds of the reactor experiments; by default as each description says.

    Returns
    -------
    tuple of Verdict
        In the order of the table.

    Raises
    ------
    UnknownNameError
        If there is no such reading or kind of threshold.

    Examples
    --------
    >>> [verdict.word for verdict in verdicts()[:3]]
    ['reproduced', 'reproduced', 'reproduced']
    """
    table = limit_table(reading=reading, threshold_kind=threshold_kind)
    ours = {(row.experiment, row.stage, row.beam): row.values for row in table}
    csi = load("coherent-csi")
    for beam in ("prompt", "delayed"):
        ours["coherent-csi", "current", beam] = tuple(tmm_limits(csi, beam))
    return tuple(
        compare(number, ours[number.experiment, number.stage, number.beam][number.index - 1])
        for number in published_limits()
    )
