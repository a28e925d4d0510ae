"""The keys of what was measured, or is assumed to be: counts, backgrounds, nuisances."""

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import checked
from ..errors import ConfigurationError, UnknownNameError, quoted
from ..files import text_of
from ..statistics.chi2 import delta_chi2
from ..statistics.data import CountingMeasurement, Measurement, PoissonProjection, Projection
from ..statistics.recorded import LAWS, Recorded, WithNuisances
from ..statistics.templates import Nuisance, Template
from .keys import Table

__all__ = ["KEYS", "STATISTICS_KEYS", "read_measurement"]
#: Counts above which the difference of two has Gaussian errors unless another law is named.
MANY = 20
_NUMBERS = "a number, a list, or a column of a file: {file = ..., column = ..., rows = [2, 12]}"
_DATA = (
    ("counts", "what is expected (Asimov)", f"what was counted in each bin: {_NUMBERS}"),
    ("law", "poisson", "the law of the counts; gaussian beside errors, or off_counts from 20 on"),
    ("errors", "roots of the counts", f"errors of Gaussian numbers, in events: {_NUMBERS}"),
    ("variances", "", "the squared errors, instead of errors"),
    ("off_counts", "none", f"counts without the source: {_NUMBERS}"),
    ("on_off_ratio", "", "time with the source over that without, beside off_counts"),
    ("off_days", "", "time without the source, instead of on_off_ratio"),
    ("on_days", "the exposure", "time with the source, beside off_days"),
    ("upper_limit", "none", "a published upper limit on the signal in events, instead of counts"),
    ("confidence", "0.90", "the confidence level of the upper limit"),
    ("best_fit", "0.0", "the published best fit of the signal in events, beside the upper limit"),
    ("backgrounds", "none", "a table for each: [[data.backgrounds]]"),
)
_BACKGROUNDS = (
    ("name", "needed", "what it is called"),
    ("counts", "needed", f"events that are expected of it in the data: {_NUMBERS}"),
    ("relative_error", "0.0", "its error, as a share of itself; inf leaves it free"),
    ("error", "", "its error in events, common to all bins, instead of relative_error"),
    ("nuisance", "its own", "the name of its error, which others share, in other files too"),
)
_NUISANCES = (
    ("name", "needed", "what it is called; in two files it is one and the same"),
    ("relative_error", "1.0 beside a shape", "its width; inf leaves it free"),
    ("acts_on", "signal", "signal, all, the name of a background, or a list of these"),
    ("shape", "1 in all bins", f"what it does in each bin, in units of its width: {_NUMBERS}"),
)
#: The keys of these tables: name, default and meaning of each.
KEYS = {"[data]": _DATA, "[[data.backgrounds]]": _BACKGROUNDS, "[[nuisances]]": _NUISANCES}
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
    """
    acting = _nuisances(table, bins)
    if not table.has("statistics"):
        return _recorded(table, acting, bins, exposure_days)
    if table.has("data"):
        raise ConfigurationError(
            f"{table.place}: got both of 'data' and 'statistics'; allowed: one of them"
        )
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
            raise ConfigurationError(
                f"{table.place}: nuisances: {acting.nuisance.name}: "
                f"{UnknownNameError('background in acts_on', name, sorted(names))}"
            )


def _tables(table: Table, key: str) -> list[Table]:
    """Return the tables of an array of tables, which may be missing."""
    if not table.has(key):
        return []
    rows = table.take(key)
    if not isinstance(rows, list):
        raise ConfigurationError(
            f"{table.place}: {key}: got {quoted(rows)}; allowed: tables, each below [[{key}]]"
        )
    return [Table(row, f"{table.place}: {key}", table.folder) for row in rows]


def _nuisances(table: Table, bins: int | None) -> list[_Acting]:
    acting: list[_Acting] = []
    for own in _tables(table, "nuisances"):
        name = own.text("name")
        own.place += f": {name}"
        if name in [one.nuisance.name for one in acting]:
            raise ConfigurationError(f"{own.place}: got it twice; allowed: each name once")
        shape: Any = 1.0
        if own.has("shape"):
            shape = _numbers(own, "shape", bins)
        width = own.number(
            "relative_error", None if np.ndim(shape) == 0 else 1.0, above=0, at_most=math.inf
        )
        on = own.take("acts_on", "signal")
        names = [on] if isinstance(on, str) else on
        if not isinstance(names, list) or not names or not all(isinstance(x, str) for x in names):
            raise ConfigurationError(
                f"{own.place}: acts_on: got {quoted(on)}; allowed: 'signal', 'all', the name of a "
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
    measured = _published(own) if published else _counted(own, bins, exposure_days)
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


def _published(own: Table) -> dict[str, Any]:
    """Return an upper limit as a Gaussian datum about the best fit."""
    for key in ("counts", "off_counts", "errors", "variances", "law"):
        if own.has(key):
            raise ConfigurationError(
                f"{own.place}: got both of 'upper_limit' and {key!r}; allowed: one of them"
            )
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
            raise ConfigurationError(
                f"{own.place}: got {key!r} without 'upper_limit'; allowed: both together"
            )
    made: dict[str, Any] = {}
    if own.has("counts"):
        made["observed"] = _numbers(own, "counts", bins)
    if own.has("errors") and own.has("variances"):
        raise ConfigurationError(
            f"{own.place}: got both of 'errors' and 'variances'; allowed: one of them"
        )
    for key, power in (("errors", 2), ("variances", 1)):
        if own.has(key):
            made["variance"] = _numbers(own, key, bins, above=0) ** power
    if own.has("off_counts"):
        made["off"] = _numbers(own, "off_counts", bins, at_least=0)
        made["ratio"] = _ratio(own, exposure_days)
    else:
        for key in ("on_off_ratio", "off_days", "on_days"):
            if own.has(key):
                raise ConfigurationError(
                    f"{own.place}: got {key!r} without 'off_counts'; allowed: both together"
                )
    made["law"] = own.choice("law", LAWS, _law(own, made))
    seen, off = made.get("observed"), made.get("off")
    if seen is not None and (made["law"] == LAWS[0] or off is not None) and np.any(seen < 0):
        raise ConfigurationError(
            f"{own.place}: counts: got {float(seen.min()):g}; allowed: at least 0; a difference of "
            "counts may be negative with errors (law = 'gaussian')"
        )
    if made["law"] == LAWS[0] or off is not None:
        if "variance" in made:
            beside = "off_counts" if off is not None else "law = 'poisson'"
            raise ConfigurationError(
                f"{own.place}: got errors beside {beside}; allowed: none, as they follow from the "
                "counts"
            )
    elif seen is not None and "variance" not in made and np.any(seen <= 0):
        raise ConfigurationError(
            f"{own.place}: errors: got none of a count of {float(seen.min()):g}; allowed: errors "
            "above 0, or law = 'poisson'"
        )
    if "variance" in made and seen is None:
        raise ConfigurationError(
            f"{own.place}: got errors without 'counts'; allowed: both together"
        )
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
        raise ConfigurationError(
            f"{own.place}: counts: got {uneven[0]:g}, no whole number; allowed: whole numbers, "
            "numbers with errors, or law = 'poisson' if they are meant so"
        )
    return LAWS[0]


def _ratio(own: Table, exposure_days: float | None) -> float:
    if own.has("on_off_ratio"):
        for key in ("off_days", "on_days"):
            if own.has(key):
                raise ConfigurationError(
                    f"{own.place}: got both of 'on_off_ratio' and {key!r}; allowed: one of them"
                )
        return own.number("on_off_ratio", above=0)
    if not own.has("off_days"):
        raise ConfigurationError(
            f"{own.place}: got 'off_counts' without the time they took; allowed: on_off_ratio, or "
            "off_days"
        )
    on = own.number("on_days", exposure_days, above=0)
    return on / own.number("off_days", above=0)


def _backgrounds(
    table: Table, bins: int | None, law: str, known: list[Nuisance]
) -> tuple[dict[str, Template], list[str]]:
    """Return backgrounds by their names, and the names of nuisances that others may share."""
    templates: dict[str, Template] = {}
    widths = {one.name: one for one in known}
    names = [*widths]
    for own in _tables(table, "backgrounds"):
        name = own.text("name")
        own.place += f": {name}"
        if name in ("signal", "all") or name in templates:
            raise ConfigurationError(
                f"{own.place}: name: got {name!r}; allowed: a name of its own, not 'signal' or "
                "'all'"
            )
        least = 0.0 if law == LAWS[0] else None
        counts = np.atleast_1d(_numbers(own, "counts", bins, at_least=least))
        if own.has("relative_error") and own.has("error"):
            raise ConfigurationError(
                f"{own.place}: got both of 'relative_error' and 'error'; allowed: one of them"
            )
        shared = own.has("nuisance")
        label = own.text("nuisance") if shared else f"background {name}"
        variations: dict[Nuisance, Any] = {}
        if own.has("relative_error"):
            width = own.number("relative_error", above=0, at_most=math.inf)
            if not np.any(counts):
                raise ConfigurationError(
                    f"{own.place}: relative_error: got {width:g} of a background of 0 events; "
                    "allowed: an error in events (error)"
                )
            positive = -1.0 if law == LAWS[0] and not shared else None
            variations[Nuisance(label, width, positive)] = 1.0
        elif own.has("error"):
            error = np.broadcast_to(_numbers(own, "error", bins, above=0), counts.shape)
            variations[Nuisance(label, 1.0)] = error
        elif shared and label not in widths:
            raise ConfigurationError(
                f"{own.place}: nuisance: got {label!r} without its size; allowed: relative_error "
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
    value = own.take(key)
    name = f"{own.place}: {key}"
    if isinstance(value, Mapping):
        value = _column(Table(value, name, own.folder))
    if isinstance(value, bool) or (
        isinstance(value, list) and any(x is True or x is False for x in value)
    ):
        raise ConfigurationError(f"{name}: got {quoted(value)}; allowed: {_NUMBERS}")
    numbers = np.atleast_1d(checked(name, value, **domain))
    if numbers.ndim > 1 or not numbers.size:
        raise ConfigurationError(f"{name}: got {quoted(value)}; allowed: {_NUMBERS}")
    if bins is not None and numbers.size != bins:
        raise ConfigurationError(
            f"{name}: got {numbers.size} {'number' if numbers.size == 1 else 'numbers'}; allowed: "
            f"{bins}, one for each bin of the detector"
        )
    return numbers


def _column(own: Table) -> Any:
    """Return a column of a file, or some of its rows."""
    which = own.take("column")
    numbers = _read(own, own.take("file"), which)
    rows = own.take("rows", [1, len(numbers)])
    own.finish()
    whole = isinstance(rows, list) and len(rows) == 2
    if (
        not whole
        or not all(type(row) is int for row in rows)
        or not (1 <= rows[0] <= rows[1] <= len(numbers))
    ):
        raise ConfigurationError(
            f"{own.place}: rows: got {quoted(rows)}; allowed: the first and the last, from 1 to "
            f"{len(numbers)}"
        )
    return numbers[rows[0] - 1 : rows[1]]


def _read(own: Table, name: object, which: object) -> list[float]:
    """Return a column of a CSV file in the reader's folder, by its title or its number from 1."""
    place = f"{own.place}: file: got {quoted(name)}"
    if not isinstance(name, str) or own.folder is None:
        raise ConfigurationError(f"{place}; allowed: the name of a file in the same folder")
    try:
        path = (own.folder / name).resolve()
        if not path.is_relative_to(own.folder.resolve()):
            raise ValueError("it lies outside the folder")
        lines = [x for x in text_of(path).splitlines() if x.strip() and not x.startswith("#")]
        header, *rows = csv.reader(lines)
        titles = [title.strip() for title in header]
        if isinstance(which, str) and which in titles:
            index = titles.index(which)
        elif type(which) is int and 1 <= which <= len(titles):
            index = which - 1
        else:
            raise ValueError(f"column: got {quoted(which)}; its columns are {', '.join(titles)}")
        return [float(row[index]) for row in rows]
    except (OSError, ValueError, RuntimeError, IndexError, csv.Error) as error:
        raise ConfigurationError(
            f"{place}, which cannot be read: {error}; allowed: a CSV file in the same folder or "
            "below it, with a line of titles"
        ) from error
