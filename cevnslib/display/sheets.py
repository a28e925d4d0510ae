"""What the sheet of an experiment shows: the same numbers as in the table of all limits."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, fields

from .. import experiments
from ..checks import checked_choice, checked_kind, checked_number, checked_tuple, keep
from ..claims import Claim, judge
from ..errors import ConfigurationError, quoted
from ..experiments import Experiment
from ..physics.interactions import MagneticMoment, StandardModel
from ..physics.mixing import TALK_2019, OscillationParameters, phase_from_degrees
from ..rates import counts_by_beam
from ..studies import published
from ..studies.moments import limits_by_beam, solar_limits
from ..studies.published import UNIT

__all__ = [
    "Row",
    "SheetParameters",
    "by_stage",
    "counts_table",
    "inputs_table",
    "introduction",
    "limits_table",
    "rows",
    "solar_row",
]
ALL = "all"
#: How the names of the beams are set.
BEAM_NAMES = {
    "nu_mu": r"$\nu_\mu$",
    "nu_e": r"$\nu_e$",
    "nubar_mu": r"$\bar\nu_\mu$",
    "nubar_e": r"$\bar\nu_e$",
}


@dataclass(frozen=True)
class SheetParameters:
    """The parameters of a sheet, checked.

    Parameters
    ----------
    experiment : str, optional
        A built-in experiment, or a reader's TOML file.
    stage : str, optional
        Which stage to show, or ``"all"``.
    beam : str, optional
        ``"all"`` for every row of the table, or one timing or name of a beam.
    signal_nuisance : {"all", "fitted", "left out"}, optional
        Whether the relative error of the signal is a nuisance of the fit.
    confidence : float, optional
        Confidence level, between 0 and 1.
    sin2_theta12, sin2_theta13, sin2_theta23, delta_cp : float, optional
        Mixing parameters, the phase in radians.
    delta_cp_degrees : float, optional
        The phase in degrees instead, as global fits print it.

    Raises
    ------
    ConfigurationError
        If a number arrives as text, or a reader's file is wrong.

    Examples
    --------
    >>> SheetParameters("conus").stages
    ('2019', 'projected')
    >>> SheetParameters("conus", confidence="9e-1")
    Traceback (most recent call last):
    ...
    cevnslib.errors.ConfigurationError: parameter confidence: got the text '9e-1'; allowed: a \
number (in YAML write 1.0e-11, not 1e-11)
    """

    experiment: str = "coherent-csi"
    stage: str = ALL
    beam: str = ALL
    signal_nuisance: str = ALL
    confidence: float = 0.90
    sin2_theta12: float = TALK_2019.sin2_theta12
    sin2_theta13: float = TALK_2019.sin2_theta13
    sin2_theta23: float = TALK_2019.sin2_theta23
    delta_cp: float = TALK_2019.delta_cp
    delta_cp_degrees: InitVar[float | None] = None

    def __post_init__(self, delta_cp_degrees: float | None) -> None:
        """Refuse what cannot be run, before anything runs."""
        if delta_cp_degrees is not None:
            if self.delta_cp != TALK_2019.delta_cp:
                raise ConfigurationError(
                    "parameters delta_cp and delta_cp_degrees: got both; allowed: one of them"
                )
            degrees = _numeric("delta_cp_degrees", delta_cp_degrees)
            keep(self, delta_cp=phase_from_degrees("parameter delta_cp_degrees", degrees))
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, float):
                number = checked_number(f"parameter {field.name}", _numeric(field.name, value))
                keep(self, **{field.name: number})
            elif not isinstance(value, str):
                got = quoted(value)
                raise ConfigurationError(f"parameter {field.name}: got {got}; allowed: text")
        hint = "did you give a percentage?"
        level = self.confidence
        if checked_number("parameter confidence", level, above=0, at_most=1, hint=hint) == 1:
            raise ConfigurationError("parameter confidence: got 1; allowed: above 0 and below 1")
        self.oscillation  # noqa: B018, it checks the angles
        known = experiments.stages(self.experiment)
        checked_choice("stage", self.stage, (ALL, *known))
        treatments = (ALL, *experiments.SIGNAL_NUISANCE)
        checked_choice("signal_nuisance", self.signal_nuisance, treatments)
        experiments.load(self.experiment, self.stages[0]).source.select(self.beam)

    @property
    def oscillation(self) -> OscillationParameters:
        """The mixing parameters."""
        return OscillationParameters(
            self.sin2_theta12, self.sin2_theta13, self.sin2_theta23, self.delta_cp
        )

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages to show."""
        return experiments.stages(self.experiment) if self.stage == ALL else (self.stage,)

    @property
    def treatments(self) -> tuple[str, ...]:
        """What to do with the signal's nuisance: keys of `cevnslib.experiments.variants`."""
        every = self.signal_nuisance == ALL
        return experiments.SIGNAL_NUISANCE if every else (self.signal_nuisance,)

    def beams(self, experiment: Experiment) -> dict[str, str]:
        """Return the rows to show: the name of each in the published table, and its beams."""
        checked_kind("experiment", experiment, Experiment)
        samples = experiment.source.samples
        if self.beam == ALL:
            return samples
        return {self.beam: self.beam} if len(samples) > 1 else dict.fromkeys(samples, self.beam)


