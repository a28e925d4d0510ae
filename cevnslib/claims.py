"""What papers state, as data, and the verdict on our number beside it.

A claim is one statement of a paper: a number, a bound, an order or a sentence. The files
``data/<paper>/claims.toml`` hold them, each with how it was read and what counts as agreement, and
why. `judge` sets our number beside a claim.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

from .checks import checked_choice, checked_kind, checked_number, made
from .errors import ConfigurationError, DomainError, KindError, quoted
from .files import packaged, packaged_table, papers

__all__ = ["KINDS", "READ", "Claim", "Verdict", "claims", "judge"]

#: What a claim states: a number within a relative tolerance or a factor, or to its last digit; an
#: upper bound; an order of several numbers; a sentence.
KINDS = ("relative", "factor", "rounds", "below", "ordering", "statement")
#: Where a claim was read. What is recalled is no reference for a test.
READ = ("text", "table", "abstract", "figure", "recalled")


@dataclass(frozen=True)
class Claim:
    """One statement of a paper.

    Parameters
    ----------
    paper, name : str
        Its folder in ``data``, and a name within it.
    what : str
        What is stated, in words.
    printed : str
        The number as printed; of an ordering the names in rising order, with ``<`` between; of a
        statement the sentence.
    kind : str
        One of `KINDS`.
    unit : str, optional
        Unit of the number.
    tolerance : float, optional
        Relative difference (relative, below) or factor up to which ours agrees.
    close : float, optional
        Relative difference up to which ours is still close.
    reason : str, optional
        Why the tolerance is what it is.
    read : str, optional
        One of `READ`.
    subject : mapping of str to str, optional
        What it is about: experiment, stage, beam, quantity.

    Examples
    --------
    >>> claim = claims("miranda2019", experiment="coherent-csi", beam="prompt", stage="2019")[0]
    >>> claim.name, claim.value, claim.half_unit
    ('coherent-csi, prompt, 2019, lambda1', 69.2, 0.05)
    """

    paper: str
    name: str
    what: str
    printed: str
    kind: str
    unit: str = ""
    tolerance: float = 0.0
    close: float = 0.0
    reason: str = ""
    read: str = "text"
    subject: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse what no paper can state."""
        for key in ("paper", "name", "what", "printed", "unit", "reason"):
            checked_kind(key, getattr(self, key), str)
        checked_choice("kind of claim", self.kind, KINDS)
        checked_choice("way to read a claim", self.read, READ)
        checked_number("tolerance", self.tolerance, at_least=1 if self.kind == "factor" else 0)
        checked_number("close", self.close, at_least=0)
        if self.kind == "ordering" and "<" not in self.printed:
            raise DomainError(f"printed: got {self.printed!r}; allowed: names with < between them")
        if self.kind not in ("ordering", "statement"):
            self.value  # noqa: B018, it reads the number

    @property
    def value(self) -> float:
        """The number that is printed, in its unit."""
        try:
            number = float(self.printed)
        except ValueError:
            raise DomainError(f"printed: got {self.printed!r}; allowed: a number") from None
        return checked_number("printed", number)

    @property
    def experiment(self) -> str:
        """The experiment that it is about, or nothing; so `stage`, `beam` and `quantity`."""
        return self.subject.get("experiment", "")

    @property
    def stage(self) -> str:
        """See `experiment`."""
        return self.subject.get("stage", "")

    @property
    def beam(self) -> str:
        """See `experiment`."""
        return self.subject.get("beam", "")

    @property
    def quantity(self) -> str:
        """See `experiment`."""
        return self.subject.get("quantity", "")

    @property
    def half_unit(self) -> float:
        """Half a unit of its last printed digit: how far rounding may have moved it."""
        exponent = Decimal(self.printed).as_tuple().exponent
        return float(Decimal(5).scaleb(int(exponent) - 1))


@dataclass(frozen=True)
class Verdict:
    """Our answer beside what is claimed; made by `judge`.

    Parameters
    ----------
    claim : Claim
        What is stated.
    ours : float, bool or mapping
        Our number in the unit of the claim, whether a statement holds, or numbers by their names.
    word : str
        The verdict in a word or two.

    Examples
    --------
    >>> verdict = judge(claims(experiment="conus", stage="2019")[0], 1.95)
    >>> verdict.word, round(verdict.ratio, 3), verdict.to_rounding
    ('reproduced', 1.026, True)
    """

    claim: Claim
    ours: Any
    word: str

    @property
    def ratio(self) -> float:
        """Our number over the one printed; NaN where there is no number."""
        return self.ours / self.claim.value if isinstance(self.ours, float) else math.nan

    @property
    def to_rounding(self) -> bool:
        """Whether ours, rounded as printed, is the printed number."""
        return isinstance(self.ours, float) and _rounds(self.claim, self.ours)


