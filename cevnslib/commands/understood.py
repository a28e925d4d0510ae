"""What was understood of a file, in words, before anything is computed."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import numpy as np

from ..constants import DAY, KEV, YEAR, Constants
from ..experiments import Experiment
from ..physics.weak import WeakCouplings
from .answers import FEW, listening, loaded
from .terminal import columns

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


def understood(file: str, stage: str | None = None) -> str:
    """Return what was understood of a file; nothing is computed of it.

    Parameters
    ----------
    file : str
        The file of an experiment, or the name of one that is built in.
    stage : str, optional
        Which of its stages; by default the first one.

    Examples
    --------
    >>> print(understood("conus").splitlines()[3])
      source       a reactor
    """
    with listening() as said:
        experiment = loaded(file, stage)
        rows = _rows(experiment)
    lines = [experiment.title, "", *columns(rows, indent="  ", left=2)]
    for title, words in said._asdict().items():
        if words:
            lines += ["", title.capitalize(), *(f"  {text}" for text in words)]
    return "\n".join(lines)


def _rows(experiment: Experiment) -> list[list[str]]:
    d = experiment.detector
    rows = [["stage", experiment.stage]] if experiment.stage else []
    rows.append(["source", experiment.source.title])
    for component in experiment.flux.components:
        shares = zip(("e", "mu", "tau"), component.shares, strict=True)
        flavours = " and ".join(flavour for flavour, share in shares if share > 0)
        kind = "antineutrinos" if component.antineutrino else "neutrinos"
        end = component.spectrum.breakpoints[-1]
        number = component.intensity * float(component.spectrum.moments(0.0, 0)[0])
        rows.append(
            [
                f"  {component.name}",
                f"{kind} of flavour {flavours}, {number:.4g} per cm2 and s, up to {end:.4g} MeV",
            ]
        )
    if experiment.baseline is not None:
        rows.append(["baseline", f"{experiment.metres:g} m"])
    nuclides = ", ".join(nuclide.name for nuclide, _ in d.nuclear_targets)
    rows += [
        ["target", f"{d.mass:g} kg of {d.target.name}" + (f": {nuclides}" if nuclides else "")],
        ["electrons", d.electrons],
    ]
    kind = "recoil" if d.quenching is None else "measured"
    rows.append(["threshold", f"{d.threshold / KEV:.4g} keV, {kind} energy"])
    if np.isfinite(d.maximum):
        rows.append(["maximum", f"{d.maximum / KEV:.4g} keV"])
    if d.bins is not None:
        rows.append(
            [
                "bins",
                f"{len(d.bins) - 1} from {d.bins[0] / KEV:.4g} keV to {d.bins[-1] / KEV:.4g} keV",
            ]
        )
    rows += [
        [name, described(part)]
        for name in ("quenching", "resolution", "efficiency")
        if (part := getattr(d, name)) is not None
    ]
    days = experiment.exposure / DAY
    years = f" ({experiment.exposure / YEAR:.4g} years)" if days > 100 else ""
    rows.append(["exposure", f"{days:.4g} days{years}"])
    rows.append(["data", described(experiment.measurement)])
    rows.append(["interaction", described(experiment.interaction)])
    rows.append(["mixing", described(experiment.mixing)])
    return rows
