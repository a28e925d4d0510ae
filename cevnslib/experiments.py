"""Experiments: a source, a detector at a distance, an exposure and what is measured.

The descriptions are in ``data/<paper>/experiments.toml``, each number with its source. A reader's
own file holds the same keys, and what is made of it works wherever a built-in experiment does.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import checked_choice, checked_kind, checked_number, checked_numbers, keep
from .constants import DAY, YEAR
from .detectors.detector import Detector
from .errors import CevnsError, ConfigurationError, DomainError, quoted
from .files import packaged, papers
from .physics.interactions import Interaction, StandardModel
from .physics.mixing import TALK_2019, OscillationParameters
from .reading.data import read_measurement
from .reading.detectors import THRESHOLD_KINDS, read_detector, read_times
from .reading.interactions import read_interaction
from .reading.keys import Table, read_toml
from .reading.mixing import read_oscillation
from .reading.sources import read_source
from .sources.beams import Beam, Source
from .sources.flux import Component, Flux
from .statistics.chi2 import delta_chi2
from .statistics.data import Measurement, NotMeasured

__all__ = [
    "SIGNAL_NUISANCE",
    "THRESHOLD_KINDS",
    "Experiment",
    "SolarMeasurement",
    "description",
    "from_description",
    "load",
    "load_solar",
    "names",
    "solar_names",
    "stages",
    "variants",
]
#: What is done with the relative error of the signal: it is fitted as a nuisance, or left out.
SIGNAL_NUISANCE = ("fitted", "left out")


@dataclass(frozen=True)
class Experiment:
    """A detector in the flux of a source, for a time.

    Parameters
    ----------
    name, stage, title : str
        Short name, which of its stages (empty if it has none), and the name for people (empty if
        it is the short one).
    source : Source or Flux
        What emits the neutrinos, or what arrives of them.
    detector : Detector
        What counts the recoils.
    baseline : float or None
        Distance from source to detector in cm; None where the flux at the detector is given.
    exposure : float
        Live time in s.
    measurement : Measurement, optional
        What was counted, or is assumed to be: a CountingMeasurement, Projection or
        PoissonProjection. The default has no chi2: its data are elsewhere.
    references : mapping of str to str, optional
        Where each number comes from, by its key.
    interaction : Interaction, optional
        What scatters neutrinos, by default the Standard Model; studies of moments add theirs.
    mixing : OscillationParameters, optional
        Mixing of the three neutrinos.
    confidence : float, optional
        Confidence level of its limits.
    times_us : tuple of float, optional
        Edges of windows of the time of arrival after a pulse, in microseconds, rising. Each bin of
        the detector is then one in each window, windows side by side.

    Examples
    --------
    >>> csi = load("coherent-csi")
    >>> csi.title, csi.detector.mass, csi.measurement.observed
    ('COHERENT CsI[Na]', 14.57, 142.0)
    >>> from cevnslib.physics.targets import target
    >>> from cevnslib.sources.solar import solar_flux
    >>> xenon = Detector(target("Xe"), mass=1e3, threshold=1e-3)
    >>> Experiment("xenon", "", "", solar_flux(["b8"]), xenon, None, YEAR).title
    'xenon'
    """

    name: str
    stage: str
    title: str
    source: Source | Flux
    detector: Detector
    baseline: float | None
    exposure: float
    measurement: Measurement = NotMeasured()  # noqa: RUF009, it is frozen
    references: Mapping[str, str] = field(default_factory=dict, hash=False)
    interaction: Interaction = StandardModel()  # noqa: RUF009, it is frozen
    mixing: OscillationParameters = TALK_2019
    confidence: float = 0.90
    times_us: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse an impossible baseline or exposure."""
        for name in ("name", "stage", "title"):
            checked_kind(name, getattr(self, name), str)
        checked_kind("source", self.source, Source | Flux)
        checked_kind("detector", self.detector, Detector)
        checked_kind("measurement", self.measurement, Measurement)
        checked_kind("interaction", self.interaction, Interaction)
        checked_kind("mixing", self.mixing, OscillationParameters)
        if isinstance(self.source, Source):
            baseline: Any = self.baseline
            keep(self, baseline=checked_number("baseline", baseline, "cm", above=0))
        elif self.baseline is not None:
            raise DomainError(
                f"baseline: got {quoted(self.baseline)} beside a flux at the detector; allowed: "
                "None"
            )
        keep(
            self,
            exposure=checked_number("exposure", self.exposure, "s", above=0),
            title=self.title or self.name,
            references=_references(self.references),
            confidence=_confidence(self.confidence),
            times_us=_times(self.times_us),
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what can be computed anew."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def flux(self) -> Flux:
        """The flux at the detector."""
        return self.source if isinstance(self.source, Flux) else self.source.at(self.metres)

    @property
    def beams(self) -> tuple[Beam, ...]:
        """The beams of the source; there must be one."""
        if isinstance(self.source, Flux):
            raise DomainError(
                f"source: got the flux of {self.title} at the detector; allowed: a source at a "
                "distance"
            )
        return self.source.beams

    @property
    def metres(self) -> float:
        """The baseline in m; there must be one."""
        if self.baseline is None:
            raise DomainError(
                f"baseline: got None, as {self.title} has a flux at the detector; allowed: a "
                "source at a distance"
            )
        return self.baseline / 100

    @property
    def bins(self) -> int:
        """How many bins there are, of energy and of time together."""
        return (len(self.detector.edges) - 1) * (len(self.times_us or (0, 1)) - 1)

    @cached_property
    def shares_in_time(self) -> NDArray[np.float64]:
        """The share of each component of the flux in each window of time; 1 without windows."""
        if self.times_us is None:
            return np.ones((len(self.flux.components), 1))
        edges = np.array(self.times_us)
        return np.array(
            [part.arrival.share(edges[:-1], edges[1:]) for part in self.flux.components]
        )

    def fluence(self, beam: Beam | Component) -> float:
        """Return the neutrinos of a beam that cross a square centimetre in the whole exposure.

        It is in 1/cm^2, of a reactor in fissions/cm^2: of a beam the emitted number over the area
        of the sphere at the baseline, of a component of the flux its intensity times the exposure.
        """
        checked_kind("beam", beam, Beam | Component)
        if isinstance(beam, Component):
            return beam.intensity * self.exposure
        return beam.rate * self.exposure / (4 * math.pi * (100 * self.metres) ** 2)

    def without_signal_nuisance(self) -> "Experiment":
        """Return the experiment with a signal that is predicted exactly."""
        return replace(self, measurement=self.measurement.without_signal_nuisance())


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
    stage : str, optional
        What the table of limits calls its time.

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
    stage: str = ""

    def __post_init__(self) -> None:
        """Refuse impossible numbers."""
        checked_kind("name", self.name, str)
        checked_kind("title", self.title, str)
        checked_kind("stage", self.stage, str)
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


def variants(experiment: Experiment) -> dict[str, Experiment]:
    """Return an experiment with the signal's error as a nuisance of the fit, and without it.

    Returns
    -------
    dict of str to Experiment
        Under the keys of `SIGNAL_NUISANCE`.

    Examples
    --------
    >>> [each.measurement.sigma_sys for each in variants(load("conus")).values()]
    [0.2, 0.0]
    """
    return dict(
        zip(SIGNAL_NUISANCE, (experiment, experiment.without_signal_nuisance()), strict=True)
    )


def _times(given: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Return edges of windows in time, or refuse them."""
    if given is None:
        return None
    edges = checked_numbers("times", given, "us")
    if len(edges) < 2 or np.any(np.diff(edges) <= 0):
        raise DomainError(f"times: got {quoted(given)}; allowed: at least two, rising")
    return edges


def _confidence(level: float) -> float:
    hint = "did you give a percentage?"
    level = checked_number("confidence", level, above=0, at_most=1, hint=hint)
    delta_chi2(level)
    return level


def _references(given: Mapping[str, str]) -> dict[str, str]:
    """Return where numbers come from, or refuse what is no text under a key."""
    items = checked_kind("references", given, Mapping).items()
    return {key: checked_kind(f"references, {quoted(key)}", text, str) for key, text in items}


def names(paper: str | None = None) -> tuple[str, ...]:
    """Return the names of the experiments that are built in.

    Parameters
    ----------
    paper : str, optional
        One of `cevnslib.files.papers`; by default all of them.

    Examples
    --------
    >>> names("miranda2019")[:2]
    ('coherent-csi', 'coherent-hpge')
    """
    chosen = papers() if paper is None else (checked_choice("paper", paper, papers()),)
    return tuple(name for paper in chosen for name in packaged(paper, "experiments.toml"))


def stages(name: str | Path) -> tuple[str, ...]:
    """Return the stages of an experiment.

    Parameters
    ----------
    name : str or path
        One of `names`, or a TOML file.

    Returns
    -------
    tuple of str
        Stages that `load` takes with it, the first by default; an empty one if there are none.

    Raises
    ------
    ConfigurationError
        If the file cannot be read.

    Examples
    --------
    >>> stages("conus")
    ('2019', 'projected')
    """
    short, whole = _whole(name)
    nested = whole.get("stages", {})
    if not isinstance(nested, Mapping):
        raise ConfigurationError(
            f"experiment {short!r}: stages: got {quoted(nested)}; allowed: a table for each stage"
        )
    return tuple(nested) or ("",)


def description(name: str | Path, stage: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the keys of an experiment: those of all its stages, then the stage's, then yours.

    Parameters
    ----------
    name, stage, changes
        See `load`.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, or a stage is no table.

    Examples
    --------
    >>> description("conus", "projected", mass_kg=20)["mass_kg"]
    20
    """
    known = stages(name)
    short, whole = _whole(name)
    stage = known[0] if stage is None else checked_choice(f"stage of {short}", stage, known)
    own = whole.get("stages", {}).get(stage, {})
    if not isinstance(own, Mapping):
        raise ConfigurationError(
            f"experiment {short!r}, {stage}: got {quoted(own)}; allowed: a table of keys"
        )
    shared = {key: value for key, value in whole.items() if key != "stages"}
    return _nested(_nested(shared, own), changes)


def _nested(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables laid over each other, table by table, except that a kind brings its own."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping) and "kind" not in value
        merged[key] = _nested(old, value) if both else value  # type: ignore[arg-type]
    return merged


def load(name: str | Path, stage: str | None = None, **changes: Any) -> Experiment:
    """Load one experiment.

    Parameters
    ----------
    name : str or path
        One of `names`, or a TOML file: a path object, or a string that ends in ``.toml``.
    stage : str, optional
        One of its `stages`; by default the first.
    **changes
        Keys of its description that take other values, say ``mass_kg=10``.

    Raises
    ------
    ConfigurationError
        If the description lacks a key, has an unknown one or a wrong value.

    Examples
    --------
    >>> load("coherent-csi").baseline
    1930.0
    >>> load("coherent-csi", mass_kg=10).detector.mass
    10.0
    """
    known = stages(name)
    table = description(name, stage, **changes)
    folder = Path(name).parent if _is_file(name) else None
    return from_description(_whole(name)[0], table, known[0] if stage is None else stage, folder)


def from_description(
    name: str, description: Mapping[str, Any], stage: str = "", folder: Path | None = None
) -> Experiment:
    """Make an experiment from its description.

    Parameters
    ----------
    name : str
        Its short name.
    description : mapping
        The keys of an experiment's TOML file, without stages.
    stage : str, optional
        What to call its stage.
    folder : path, optional
        Where the tables lie that it names; without one it may name none.

    Raises
    ------
    ConfigurationError
        If the description lacks a key, has an unknown one or a wrong value.

    Examples
    --------
    >>> mine = from_description(
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
    place = ", ".join(filter(None, (f"experiment {name!r}", stage)))
    try:
        return _build(name, stage, Table(description, place, folder))
    except ConfigurationError:
        raise
    except CevnsError as error:
        raise ConfigurationError(f"{place}: {error}") from error


def _is_file(name: str | Path) -> bool:
    return isinstance(name, Path) or (isinstance(name, str) and name.endswith(".toml"))


def _whole(name: str | Path) -> tuple[str, Mapping[str, Any]]:
    """Return the short name of an experiment and its table, with all stages."""
    if not _is_file(name):
        known = checked_choice("experiment", name, names())
        files = (packaged(paper, "experiments.toml") for paper in papers())
        return known, next(file[known] for file in files if known in file)
    return Path(name).stem, read_toml(Path(name))


def load_solar(name: str = "borexino", line: str = "be7") -> SolarMeasurement:
    """Load a limit from solar neutrinos, read with the neutrinos of one line.

    Parameters
    ----------
    name : {"borexino"}, optional
        The experiment.
    line : {"be7", "pp"}, optional
        Whose energy and place of birth to use.

    Examples
    --------
    >>> load_solar(line="pp").energy
    0.267
    """
    solar = _solar()
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
        table["stage"],
    )


def solar_names() -> tuple[str, ...]:
    """Return the names of the solar limits that are built in.

    Examples
    --------
    >>> solar_names()
    ('borexino',)
    """
    return tuple(_solar())


def _solar() -> dict[str, Any]:
    files = (packaged(paper, "solar.toml") for paper in papers())
    return {name: table for file in files for name, table in file.items()}


def _build(name: str, stage: str, table: Table) -> Experiment:
    """Turn a description into an experiment."""
    seconds = _exposure(table)
    mixing = read_oscillation(table)
    source, baseline = read_source(table, seconds, mixing)
    detector, times = read_detector(table), read_times(table)
    bins = (len(detector.edges) - 1) * (len(times or (0, 1)) - 1)
    experiment = Experiment(
        name=name,
        stage=stage,
        title=table.text("title", name),
        source=source,
        detector=detector,
        baseline=None if baseline is None else 100 * baseline,
        exposure=seconds,
        measurement=read_measurement(table, bins, seconds / DAY),
        interaction=read_interaction(table),
        mixing=mixing,
        references=table.take("references", {}),
        confidence=table.number("confidence", 0.90),
        times_us=times,
    )
    _ = experiment.shares_in_time  # some neutrinos come at all times
    table.finish()
    return experiment


def _exposure(table: Table) -> float:
    """Return the exposure in s."""
    key = table.one_of("exposure_days", "exposure_years", "exposure_kg_days")
    if key == "exposure_days":
        most, hint = 36525.0, "did you give hours or seconds?"
        return table.number(key, above=0, at_most=most, hint=hint) * DAY
    if key == "exposure_years":
        return table.number(key, above=0, at_most=100, hint="did you give days?") * YEAR
    return table.number(key, above=0, at_most=1e12) / table.number_left("mass_kg", above=0) * DAY
