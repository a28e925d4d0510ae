"""Experiments: a source, a detector at a distance, an exposure and what is measured.

The descriptions are in ``data/experiments.toml``, each number with its source. A reader's own file
holds the same keys, and what is made of it works wherever a built-in experiment does.
"""

import csv
import math
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from .checks import checked, checked_choice, checked_kind, checked_number, keep
from .constants import DAY, KEV, YEAR
from .detectors.detector import (
    ConstantEfficiency,
    Detector,
    Efficiency,
    PhotoelectronAcceptance,
    Resolution,
    TabulatedEfficiency,
)
from .detectors.quenching import Lindhard
from .errors import CevnsError, ConfigurationError, UnknownNameError, quoted
from .physics.targets import target
from .sources.beams import Beam, Source
from .sources.reactor import FISSION_FRACTIONS, reactor_of_flux, reactor_of_power
from .sources.sns import spallation_source
from .statistics.data import CountingMeasurement, Measurement, PoissonProjection, Projection

__all__ = [
    "STAGES",
    "THRESHOLD_KINDS",
    "Experiment",
    "SolarMeasurement",
    "catalogue",
    "describe",
    "load",
    "load_solar",
    "names",
    "stages",
]
STAGES = ("current", "future")
_FILES = ("experiments.toml", "solar.toml", "sterile.toml")
THRESHOLD_KINDS = ("nuclear-recoil", "electron-equivalent")


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
    measurement : CountingMeasurement, Projection or PoissonProjection
        What was counted, or is assumed to be.
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
    ('COHERENT CsI[Na]', 14.57, 142.0)
    """

    name: str
    stage: str
    title: str
    source: Source
    detector: Detector
    baseline: float
    exposure: float
    measurement: Measurement
    references: Mapping[str, str] = field(hash=False)

    def __post_init__(self) -> None:
        """Refuse an impossible baseline or exposure."""
        for name in ("name", "stage", "title"):
            checked_kind(name, getattr(self, name), str)
        checked_kind("source", self.source, Source)
        checked_kind("detector", self.detector, Detector)
        checked_kind("measurement", self.measurement, Measurement)
        keep(
            self,
            baseline=checked_number("baseline", self.baseline, "cm", above=0),
            exposure=checked_number("exposure", self.exposure, "s", above=0),
            references=_references(self.references),
        )

    def fluence(self, beam: Beam) -> float:
        """Return the neutrinos of a beam that cross a square centimetre in the whole exposure.

        Parameters
        ----------
        beam : Beam
            One beam of the source.

        Returns
        -------
        float
            Fluence in 1/cm^2, of a reactor in fissions/cm^2: the emitted number over the area of
            the sphere at the baseline.

        Examples
        --------
        >>> csi = load("coherent-csi")
        >>> f"{csi.fluence(csi.source.beams[0]):.3e}"
        '3.008e+14'
        """
        checked_kind("beam", beam, Beam)
        return beam.rate * self.exposure / (4 * math.pi * self.baseline**2)


@dataclass(frozen=True)
class SolarMeasurement:
    """An upper limit on the effective moment of solar neutrinos.

    Parameters
    ----------
    name, title : str
        Short name, and the name for people.
    effective_moment : float
        The limit in Bohr magnetons.
    confidence : float
        Its confidence level.
    energy : float
        Neutrino energy in MeV.
    electron_density : float
        Electrons where they are born, in mol/cm^3.
    references : mapping of str to str
        Where each number comes from, by its key.

    Raises
    ------
    DomainError
        If a number lies outside its domain.

    Examples
    --------
    >>> load_solar("borexino").effective_moment
    2.8e-11
    """

    name: str
    title: str
    effective_moment: float
    confidence: float
    energy: float
    electron_density: float
    references: Mapping[str, str] = field(hash=False)

    def __post_init__(self) -> None:
        """Refuse impossible numbers."""
        checked_kind("name", self.name, str)
        checked_kind("title", self.title, str)
        density = checked_number("electron density", self.electron_density, "mol/cm^3", at_least=0)
        keep(
            self,
            effective_moment=checked_number(
                "effective moment", self.effective_moment, "mu_B", above=0
            ),
            confidence=checked_number("confidence level", self.confidence, above=0, at_most=1),
            energy=checked_number("energy", self.energy, "MeV", above=0),
            electron_density=density,
            references=_references(self.references),
        )


def _references(given: Mapping[str, str]) -> dict[str, str]:
    """Return where numbers come from, or refuse what is no text under a key."""
    items = checked_kind("references", given, Mapping).items()
    return {key: checked_kind(f"references, {quoted(key)}", text, str) for key, text in items}


def catalogue(name: str) -> Mapping[str, Any]:
    """Return a file of the library's descriptions.

    Parameters
    ----------
    name : {"experiments.toml", "solar.toml", "sterile.toml"}
        The file.

    Returns
    -------
    mapping
        Its tables.

    Raises
    ------
    UnknownNameError
        If there is no such file.

    Examples
    --------
    >>> catalogue("experiments.toml")["conus"]["target"]
    'Ge'
    """
    return _read(checked_choice("file", name, _FILES))


@cache
def _read(name: str) -> Mapping[str, Any]:
    text = (resources.files("cevnslib") / "data" / name).read_text(encoding="utf-8")
    return _frozen(tomllib.loads(text))


def _frozen(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return tables that nobody can change, as all callers get the same ones."""
    return MappingProxyType(
        {key: _frozen(x) if isinstance(x, Mapping) else x for key, x in table.items()}
    )