@cache
def _of(paper: str) -> tuple[Claim, ...]:
    """Read the claims of a paper; each table of the file is one claim, or a table of them."""
    stated = []
    for name, entry in packaged(paper, "claims.toml").items():
        options = {key: x for key, x in entry.items() if key not in ("table", "columns", "notes")}
        if "table" not in entry:
            stated.append(Claim(paper, name, **options))
            continue
        for row in packaged_table(paper, entry["table"]):
            subject = {key: x for key, x in row.items() if key not in entry["columns"]}
            for column in entry["columns"]:
                whole = {**subject, "quantity": column}
                parts = (x for key, x in whole.items() if key not in entry.get("notes", ()))
                options |= {"printed": row[column], "subject": whole}
                stated.append(Claim(paper, ", ".join(parts), **options))
    return tuple(stated)


def claims(paper: str | None = None, **subject: str) -> tuple[Claim, ...]:
    """Return what papers state, all of it or what is about some subject.

    Parameters
    ----------
    paper : str, optional
        One of `cevnslib.files.papers`; by default all of them.
    **subject
        What a claim must be about, say ``experiment="conus"``.

    Returns
    -------
    tuple of Claim
        In the order of the files.

    Examples
    --------
    >>> [claim.printed for claim in claims(experiment="conus", stage="2019")]
    ['1.9', '1.3', '1.1']
    """
    chosen = papers() if paper is None else (checked_choice("paper", paper, papers()),)
    stated = tuple(claim for name in chosen for claim in _of(name))
    for key, wanted in subject.items():
        known = dict.fromkeys(claim.subject[key] for claim in stated if key in claim.subject)
        checked_choice(f"{key} of a claim", wanted, known)
        stated = tuple(claim for claim in stated if claim.subject.get(key) == wanted)
    return stated


def judge(claim: Claim, ours: float | bool | Mapping[str, float]) -> Verdict:
    """Set our answer beside a claim.

    Parameters
    ----------
    claim : Claim
        What is stated.
    ours : float, bool or mapping
        Our number, above 0 or infinite, in the unit of the claim; of a statement whether it holds;
        of an ordering our numbers by the names in it.

    Returns
    -------
    Verdict
        In a word: ``"reproduced"``, ``"close"`` or ``"not reproduced"`` of a number;
        ``"same order of magnitude"`` or ``"another order of magnitude"`` of one that is compared
        within a factor; ``"holds"`` or ``"does not hold"`` of all else.

    Examples
    --------
    >>> claim = claims(experiment="coherent-csi", beam="prompt", stage="2019")[0]
    >>> judge(claim, 71.1).word, judge(claim, 80.0).word, judge(claim, 100.0).word
    ('reproduced', 'close', 'not reproduced')
    """
    checked_kind("claim", claim, Claim)
    if claim.kind == "statement":
        return _verdict(claim, checked_kind("ours", ours, bool), ours is True)
    if claim.kind == "ordering":
        return _verdict(claim, ours, _is_ordered(claim, ours))
    if isinstance(ours, bool | Mapping):
        raise KindError(f"ours: got {quoted(ours)}; allowed: a number")
    number = checked_number("ours", ours, claim.unit, above=0, at_most=math.inf)
    if claim.kind == "below":
        return _verdict(claim, number, number <= claim.value * (1 + claim.tolerance))
    if claim.kind == "factor":
        near = max(number / claim.value, claim.value / number) <= claim.tolerance
        return _verdict(
            claim, number, near, "same order of magnitude", "another order of magnitude"
        )
    rounds = _rounds(claim, number)
    difference = abs(number / claim.value - 1)
    if rounds or (claim.kind == "relative" and difference <= claim.tolerance):
        return _verdict(claim, number, True, "reproduced")
    return _verdict(claim, number, difference <= claim.close, "close", "not reproduced")


def _verdict(
    claim: Claim, ours: Any, holds: bool, yes: str = "holds", no: str = "does not hold"
) -> Verdict:
    return made(Verdict, claim=claim, ours=ours, word=yes if holds else no)


def _rounds(claim: Claim, ours: float) -> bool:
    return abs(ours - claim.value) <= claim.half_unit * (1 + 1e-9)


def _is_ordered(claim: Claim, ours: Any) -> bool:
    names = [name.strip() for name in claim.printed.split("<")]
    if not isinstance(ours, Mapping) or set(names) - set(ours):
        raise ConfigurationError(f"ours: got {quoted(ours)}; allowed: numbers for {names}")
    values = [checked_number(name, ours[name], claim.unit) for name in names]
    return all(low < high for low, high in pairwise(values))
