"""The keys of a detector: its target, what of it counts, and where."""

import math
import warnings
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np

from ..constants import KEV
from ..detectors.detector import ELECTRONS, Detector
from ..detectors.efficiency import AXES
from ..detectors.quenching import FrozenQuenching, Lindhard, Quenching
from ..errors import AssumedWarning, quoted
from ..physics.targets import BY, Target, target
from .keys import Key, Table
from .response import light_of, read_efficiency, read_quenching, read_resolution

#: What a threshold is an energy of: the recoil, or what is seen of it after Lindhard; or it stands
#: for the recoil that would be seen as it, were the share of recoils with that energy seen of all.
THRESHOLD_KINDS = ("nuclear-recoil", "electron-equivalent", "quenched at threshold")
#: What counts as struck.
CHANNELS = ("both", "nuclei", "electrons")
_BINS = (
    Key("from", "", "first edge"),
    Key("to", "", "last edge"),
    Key("width", "", "width of each bin"),
    Key("number", "", "number of bins, instead"),
    Key("file", "", "a table beside the file with a column of edges, instead"),
    Key("edge_column", "1", "number or name of that column"),
)
#: The keys of these tables.
KEYS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        "the detector": (
            Key("target", "needed", "the material: a name, or a table as below"),
            Key("mass_kg", "needed", "fiducial mass"),
            Key("threshold_keV", "0.0", "least energy that counts"),
            Key("maximum_keV", "inf", "greatest energy that counts"),
            Key(
                "energy",
                '"nuclear-recoil"',
                f"what these energies are: {', '.join(THRESHOLD_KINDS)}",
            ),
            Key("threshold_kind", "", "the same, in files of the first edition"),
            Key("bins_keV", "", "edges of bins, a list or a table as below, instead of both"),
            Key("bins_photoelectrons", "", "the same in photoelectrons"),
            Key("photoelectrons_per_keV", "", "light yield on the axis of these energies"),
            Key("efficiency", "1.0", "chance to be counted, a number or a table as below"),
            Key(
                "quenching", "", "a table as below; Lindhard's if energies are electron-equivalent"
            ),
            Key("resolution", "", "a table as below; by default energies are exact"),
            Key(
                "bins_us", "", "edges of windows of time after a pulse, in which each bin is sorted"
            ),
            Key("channels", '"both"', f"what is struck: {', '.join(CHANNELS)}"),
            Key("electrons", '"shells"', f"which electrons count: {', '.join(ELECTRONS)}"),
            Key("least_ionisation_keV", "0.0", "mean energy below which nothing is seen"),
        ),
        "target = { ... }": (
            Key("by", "needed", f"what shares count: {', '.join(BY)}"),
            Key("Ge76", "", "the share of each element, isotope or compound, by its name"),
        ),
        "bins_keV = { ... }": _BINS,
    }
)
#: The least energy that counts of nuclei.
_LEAST: dict[str, Any] = {"at_most": 1000.0, "hint": "did you give eV?"}


def read_detector(table: Table) -> Detector:
    """Return the detector that the keys of a file describe."""
    material, mass = _target(table), table.number("mass_kg", above=0, at_most=1e10)
    light = None
    if table.has("photoelectrons_per_keV"):
        light = table.number("photoelectrons_per_keV", above=0)
    kind, quenching = _seen(table)
    efficiency = read_efficiency(table, light)
    resolution = None
    if table.has("resolution"):
        resolution = read_resolution(table.table("resolution"), light)
    nuclei, electrons = _channels(table, quenching is not None, efficiency.axis == AXES[1])
    least: dict[str, Any] = _LEAST if nuclei else {"at_most": 1e9}
    threshold = table.number("threshold_keV", 0.0, at_least=0, **least)
    if kind == THRESHOLD_KINDS[2]:
        at = table.checked("threshold_keV", threshold, above=0) * KEV
        quenching = FrozenQuenching(Lindhard(), at, of_recoil=True)
    maximum = table.number("maximum_keV", math.inf, above=threshold, at_most=math.inf)
    bins = _bins(table, light, threshold, maximum)
    if bins and nuclei:
        table.checked("bins_keV", bins[0] / KEV, **least)
    return Detector(
        material,
        mass,
        0.0 if bins else threshold * KEV,
        efficiency,
        math.inf if bins else maximum * KEV,
        quenching,
        resolution,
        bins,
        electrons,
        table.number("least_ionisation_keV", 0.0, at_least=0, at_most=1000) * KEV,
        nuclei,
    )


def _target(table: Table) -> Target:
    """Return the material: a name, or shares of names by atoms, formulas or mass."""
    if not isinstance(table.left.get("target"), Mapping):
        return target(table.text("target"))
    own = table.table("target")
    by = own.choice("by", BY)
    shares = {name: own.number(name, at_least=0) for name in [*own.left]}
    with own.place_said():
        return target(shares, by=by)