def names() -> tuple[str, ...]:
    """Return the names of the experiments that are built in.

    Returns
    -------
    tuple of str
        Names that `load` takes.

    Examples
    --------
    >>> ", ".join(names())
    'coherent-csi, coherent-hpge, coherent-lar, coherent-nai, conus, connie, miner, texono, red100'
    """
    return tuple(catalogue("experiments.toml"))


def stages(name: str | Path) -> tuple[str, ...]:
    """Return the stages of an experiment.

    Parameters
    ----------
    name : str or path
        One of `names`, or a TOML file.

    Returns
    -------
    tuple of str
        Stages that `load` takes with it.

    Raises
    ------
    UnknownNameError
        If there is no such experiment.
    ConfigurationError
        If the file cannot be read.

    Examples
    --------
    >>> stages("conus")
    ('current', 'future')
    """
    description = _description(name)[1]
    return tuple(stage for stage in STAGES if stage in description) or ("current",)


def load(
    name: str | Path, stage: str = "current", *, threshold_kind: str | None = None
) -> Experiment:
    """Load one experiment.

    Parameters
    ----------
    name : str or path
        One of `names`, or a TOML file: a path object, or a string that ends in ``.toml``.
    stage : {"current", "future"}, optional
        Today's set-up, or the one that is planned.
    threshold_kind : {"nuclear-recoil", "electron-equivalent"}, optional
        Read the energies of the detector this way, whatever the description says.

    Returns
    -------
    Experiment
        Ready for `cevnslib.rates` and `cevnslib.limits`.

    Raises
    ------
    UnknownNameError
        If there is no such experiment, stage or kind.
    ConfigurationError
        If the description lacks a key, has an unknown one or a wrong value.

    Examples
    --------
    >>> load("coherent-csi").baseline
    1930.0
    >>> load("coherent-cs")
    Traceback (most recent call last):
    ...
    cevnslib.errors.UnknownNameError: unknown experiment 'coherent-cs' (did you mean \
'coherent-csi'?); allowed: coherent-csi, coherent-hpge, coherent-lar, coherent-nai, conus, connie, \
miner, texono, red100
    """
    short, description = _description(name)
    checked_choice(f"stage of {short}", stage, stages(name))
    shared = {key: value for key, value in description.items() if key not in STAGES}
    own = description.get(stage, {})
    if not isinstance(own, Mapping):
        raise ConfigurationError(
            f"experiment {short!r}, {stage}: got {quoted(own)}; allowed: a table of keys"
        )
    if threshold_kind is not None:
        checked_choice("threshold_kind", threshold_kind, THRESHOLD_KINDS)
        own = {**own, "threshold_kind": threshold_kind}
    return describe(short, {**shared, **own}, stage)


def describe(name: str, description: Mapping[str, Any], stage: str = "current") -> Experiment:
    """Make an experiment from its description.

    Parameters
    ----------
    name : str
        Its short name.
    description : mapping
        The keys of an experiment's TOML file, without stages.
    stage : str, optional
        What to call its stage.

    Returns
    -------
    Experiment
        Ready for `cevnslib.rates` and `cevnslib.limits`.

    Raises
    ------
    ConfigurationError
        If the description lacks a key, has an unknown one or a wrong value.

    Examples
    --------
    >>> mine = describe(
    ...     "mine",
    ...     {
    ...         "source": "reactor", "thermal_power_GW": 3.0, "baseline_m": 20,
    ...         "target": "Ge", "mass_kg": 10, "threshold_keV": 0.5, "exposure_years": 2,
    ...         "statistics": {"kind": "projection", "sigma_stat": 0.1, "sigma_sys": 0.1},
    ...     },
    ... )
    >>> mine.detector.target.name, mine.baseline
    ('Ge', 2000.0)
    """
    checked_kind("name", name, str)
    checked_kind("description", description, Mapping)
    checked_kind("stage", stage, str)
    place = f"experiment {name!r}, {stage}"
    try:
        return _build(name, stage, description, place)
    except ConfigurationError:
        raise
    except CevnsError as error:
        raise ConfigurationError(f"{place}: {error}") from error