#: What a file of parameters may hold.
PARAMETERS = tuple(inspect.signature(SheetParameters).parameters)


def _numeric(name: str, value: float) -> float:
    """Return the value of a parameter, or refuse text."""
    if isinstance(value, str):
        raise ConfigurationError(
            f"parameter {name}: got the text {quoted(value)}; allowed: a number (in YAML write "
            "1.0e-11, not 1e-11)"
        )
    return value


@dataclass(frozen=True)
class Row:
    """Limits of one stage, beam and treatment of the signal's error, beside the published ones.

    Parameters
    ----------
    experiment, title, stage, beam, signal_nuisance : str
        What the row is of.
    limits : tuple of float
        Limits on the three moments in Bohr magnetons; infinite where there is none.
    published : tuple of PublishedLimit
        The three published numbers, or none of them.

    Examples
    --------
    >>> row = rows(SheetParameters("coherent-csi", signal_nuisance="fitted"))[0]
    >>> row.verdicts
    ('reproduced', 'reproduced', 'reproduced')
    """

    experiment: str
    title: str
    stage: str
    beam: str
    signal_nuisance: str
    limits: tuple[float, ...]
    published: tuple[Claim, ...]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The verdict on each number, in words; empty without published ones."""
        pairs = zip(self.published, self.limits, strict=True) if self.published else ()
        return tuple(judge(claim, limit / UNIT).word for claim, limit in pairs)


def _published(name: str, beam: str, stage: str) -> tuple[Claim, ...]:
    """Return the published numbers of a row, or none."""
    row = {"experiment": name, "beam": beam, "stage": stage}.items()
    return tuple(claim for claim in published.numbers() if row <= claim.subject.items())


def rows(parameters: SheetParameters) -> tuple[Row, ...]:
    """Return the limits that a sheet shows.

    Returns
    -------
    tuple of Row
        By stage, beam and treatment of the signal's error. The published numbers stand beside ours
        only for the built-in experiments, the published confidence level and the published mixing.

    Examples
    --------
    >>> len(rows(SheetParameters("coherent-csi")))
    12
    """
    checked_kind("parameters", parameters, SheetParameters)
    p = parameters
    comparable = p.experiment in experiments.names() and p.confidence == 0.90
    comparable = comparable and p.oscillation == TALK_2019
    shown = []
    for stage in p.stages:
        treated = experiments.variants(experiments.load(p.experiment, stage))
        samples = p.beams(treated[p.treatments[0]])
        limits = {
            treatment: limits_by_beam(
                treated[treatment],
                tuple(samples.values()),
                parameters=p.oscillation,
                confidence=p.confidence,
            )
            for treatment in p.treatments
        }
        for i, label in enumerate(samples):
            for treatment in p.treatments:
                experiment = treated[treatment]
                values = tuple(limits[treatment][i].tolist())
                printed = _published(experiment.name, label, stage) if comparable else ()
                names = (experiment.name, experiment.title, stage, label, treatment)
                shown.append(Row(*names, values, printed))
    return tuple(shown)


def solar_row() -> Row:
    """Return the row of Borexino, which has no choices.

    Examples
    --------
    >>> solar_row().verdicts
    ('reproduced', 'reproduced', 'reproduced')
    """
    (name,) = experiments.solar_names()
    measurement = experiments.load_solar(name)
    values = tuple(solar_limits(measurement).tolist())
    printed = _published(name, "solar", measurement.stage)
    names = (name, measurement.title, measurement.stage, "solar", "")
    return Row(*names, values, printed)


def _markdown(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    cells = [[" ".join(cell.split()).replace("|", r"\|") for cell in line] for line in body]
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def inputs_table(experiment: Experiment) -> str:
    """Return the inputs of an experiment and their sources, as a Markdown table.

    Examples
    --------
    >>> print(inputs_table(experiments.load("conus")).splitlines()[2])
    | target | Ge | arXiv:1905.03750, table of configurations |
    """
    checked_kind("experiment", experiment, Experiment)
    d, m = experiment.detector, experiment.measurement
    lowest = d.edges[0] or d.efficiency.breakpoints[0]
    kind = "recoil" if d.quenching is None else "electron-equivalent"
    seconds = experiment.exposure
    years = seconds / (365 * 86400)
    inputs = {
        "target": d.target.name,
        "mass_kg": f"{d.mass:g} kg",
        "threshold_keV": f"{lowest * 1e3:.3g} keV, {kind}",
        "efficiency": str(getattr(d.efficiency, "value", "a function of the energy")),
        "baseline_m": f"{experiment.metres:g} m",
        "exposure": f"{years:g} yr" if years >= 0.999 else f"{seconds / 86400:g} days",
        "statistics": ", ".join(f"{key} {value:g}" for key, value in vars(m).items()),
    }
    sources = dict(experiment.references)
    sources["exposure"] = sources.get("exposure_days", sources.get("exposure_years", ""))
    if "threshold_kind" in sources:
        inputs["threshold_kind"] = kind
    if "electrons" in sources:
        inputs["electrons"] = d.electrons
    if "spectrum_end_MeV" in sources:
        end = max(part.spectrum.breakpoints[-1] for part in experiment.flux.components)
        inputs["spectrum_end_MeV"] = f"{end:g} MeV"
    if "thermal_power_GW" in sources:
        inputs["thermal_power_GW"] = f"{experiment.beams[0].rate:.3g} fissions per second follow"
    body = [[key, value, sources.get(key, "")] for key, value in inputs.items()]
    shown = {*inputs, "exposure_days", "exposure_years"}
    body += [[key, "", source] for key, source in sources.items() if key not in shown]
    return _markdown(["input", "value", "source"], body)


def counts_table(experiment: Experiment, moment: float = 1e-10) -> str:
    """Return the expected events by beam, as a Markdown table.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    moment : float, optional
        Effective moment of every beam in Bohr magnetons, for the magnetic events.

    Examples
    --------
    >>> print(counts_table(experiments.load("coherent-csi")).splitlines()[-1])
    | all | 180.2 | 0.09735 |
    """
    weak = counts_by_beam(experiment, StandardModel())
    magnetic = counts_by_beam(experiment, MagneticMoment(moment))
    weak[ALL], magnetic[ALL] = sum(weak.values()), sum(magnetic.values())
    body = [
        [BEAM_NAMES.get(beam, beam), _four_digits(weak[beam]), _four_digits(magnetic[beam])]
        for beam in weak
    ]
    if len(body) == 2:
        body = body[:1]
    return _markdown(["beam", "Standard Model", f"magnetic, {moment:g} Bohr magnetons"], body)


def _four_digits(x: float) -> str:
    """Return a number of events to four digits, with commas rather than a power of ten."""
    return f"{float(f'{x:.4g}'):,.15g}" if 1e-3 < x < 1e9 else f"{x:.4g}"


def limits_table(shown: Sequence[Row]) -> str:
    """Return limits beside the published ones, as a Markdown table.

    Returns
    -------
    str
        A Markdown table; limits in 1e-10 Bohr magnetons, the published ones in brackets.

    Examples
    --------
    >>> table = limits_table(rows(SheetParameters("red100", "2019", signal_nuisance="left out")))
    >>> print(table.splitlines()[-1])
    | 2019 | reactor | left out | 1.019 (1.0) | 0.7111 (0.72) | 0.5958 (0.61) | reproduced |
    """
    body = []
    for row in checked_tuple("rows", shown, Row):
        numbers = [f"{value / 1e-10:.4g}" for value in row.limits]
        if row.published:
            numbers = [f"{n} ({p.printed})" for n, p in zip(numbers, row.published, strict=True)]
        words = list(dict.fromkeys(row.verdicts))
        body.append([row.stage, row.beam, row.signal_nuisance, *numbers, " / ".join(words)])
    header = [
        "stage",
        "beam",
        "signal's error",
        *(rf"$\lvert\Lambda_{i}\rvert$" for i in (1, 2, 3)),
        "verdict",
    ]
    return _markdown(header, body)


def introduction(parameters: SheetParameters) -> str:
    """Return the title of a sheet and what it is about, as Markdown.

    Examples
    --------
    >>> introduction(SheetParameters("conus")).splitlines()[0]
    '# CONUS'
    """
    checked_kind("parameters", parameters, SheetParameters)
    p = parameters
    experiment = experiments.load(p.experiment, p.stages[0])
    angles = ", ".join(
        rf"$\sin^2\theta_{{{name}}} = {value:g}$"
        for name, value in zip(
            ("12", "13", "23"), (p.sin2_theta12, p.sin2_theta13, p.sin2_theta23), strict=True
        )
    )
    target, metres = experiment.detector.target.name, experiment.metres
    return (
        f"# {experiment.title}\n\n{target} at {metres:g} m from {experiment.source.title}. "
        f"Limits at {p.confidence:.0%} C.L., with {angles} and $\\delta_\\text{{CP}} = "
        f"{p.delta_cp:g}$. This sheet is made from a template, the same for every experiment."
    )


def by_stage(stages: Sequence[Experiment], table: Callable[[Experiment], str]) -> str:
    """Return a table for each stage of an experiment, as Markdown.

    Parameters
    ----------
    stages : sequence of Experiment
        The stages of one experiment.
    table : callable
        Makes the table of one stage, such as `inputs_table` or `counts_table`.

    Examples
    --------
    >>> print(by_stage([experiments.load("conus")], counts_table).splitlines()[0])
    **2019**
    """
    stages = checked_tuple("stages", stages, Experiment)
    checked_kind("table", table, Callable)
    heads = (f"**{shown.stage.capitalize()}**\n\n" if shown.stage else "" for shown in stages)
    return "\n\n".join(head + table(shown) for head, shown in zip(heads, stages, strict=True))
