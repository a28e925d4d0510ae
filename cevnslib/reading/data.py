"""The keys of what was measured, or is assumed to be: counts, backgrounds, nuisances."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import checked
from ..errors import UnknownNameError, quoted
from ..statistics.chi2 import delta_chi2
from ..statistics.data import CountingMeasurement, Measurement, PoissonProjection, Projection
from ..statistics.recorded import LAWS, Recorded, WithNuisances
from ..statistics.templates import Nuisance, Template
from ..tables import read_beside
from .keys import Key, Listing, Table

__all__ = ["KEYS", "STATISTICS_KEYS", "read_measurement"]
#: Counts above which the difference of two has Gaussian errors unless another law is named.
MANY = 20
_NUMBERS = "a number, a list, or a column of a file: {file = ..., column = ..., rows = [2, 12]}"
_DATA = (
    Key("counts", "what is expected (Asimov)", f"what was counted in each bin: {_NUMBERS}"),
    Key(
        "law", "poisson", "the law of the counts; gaussian beside errors, or off_counts from 20 on"
    ),
    Key("errors", "roots of the counts", f"errors of Gaussian numbers, in events: {_NUMBERS}"),
    Key("variances", "", "the squared errors, instead of errors"),
    Key("off_counts", "none", f"counts without the source: {_NUMBERS}"),
    Key("on_off_ratio", "", "time with the source over that without, beside off_counts"),
    Key("off_days", "", "time without the source, instead of on_off_ratio"),
    Key("on_days", "the exposure", "time with the source, beside off_days"),
    Key(
        "upper_limit", "none", "a published upper limit on the signal in events, instead of counts"
    ),
    Key("confidence", "0.90", "the confidence level of the upper limit"),
    Key(
        "best_fit", "0.0", "the published best fit of the signal in events, beside the upper limit"
    ),
    Key("backgrounds", "none", "a table for each: [[data.backgrounds]]"),
)
_BACKGROUNDS = (
    Key("name", "needed", "what it is called"),
    Key("counts", "needed", f"events that are expected of it in the data: {_NUMBERS}"),
    Key("relative_error", "known exactly", "its error, as a share of itself; inf leaves it free"),
    Key("error", "", "its error in events, common to all bins, instead of relative_error"),
    Key("nuisance", "its own", "the name of its error, which others share, in other files too"),
)
_NUISANCES = (
    Key("name", "needed", "what it is called; in two files it is one and the same"),
    Key("relative_error", "1.0 beside a shape", "its width; inf leaves it free"),
    Key("acts_on", "signal", "signal, all, the name of a background, or a list of these"),
    Key("shape", "1 in all bins", f"what it does in each bin, in units of its width: {_NUMBERS}"),
)
#: The keys of these tables.
KEYS: Listing = {"[data]": _DATA, "[[data.backgrounds]]": _BACKGROUNDS, "[[nuisances]]": _NUISANCES}
#: The keys of ``[statistics]`` by its kind; `cevnslib.statistics.data` has the formulas.
_KINDS: dict[str, type[Measurement]] = {
    "counting": CountingMeasurement,
    "projection": Projection,
    "poisson": PoissonProjection,
}
STATISTICS_KEYS = {
    kind: tuple(field.name for field in fields(made)) for kind, made in _KINDS.items()
}


@dataclass(frozen=True)
class _Acting:
    """A nuisance, what it acts on, and by which shares of it in each bin."""

    nuisance: Nuisance
    on: tuple[str, ...]
    shape: Any


def read_measurement(
    table: Table, bins: int | None = None, exposure_days: float | None = None
) -> Measurement:
    """Return what the keys of a file say was measured.

    Parameters
    ----------
    table : Table
        The file, whose keys ``data``, ``statistics`` and ``nuisances`` are taken.
    bins : int, optional
        How many the detector has: as many numbers are allowed.
    exposure_days : float, optional
        The time with the source, where ``on_days`` does not give it.

    Examples
    --------
    >>> from cevnslib.reading.keys import Table
    >>> read_measurement(Table({"data": {"counts": [4, 0, 9]}}, "mine")).observed
    array([4., 0., 9.])
    """
    acting = _nuisances(table, bins)
    if not table.has("statistics"):
        return _recorded(table, acting, bins, exposure_days)
    if table.has("data"):
        raise table.refuse("got both of 'data' and 'statistics'; allowed: one of them")
    own = table.table("statistics")
    kind = own.choice("kind", tuple(_KINDS))
    measured = _KINDS[kind](**{name: own.number(name) for name in STATISTICS_KEYS[kind]})
    own.finish()
    variations: dict[Nuisance, Any] = {}
    backgrounds: dict[Nuisance, Any] = {}
    names = {"signal", "all", "background"} - ({"background"} if kind == "projection" else set())
    for one in acting:
        _known(table, one, names)
        if {"signal", "all"} & set(one.on):
            variations[one.nuisance] = one.shape
        if {"background", "all"} & set(one.on):
            backgrounds[one.nuisance] = one.shape
    return WithNuisances(measured, variations, backgrounds) if acting else measured


def _known(table: Table, acting: _Acting, names: Iterable[str]) -> None:
    """Refuse a nuisance of a background that is not there."""
    for name in acting.on:
        if name not in names:
            raise table.refuse(
                f"nuisances: {acting.nuisance.name}: "
                f"{UnknownNameError('background in acts_on', name, sorted(names))}"
            )


def _nuisances(table: Table, bins: int | None) -> list[_Acting]:
    acting: list[_Acting] = []
    for own in table.tables("nuisances") if table.has("nuisances") else ():
        name = own.text("name")
        if name in [one.nuisance.name for one in acting]:
            raise own.refuse(f"name: got {name!r} twice; allowed: each name once")
        shape: Any = 1.0
        if own.has("shape"):
            shape = _numbers(own, "shape", bins)
        width = own.number(
            "relative_error", None if np.ndim(shape) == 0 else 1.0, above=0, at_most=math.inf
        )
        on = own.take("acts_on", "signal")
        names = [on] if isinstance(on, str) else on
        if not isinstance(names, list) or not names or not all(isinstance(x, str) for x in names):
            raise own.refuse(
                f"acts_on: got {quoted(on)}; allowed: 'signal', 'all', the name of a "
                "background, or a list of these"
            )
        own.finish()
        acting.append(_Acting(Nuisance(name, width), tuple(names), shape))
    return acting


def _recorded(
    table: Table, acting: list[_Acting], bins: int | None, exposure_days: float | None
) -> Measurement:
    own = table.table("data") if table.has("data") else Table({}, f"{table.place}: data")
    published = own.has("upper_limit")
    measured = _published(own, bins) if published else _counted(own, bins, exposure_days)
    known = [one.nuisance for one in acting]
    templates, shared = _backgrounds(own, bins, measured["law"], known)
    own.finish()
    variations: dict[Nuisance, Any] = {}
    names = {"signal", "all", *templates}
    for one in acting:
        _known(table, one, names)
        if {"signal", "all"} & set(one.on):
            variations[one.nuisance] = one.shape
        for name, template in templates.items():
            if {name, "all"} & set(one.on):
                shift = one.shape * template.counts if np.ndim(one.shape) else one.shape
                varied = {**template.variations, one.nuisance: shift}
                templates[name] = Template(name, template.counts, varied)
    return Recorded(
        **measured, templates=list(templates.values()), variations=variations, shared=shared
    )


def _published(own: Table, bins: int | None) -> dict[str, Any]:
    """Return an upper limit as a Gaussian datum about the best fit."""
    if bins is not None and bins > 1:
        raise own.refuse(
            f"upper_limit: got one for a detector with {bins} bins; allowed: a detector with one"
        )
    for key in ("counts", "off_counts", "errors", "variances", "law", "backgrounds"):
        if own.has(key):
            raise own.refuse(f"got both of 'upper_limit' and {key!r}; allowed: one of them")
    confidence = own.number(
        "confidence", 0.90, above=0, at_most=1, hint="did you give a percentage?"
    )
    centre = own.number("best_fit", 0.0)
    limit = own.number("upper_limit", above=max(centre, 0.0))
    variance = (limit - centre) ** 2 / delta_chi2(confidence)
    return {"law": LAWS[1], "observed": [centre], "variance": [variance]}


def _counted(own: Table, bins: int | None, exposure_days: float | None) -> dict[str, Any]:
    """Return counts with and without the source, their errors and their law."""
    for key in ("confidence", "best_fit"):
        if own.has(key):
            raise own.refuse(f"got {key!r} without 'upper_limit'; allowed: both together")
    made: dict[str, Any] = {}
    if own.has("counts"):
        made["observed"] = _numbers(own, "counts", bins)
    if key := own.at_most_one_of("errors", "variances"):
        made["variance"] = _numbers(own, key, bins, above=0) ** (2 if key == "errors" else 1)
    if own.has("off_counts"):
        made["off"] = _numbers(own, "off_counts", bins, at_least=0)
        made["ratio"] = _ratio(own, exposure_days)
    else:
        for key in ("on_off_ratio", "off_days", "on_days"):
            if own.has(key):
                raise own.refuse(f"got {key!r} without 'off_counts'; allowed: both together")
    made["law"] = own.choice("law", LAWS, _law(own, made))
    seen, off = made.get("observed"), made.get("off")
    if seen is not None and (made["law"] == LAWS[0] or off is not None) and np.any(seen < 0):
        raise own.refuse(
            f"counts: got {float(seen.min()):g}; allowed: at least 0; a difference of "
            "counts may be negative with errors (law = 'gaussian')"
        )
    if made["law"] == LAWS[0] or off is not None:
        if "variance" in made:
            beside = "off_counts" if off is not None else "law = 'poisson'"
            raise own.refuse(
                f"got errors beside {beside}; allowed: none, as they follow from the counts"
            )
    elif seen is not None and "variance" not in made and np.any(seen <= 0):
        raise own.refuse(
            f"errors: got none of a count of {float(seen.min()):g}; allowed: errors "
            "above 0, or law = 'poisson'"
        )
    if "variance" in made and seen is None:
        raise own.refuse("got errors without 'counts'; allowed: both together")
    return made


def _law(own: Table, made: Mapping[str, Any]) -> str:
    """Return the law of counts where none is named."""
    if "variance" in made:
        return LAWS[1]
    seen, off = made.get("observed"), made.get("off")
    if off is not None:
        fewest = min(float(np.min(each)) for each in (seen, off) if each is not None)
        return LAWS[1] if seen is not None and fewest >= MANY else LAWS[0]
    if seen is not None and not own.has("law") and np.any(seen != np.rint(seen)):
        uneven = seen[seen != np.rint(seen)]
        raise own.refuse(
            f"counts: got {uneven[0]:g}, no whole number; allowed: whole numbers, "
            "numbers with errors, or law = 'poisson' if they are meant so"
        )
    return LAWS[0]


def _ratio(own: Table, exposure_days: float | None) -> float:
    if own.one_of("on_off_ratio", "off_days") == "on_off_ratio":
        if own.has("on_days"):
            raise own.refuse("got 'on_days' beside 'on_off_ratio'; allowed: one of them")
        return own.number("on_off_ratio", above=0)
    on = own.number("on_days", exposure_days, above=0)
    return on / own.number("off_days", above=0)


def _backgrounds(
    table: Table, bins: int | None, law: str, known: list[Nuisance]
) -> tuple[dict[str, Template], list[str]]:
    """Return backgrounds by their names, and the names of nuisances that others may share."""
    templates: dict[str, Template] = {}
    widths = {one.name: one for one in known}
    names = [*widths]
    for own in table.tables("backgrounds") if table.has("backgrounds") else ():
        name = own.text("name")
        if name in ("signal", "all") or name in templates:
            raise own.refuse(
                f"name: got {name!r}; allowed: a name of its own, not 'signal' or 'all'"
            )
        least = 0.0 if law == LAWS[0] else None
        counts = np.atleast_1d(_numbers(own, "counts", bins, at_least=least))
        sized = own.at_most_one_of("relative_error", "error")
        shared = own.has("nuisance")
        label = own.text("nuisance") if shared else f"background {name}"
        variations: dict[Nuisance, Any] = {}
        if sized == "relative_error":
            width = own.number("relative_error", above=0, at_most=math.inf)
            if not np.any(counts):
                raise own.refuse(
                    f"relative_error: got {width:g} of a background of 0 events; "
                    "allowed: an error in events (error)"
                )
            positive = -1.0 if law == LAWS[0] and not shared else None
            variations[Nuisance(label, width, positive)] = 1.0
        elif sized:
            error = np.broadcast_to(_numbers(own, "error", bins, above=0), counts.shape)
            variations[Nuisance(label, 1.0)] = error
        elif shared and label not in widths:
            raise own.refuse(
                f"nuisance: got {label!r} without its size; allowed: relative_error "
                "or error beside it, or its name among [[nuisances]]"
            )
        elif shared:
            variations[widths[label]] = 1.0
        own.finish()
        names += [label] if shared else []
        templates[name] = Template(name, counts, variations)
    return templates, names


def _numbers(own: Table, key: str, bins: int | None, **domain: Any) -> NDArray[np.float64]:
    """Return the numbers under a key, one for each bin, each in its domain."""
    value = own.left.get(key)
    if isinstance(value, Mapping):
        column = _column(own.table(key))
        with own.place_said():
            numbers = checked(key, column, **domain)
    elif isinstance(value, list | tuple):
        numbers = np.array(own.numbers(key, **domain), dtype=np.float64)
    else:
        numbers = np.array([own.number(key, **domain)])
    if not numbers.size or (bins is not None and numbers.size != bins):
        many = "number" if numbers.size == 1 else "numbers"
        allowed = "at least one" if bins is None else f"{bins}, one for each bin of the detector"
        raise own.refuse(f"{key}: got {numbers.size} {many}; allowed: {allowed}")
    return numbers


def _column(own: Table) -> NDArray[np.float64]:
    """Return a column of a file in the reader's folder, or some of its rows."""
    name, which = own.take("file"), own.take("column")
    numbers = read_beside(own.folder, own.place, name).column(which, "column")
    rows = own.take("rows", [1, len(numbers)])
    own.finish()
    whole = isinstance(rows, list) and len(rows) == 2
    if (
        not whole
        or not all(type(row) is int for row in rows)
        or not (1 <= rows[0] <= rows[1] <= len(numbers))
    ):
        raise own.refuse(
            f"rows: got {quoted(rows)}; allowed: the first and the last, from 1 to {len(numbers)}"
        )
    return numbers[rows[0] - 1 : rows[1]]