def text_of(path: Path) -> str:
    """Return the text of a file that a reader wrote, or raise OSError or ValueError."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
        raise OSError("this is no regular file")
    return path.read_text(encoding="utf-8-sig")  # some editors begin with a byte order mark


def _description(name: str | Path) -> tuple[str, Mapping[str, Any]]:
    """Return the short name of an experiment and its table."""
    if isinstance(name, Path) or (isinstance(name, str) and name.endswith(".toml")):
        path = Path(name)
        try:
            description = tomllib.loads(text_of(path))
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(
                f"{path}: this is no TOML: {error}; allowed: a TOML file"
            ) from error
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"{path}: the file cannot be read: {error}; allowed: a TOML file in UTF-8"
            ) from error
        for table in (description, *(description.get(stage) for stage in STAGES)):
            efficiency = table.get("efficiency") if isinstance(table, dict) else None
            if isinstance(efficiency, dict) and "file" in efficiency:
                columns = _efficiency_file(path, efficiency.pop("file"))
                for key in columns:
                    if key in efficiency:
                        raise ConfigurationError(
                            f"{path}: efficiency: got both of 'file' and {key!r}; allowed: one of "
                            "them"
                        )
                efficiency |= columns
        return path.stem, description
    name = checked_choice("experiment", name, names())
    return name, catalogue("experiments.toml")[name]


def _efficiency_file(place: Path, name: object) -> dict[str, list[float]]:
    """Return the columns of a CSV file beside a reader's TOML file."""
    allowed = (
        "allowed: a CSV file in the same folder or below it, with a line energy_keV,value and a "
        "line of two numbers for each energy"
    )
    wrong = f"{place}: efficiency: file: got {quoted(name)}"
    if not isinstance(name, str):
        raise ConfigurationError(f"{wrong}; {allowed}")
    try:
        path = (place.parent / name).resolve()  # a link to itself is a RuntimeError here
        if not path.is_relative_to(place.parent.resolve()):
            raise ValueError("it lies outside the folder")
        lines = [line for line in text_of(path).splitlines() if line.strip()]
        header, *rows = csv.reader(line for line in lines if not line.startswith("#"))
        if [title.strip() for title in header] != ["energy_keV", "value"]:
            raise ValueError(f"the first line is {quoted(','.join(header))}")
        energies, values = zip(*([float(x) for x in row] for row in rows), strict=True)
    except (OSError, ValueError, RuntimeError, csv.Error) as error:
        raise ConfigurationError(f"{wrong}, which cannot be read: {error}; {allowed}") from error
    return {"energies_keV": list(energies), "values": list(values)}


def load_solar(name: str = "borexino", line: str = "be7") -> SolarMeasurement:
    """Load a limit from solar neutrinos, read with the neutrinos of one line.

    Parameters
    ----------
    name : {"borexino"}, optional
        The experiment.
    line : {"be7", "pp"}, optional
        Whose energy and place of birth to use.

    Returns
    -------
    SolarMeasurement
        Ready for `cevnslib.studies.moments.solar_limits`.

    Raises
    ------
    UnknownNameError
        If there is no such experiment or line.

    Examples
    --------
    >>> load_solar(line="pp").energy
    0.267
    """
    solar = catalogue("solar.toml")
    table = solar[checked_choice("solar experiment", name, solar)]
    checked_choice("solar line", line, table["lines"])
    return SolarMeasurement(
        name,
        table["title"],
        table["effective_moment"],
        table["confidence"],
        table["lines"][line]["energy_MeV"],
        table["lines"][line]["electron_density"],
        table["references"],
    )