def _seen(table: Table) -> tuple[str, Quenching | None]:
    """Return of what an energy is one, and the quenching."""
    quenching = read_quenching(table.table("quenching")) if table.has("quenching") else None
    key = table.at_most_one_of("energy", "threshold_kind")
    default = THRESHOLD_KINDS[0 if quenching is None else 1]
    kind = table.choice(key, THRESHOLD_KINDS) if key else default
    if quenching is not None and kind != THRESHOLD_KINDS[1]:
        raise table.refuse(
            f"{key}: got {kind!r} beside a quenching; allowed: {THRESHOLD_KINDS[1]!r}, as that is "
            "what is measured then"
        )
    if kind == THRESHOLD_KINDS[1] and quenching is None:
        quenching = Lindhard()
        if key == "energy":
            words = "quenching: got none beside electron-equivalent energies"
            taken = "taken: Lindhard's, with k = 0.133 Z^(2/3) A^(-1/2)"
            warnings.warn(f"{table.place}: {words}; {taken}", AssumedWarning, stacklevel=2)
    return kind, quenching


def _channels(table: Table, quenched: bool, of_recoil: bool) -> tuple[bool, str]:
    """Return whether nuclei count, and which electrons do."""
    given = table.has("channels")
    channels = table.choice("channels", CHANNELS, CHANNELS[0])
    chosen = table.has("electrons")
    electrons = table.choice("electrons", ELECTRONS, ELECTRONS[0])
    left_out = electrons == ELECTRONS[-1]
    if given and chosen and left_out != (channels == CHANNELS[1]):
        raise table.refuse(
            f"electrons: got {electrons!r} beside channels {channels!r}; allowed: one"
        )
    if given and channels == CHANNELS[0] and not quenched:
        raise table.refuse(
            "channels: got 'both' without a quenching, where nothing says how a nucleus's energy "
            "looks beside an electron's; allowed: 'nuclei', or a table [quenching]"
        )
    if of_recoil and channels != CHANNELS[1] and quenched and not left_out:
        words = "efficiency: got one of the nuclear-recoil energy, which electrons do not have"
        if given or chosen:
            raise table.refuse(f"{words}; allowed: channels = 'nuclei', or one of what is measured")
        warnings.warn(
            f"{table.place}: {words}; taken: nuclei alone (channels = 'nuclei')",
            AssumedWarning,
            stacklevel=2,
        )
        channels = CHANNELS[1]
    if channels == CHANNELS[1]:
        electrons = ELECTRONS[-1]
    return channels != CHANNELS[2], electrons


def _bins(
    table: Table, light: float | None, threshold: float, maximum: float
) -> tuple[float, ...] | None:
    """Return the edges of bins in MeV, or nothing if there are none."""
    key = table.at_most_one_of("bins_keV", "bins_photoelectrons")
    if not key:
        return None
    edges = _edges(table, key)
    unit = 1.0 if key == "bins_keV" else light_of(table, light)
    ends = (edges[0] / unit, edges[-1] / unit)
    if (threshold, maximum) != (0.0, math.inf):
        for typed, value, end in zip(
            ("threshold_keV", "maximum_keV"), (threshold, maximum), ends, strict=True
        ):
            if value not in (0.0, math.inf) and not math.isclose(value, end, rel_tol=1e-9):
                raise table.refuse(
                    f"{typed}: got {value:g} keV beside bins that end at {end:g} keV; allowed: none"
                )
    return tuple((np.array(edges) / unit * KEV).tolist())


def read_times(table: Table) -> tuple[float, ...] | None:
    """Return the edges of windows of time in microseconds, or nothing if there are none."""
    return _edges(table, "bins_us", -1e9) if table.has("bins_us") else None


def _edges(table: Table, key: str, least: float = 0.0) -> tuple[float, ...]:
    """Return edges of bins: a list, even steps, or a column of a file."""
    if isinstance(table.left[key], str | Mapping):
        own = table.table_or_file(key)
        table.left[key] = (
            own.column("edge_keV" if key == "bins_keV" else "edge")
            if own.has("file")
            else _even(own, least)
        )
        own.finish()
    edges = table.numbers(key, at_least=least, at_most=1e9)
    if len(edges) < 2 or any(b <= a for a, b in pairwise(edges)):
        raise table.refuse(f"{key}: got {quoted(list(edges))}; allowed: at least two, rising")
    return edges


def _even(own: Table, least: float) -> list[float]:
    first, last = own.number("from", at_least=least, at_most=1e6), own.number("to", at_most=1e6)
    if last <= first:
        raise own.refuse(f"to: got {last:g}; allowed: above {first:g}")
    if own.one_of("width", "number") == "number":
        steps = own.number("number", at_least=1, at_most=10_000)
    else:
        width = own.number("width", above=0)
        steps = (last - first) / width
        if abs(steps - round(steps)) > 1e-6 * max(steps, 1) or steps > 10_000:
            raise own.refuse(
                f"width: got {width:g}, which goes {steps:g} times into the range; allowed: a "
                "whole number of times, at most 10000"
            )
    if abs(steps - round(steps)) > 1e-6:
        raise own.refuse(f"number: got {steps:g}; allowed: a whole number")
    return [float(edge) for edge in np.linspace(first, last, round(steps) + 1)]
