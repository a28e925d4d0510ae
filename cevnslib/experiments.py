"""Experiments: a source, a detector at a distance, an exposure and what was measured.

The descriptions are in ``data/experiments.toml``, each number with its source.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from .constants import DAY, KEV
from .detectors import ConstantEfficiency, Detector, Efficiency, PhotoelectronAcceptance
from .errors import ConfigurationError, UnknownNameError, checked
from .nuclei import target
from .sources import Beam, Source, sns
from .statistics import CountingMeasurement

__all__ = ["Experiment", "load", "names"]

STAGES = ("current", "future")


@dataclass(frozen=True)
class Experiment:
    """A detector in the flux of a source, for a time.

    Parameters
    ----------
    name, stage, title : str
        Short name, ``"current"`` or ``"future"``, and the name for people.
    source : Source
        What emits the neutrinos.
    detector : Detector
        What counts the recoils.
    baseline : float
        Distance from source to detector in cm.
    exposure : float
        Live time in s.
    measurement : CountingMeasurement
        What was counted.
    references : mapping of str to str
        Where each number comes from, by its key.

    Raises
    ------
    DomainError
        If baseline or exposure are not positive and finite.

    Examples
    --------
    >>> csi = load("coherent-csi")
    >>> csi.title, csi.detector.mass, csi.measurement.observed
    ('COHERENT CsI[Na]', 14.57, 142)
    """

    name: str
    stage: str
    title: str
    source: Source
    detector: Detector
    baseline: float
    exposure: float
    measurement: CountingMeasurement
    references: Mapping[str, str]

    def __post_init__(self) -> None:
        """Refuse an impossible baseline or exposure."""
        checked("baseline", self.baseline, "cm", above=0)
        checked("exposure", self.exposure, "s", above=0)

    def fluence(self, beam: Beam) -> float:
        """Return the neutrinos of a beam that cross a square centimetre in the whole exposure.

        Parameters
        ----------
        beam : Beam
            One beam of the source.

        Returns
        -------
        float
            Fluence in 1/cm^2: emitted neutrinos over the area of the sphere at the baseline.

        Examples
        --------
        >>> csi = load("coherent-csi")
        >>> f"{csi.fluence(csi.source.beams[0]):.3e}"
        '3.008e+14'
        """
        return beam.rate * self.exposure / (4 * math.pi * self.baseline**2)


@cache
def _catalogue() -> Mapping[str, Any]:
    text = (resources.files(__package__) / "data" / "experiments.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def names() -> tuple[str, ...]:
    """Return the names of the experiments that are built in.

    Returns
    -------
    tuple of str
        Names that `load` takes.

    Examples
    --------
    >>> names()
    ('coherent-csi',)
    """
    return tuple(_catalogue())


def load(name: str, stage: str = "current") -> Experiment:
    """Load one experiment.

    Parameters
    ----------
    name : str
        One of `names`.
    stage : {"current", "future"}, optional
        Today's set-up, or the one that is planned.

    Returns
    -------
    Experiment
        Ready for `cevnslib.rates` and `cevnslib.limits`.

    Raises
    ------
    UnknownNameError
        If there is no such experiment or stage.
    ConfigurationError
        If the description is wrong.

    Examples
    --------
    >>> load("coherent-csi").baseline
    1930.0
    >>> load("coherent-cs")
    Traceback (most recent call last):
    ...
    cevnslib.errors.UnknownNameError: unknown experiment 'coherent-cs' (did you mean \
'coherent-csi'?); allowed: coherent-csi
    """
    if name not in names():
        raise UnknownNameError("experiment", name, names())
    shared = dict(_catalogue()[name])
    stages = {key: shared.pop(key) for key in STAGES if key in shared}
    if stage not in stages:
        raise UnknownNameError(f"stage of {name}", stage, stages)
    return _build(name, stage, {**shared, **stages[stage]})


def _build(name: str, stage: str, description: Mapping[str, Any]) -> Experiment:
    """Turn a description into an experiment."""
    d = dict(description)
    try:
        if d["source"] != "sns":
            raise UnknownNameError("source", d["source"], ["sns"])
        detector = Detector(
            target(d["target"]),
            d["mass_kg"],
            d.get("threshold_keV", 0.0) * KEV,
            _efficiency(d.get("efficiency", 1.0)),
        )
        statistics = dict(d["statistics"])
        if statistics.pop("kind") != "counting":
            raise UnknownNameError("kind of statistics", d["statistics"]["kind"], ["counting"])
        return Experiment(
            name=name,
            stage=stage,
            title=d["title"],
            source=sns(),
            detector=detector,
            baseline=d["baseline_m"] * 100,
            exposure=d["exposure_days"] * DAY,
            measurement=CountingMeasurement(**statistics),
            references=d.get("references", {}),
        )
    except KeyError as missing:
        raise ConfigurationError(
            f"experiment {name!r}, {stage}: key {missing} is missing"
        ) from None


def _efficiency(description: float | Mapping[str, Any]) -> Efficiency:
    """Make an efficiency from a number or a table."""
    if not isinstance(description, Mapping):
        return ConstantEfficiency(description)
    table = dict(description)
    kind = table.pop("kind")
    if kind != "photoelectrons":
        raise UnknownNameError("kind of efficiency", kind, ["photoelectrons"])
    return PhotoelectronAcceptance(**table)