class _Table:
    """A table of a description whose keys are taken one by one; what is left over is refused."""

    def __init__(self, table: object, place: str) -> None:
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{place}: got {quoted(table)}; allowed: a table of keys")
        self.left, self.place, self.known = dict(table), place, list[str]()

    def has(self, key: str) -> bool:
        self.known.append(key)
        return key in self.left

    def take(self, key: str, default: Any = None) -> Any:
        if not self.has(key) and default is None:
            raise ConfigurationError(f"{self.place}: the key {key!r} is missing")
        return self.left.pop(key, default)

    def number(self, key: str, default: float | None = None) -> float:
        value = self.take(key, default)
        fits = not isinstance(value, int) or value.bit_length() < 1000
        if isinstance(value, bool) or not isinstance(value, int | float) or not fits:
            raise ConfigurationError(f"{self.place}: {key}: got {quoted(value)}; allowed: a number")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value = self.take(key, default)
        if not isinstance(value, str) or value.splitlines() != [value]:
            raise ConfigurationError(
                f"{self.place}: {key}: got {quoted(value)}; allowed: text on one line"
            )
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        return checked_choice(key, self.take(key, default), allowed)

    def one_of(self, first: str, second: str) -> str:
        if self.has(first) == self.has(second):
            found = "both" if first in self.left else "neither"
            raise ConfigurationError(
                f"{self.place}: got {found} of {first!r} and {second!r}; allowed: one of them"
            )
        return first if first in self.left else second

    def finish(self) -> None:
        for key in self.left:
            raise ConfigurationError(
                f"{self.place}: {UnknownNameError('key', key, dict.fromkeys(self.known))}"
            )


def _build(name: str, stage: str, description: Mapping[str, Any], place: str) -> Experiment:
    """Turn a description into an experiment."""
    table = _Table(description, place)
    baseline = table.number("baseline_m") * 100
    exposure_key = table.one_of("exposure_days", "exposure_years")
    exposure = table.number(exposure_key) * (DAY if exposure_key == "exposure_days" else YEAR)
    experiment = Experiment(
        name=name,
        stage=stage,
        title=table.text("title", name),
        source=_source(table, baseline),
        detector=_detector(table),
        baseline=baseline,
        exposure=exposure,
        measurement=_measurement(table),
        references=table.take("references", {}),
    )
    table.finish()
    return experiment


def _source(table: _Table, baseline: float) -> Source:
    if table.choice("source", ("sns", "reactor")) == "sns":
        return spallation_source()
    options = {
        "fractions": table.take("fission_fractions", dict(FISSION_FRACTIONS)),
        "captures": table.number("captures_per_fission", 0.0),
    }
    if table.one_of("thermal_power_GW", "total_flux_per_cm2_s") == "thermal_power_GW":
        return reactor_of_power(table.number("thermal_power_GW"), **options)
    return reactor_of_flux(table.number("total_flux_per_cm2_s"), baseline, **options)


def _detector(table: _Table) -> Detector:
    kind = table.choice("threshold_kind", THRESHOLD_KINDS, THRESHOLD_KINDS[0])
    resolution = None
    if table.has("resolution"):
        widths = _Table(table.take("resolution"), f"{table.place}: resolution")
        resolution = Resolution(
            widths.number("constant_keV", 0.0) * KEV,
            widths.number("stochastic_sqrt_keV", 0.0) * math.sqrt(KEV),
        )
        widths.finish()
    return Detector(
        target(table.text("target")),
        table.number("mass_kg"),
        table.number("threshold_keV", 0.0) * KEV,
        _efficiency(table),
        table.number("maximum_keV", math.inf) * KEV,
        Lindhard() if kind == "electron-equivalent" else None,
        resolution,
    )


def _efficiency(table: _Table) -> Efficiency:
    if not isinstance(table.left.get("efficiency", 1.0), Mapping):
        return ConstantEfficiency(table.number("efficiency", 1.0))
    own = _Table(table.take("efficiency"), f"{table.place}: efficiency")
    if own.choice("kind", ("photoelectrons", "table")) == "table":
        energies = checked("energies_keV", own.take("energies_keV"), "keV", at_least=0) * KEV
        values = checked("values", own.take("values"), at_least=0, at_most=1)
        made: Efficiency = TabulatedEfficiency(
            tuple(np.atleast_1d(energies)), tuple(np.atleast_1d(values))
        )
    else:
        made = PhotoelectronAcceptance(
            own.number("amplitude"),
            own.number("slope"),
            own.number("midpoint"),
            own.number("photoelectrons_per_keV"),
            own.number("half", 5.0),
            own.number("full", 6.0),
            own.number("last", math.inf),
        )
    own.finish()
    return made


def _measurement(table: _Table) -> Measurement:
    own = _Table(table.take("statistics"), f"{table.place}: statistics")
    kinds: dict[str, type[Measurement]] = {
        "counting": CountingMeasurement,
        "projection": Projection,
        "poisson": PoissonProjection,
    }
    kind = own.choice("kind", tuple(kinds))
    made = kinds[kind](**{field.name: own.number(field.name) for field in fields(kinds[kind])})
    own.finish()
    return made
