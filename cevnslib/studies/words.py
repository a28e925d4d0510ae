"""What stands in an experiment, in words: for reports, terminals and pages."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import numpy as np

from ..constants import KEV, Constants
from ..physics.weak import WeakCouplings

#: How many numbers are told one by one.
FEW = 12
#: How the fields of responses are said, and by what they are divided.
UNITS = {
    "threshold": ("keV", KEV),
    "energy": ("keV", KEV),
    "energies": ("keV", KEV),
    "recoils": ("keV", KEV),
    "constant": ("keV", KEV),
    "stochastic": ("sqrt(keV)", KEV**0.5),
    "width": ("keV", KEV),
}
#: Fields that have another name in words, and what is not said of interactions.
NAMES = {"templates": "backgrounds", "variations": "errors of the signal", "mass": "mass in MeV"}
QUIET = (Constants, WeakCouplings)


def described(thing: object) -> str:
    """Return what a part of an experiment is, and its numbers.

    Examples
    --------
    >>> from cevnslib.detectors.quenching import ModifiedLindhard
    >>> described(ModifiedLindhard(0.157, -1e-4))
    'modified lindhard, k = 0.157, q = -0.0001'
    """
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(thing).__name__).lower()
    if not is_dataclass(thing):
        return name
    parts = []
    for field in fields(thing):
        given = getattr(thing, field.name)
        usual = field.default is not MISSING and given is field.default
        plain = isinstance(given, bool | float | str) and given == field.default
        value = _value(given, *UNITS.get(field.name, ("", 1.0)))
        if value and not usual and not plain and not isinstance(given, QUIET):
            parts.append(f"{NAMES.get(field.name, field.name).replace('_', ' ')} = {value}")
    return ", ".join([name, *parts])


def _value(value: Any, unit: str, size: float) -> str:
    """Return a value in words, or nothing if there is nothing to be said."""
    if value is None or value is False or (isinstance(value, float) and np.isinf(value)):
        return ""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int | float):
        return f"{value / size:.4g} {unit}".strip()
    if isinstance(value, np.ndarray | tuple | list | Mapping) and len(value):
        if all(hasattr(part, "name") or isinstance(part, str) for part in value):
            return " and ".join(getattr(part, "name", str(part)) for part in value)
        if all(is_dataclass(part) for part in value):
            told = (part for part in value if not isinstance(part, QUIET))
            return " and ".join(f"({described(part)})" for part in told)
        numbers = np.ravel(np.asarray(value))
        if numbers.dtype.kind in "iuf" and numbers.size <= FEW:
            words = ", ".join(f"{number / size:.4g}" for number in numbers)
            return f"{words} {unit}".strip()
        return f"{numbers.size} of them"
    return f"({described(value)})" if is_dataclass(value) else ""


def percent(share: float) -> str:
    """Return a share in per cent, such as a confidence level.

    Examples
    --------
    >>> percent(0.9), percent(0.997)
    ('90%', '99.7%')
    """
    return f"{100 * share:.4g}%"
