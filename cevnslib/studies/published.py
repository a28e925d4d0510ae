"""The table of limits of every experiment that is built in, and the verdicts on those published.

Where a paper does not print what an input means, ``data/<paper>/inferences.toml`` holds other
readings of it; they change what is computed only if asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ..checks import checked_choice, made
from ..claims import Claim, Verdict, claims, judge
from ..experiments import (
    SIGNAL_NUISANCE,
    THRESHOLD_KINDS,
    description,
    load,
    load_solar,
    names,
    solar_names,
    stages,
    variants,
)
from ..files import packaged, papers
from ..physics.mixing import TALK_2019, OscillationParameters
from .moments import limits_by_beam, solar_limits

__all__ = ["UNIT", "Inference", "LimitRow", "inferences", "limit_table", "numbers", "verdicts"]

#: Unit of the published limits, in Bohr magnetons.
UNIT = 1e-10


@dataclass(frozen=True)
class LimitRow:
    """A row of the table of limits; made by `limit_table`.

    Parameters
    ----------
    experiment, stage, beam : str
        Which count sets the limits.
    values : tuple of float
        Limits on the three moments in Bohr magnetons, one at a time.

    Examples
    --------
    >>> LimitRow("mine", "", "reactor", (1e-10, 2e-10, 3e-10)).beam
    'reactor'
    """

    experiment: str
    stage: str
    beam: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Inference:
    """Another reading of inputs of a paper, which no text confirms; made by `inferences`.

    Parameters
    ----------
    name, what, why : str
        Its name, what it changes, and what speaks for it.
    changes : tuple of mapping
        Keys that take other values, beside the ``experiment`` and perhaps the ``stage`` they
        belong to.

    Examples
    --------
    >>> Inference("heavier", "10 kg", "a guess", ({"experiment": "conus", "mass_kg": 10},)).name
    'heavier'
    """

    name: str
    what: str
    why: str
    changes: tuple[Mapping[str, Any], ...]

    def keys_of(self, experiment: str, stage: str) -> dict[str, Any]:
        """Return the keys that it changes in a stage of an experiment, with their values.

        Examples
        --------
        >>> inferences()[2].keys_of("miner", "2019")
        {'mass_kg': 30}
        """
        subject = {"experiment": experiment, "stage": stage}
        mine = [c for c in self.changes if all(c.get(k, v) == v for k, v in subject.items())]
        return {key: value for each in mine for key, value in each.items() if key not in subject}


def inferences() -> tuple[Inference, ...]:
    """Return the other readings of inputs of all papers, in the order in which they build up.

    Examples
    --------
    >>> [each.name for each in inferences()][:2]
    ['quenched at threshold', '2Ge:1Si by mass']
    """
    files = (packaged(paper, "inferences.toml") for paper in papers())
    return tuple(
        made(
            Inference,
            name=name,
            what=entry["what"],
            why=entry["why"],
            changes=tuple(MappingProxyType(dict(each)) for each in entry["changes"]),
        )
        for file in files
        for name, entry in file.items()
    )


def _chosen(names: Sequence[str]) -> tuple[Inference, ...]:
    """Return the readings with these names."""
    known = {each.name: each for each in inferences()}
    return tuple(known[checked_choice("inference", name, known)] for name in names)


def limit_table(
    paper: str | None = None,
    *,
    parameters: OscillationParameters = TALK_2019,
    confidence: float = 0.90,
    signal_nuisance: str = "fitted",
    phases: str = "fixed",
    threshold_kind: str | None = None,
    assuming: Sequence[str] = (),
) -> tuple[LimitRow, ...]:
    """Return the limits of the built-in experiments in all their stages, and of solar neutrinos.

    Parameters
    ----------
    paper : str, optional
        The experiments of one paper; by default all, and the solar limits too.
    parameters, confidence, phases
        See `cevnslib.studies.moments.tmm_limits`.
    signal_nuisance : {"fitted", "left out"}, optional
        Whether the relative error of the signal is a nuisance of the fit.
    threshold_kind : str, optional
        One of ``cevnslib.experiments.THRESHOLD_KINDS``: what the thresholds are taken for of
        experiments whose description says it.
    assuming : sequence of str, optional
        Names of `inferences` that change inputs, one after the other.

    Returns
    -------
    tuple of LimitRow
        Infinite where there is no limit.

    Examples
    --------
    >>> [row.beam for row in limit_table("miranda2019") if row.experiment == "coherent-csi"]
    ['prompt', 'delayed', 'all', 'prompt', 'delayed', 'all']
    """
    checked_choice("treatment of the signal's nuisance", signal_nuisance, SIGNAL_NUISANCE)
    if threshold_kind is not None:
        checked_choice("threshold_kind", threshold_kind, THRESHOLD_KINDS)
    options = {"parameters": parameters, "confidence": confidence, "phases": phases}
    assumed, rows = _chosen(assuming), []
    for name in names(paper):
        for stage in stages(name):
            changes: dict[str, Any] = {}
            for inference in assumed:
                changes |= inference.keys_of(name, stage)
            if threshold_kind and "threshold_kind" in description(name, stage):
                changes["threshold_kind"] = threshold_kind
            experiment = variants(load(name, stage, **changes))[signal_nuisance]
            samples = experiment.source.samples
            limits = limits_by_beam(experiment, tuple(samples.values()), **options)  # type: ignore[arg-type]
            for label, values in zip(samples, limits, strict=True):
                rows.append(_row(name, stage, label, values.tolist()))
    for name in solar_names() if paper is None else ():
        measurement = load_solar(name)
        values = solar_limits(measurement, parameters)
        rows.append(_row(name, measurement.stage, "solar", values.tolist()))
    return tuple(rows)


def _row(experiment: str, stage: str, beam: str, values: list[float]) -> LimitRow:
    return made(LimitRow, experiment=experiment, stage=stage, beam=beam, values=tuple(values))


def numbers(**subject: str) -> tuple[Claim, ...]:
    """Return the published limits on the moments, all of them or those about some subject.

    Parameters
    ----------
    **subject
        ``experiment``, ``beam`` and ``stage``, as in the rows of `limit_table`.

    Returns
    -------
    tuple of Claim
        In 1e-10 Bohr magnetons; the three moments vary fastest.

    Examples
    --------
    >>> [claim.printed for claim in numbers(experiment="conus", stage="2019")]
    ['1.9', '1.3', '1.1']
    >>> len(numbers())
    81
    """
    return tuple(
        claim for claim in claims(**subject) if claim.subject.get("quantity", "")[:-1] == "lambda"
    )


def verdicts(
    signal_nuisance: str | None = None,
    *,
    threshold_kind: str | None = None,
    assuming: Sequence[str] = (),
) -> tuple[Verdict, ...]:
    """Set every published limit beside ours.

    Parameters
    ----------
    signal_nuisance : {"fitted", "left out"}, optional
        See `limit_table`; by default each number's own, as its table was made. A measurement that
        was published with its nuisance has it here in any case.
    threshold_kind, assuming
        See `limit_table`.

    Returns
    -------
    tuple of Verdict
        In the order of the published table, in 1e-10 Bohr magnetons.

    Examples
    --------
    >>> from collections import Counter
    >>> Counter(verdict.word for verdict in verdicts()).most_common()
    [('reproduced', 55), ('close', 20), ('not reproduced', 6)]
    >>> every = [each.name for each in inferences()]
    >>> Counter(verdict.word for verdict in verdicts(assuming=every)).most_common()
    [('reproduced', 71), ('close', 10)]
    """
    if signal_nuisance is not None:
        checked_choice("treatment of the signal's nuisance", signal_nuisance, SIGNAL_NUISANCE)
    ours = {
        (treatment, row.experiment, row.stage, row.beam): row.values
        for treatment in SIGNAL_NUISANCE
        for row in limit_table(
            signal_nuisance=treatment, threshold_kind=threshold_kind, assuming=assuming
        )
    }
    answers = []
    for claim in numbers():
        about = claim.subject
        treatment = about["signal_nuisance"]
        if signal_nuisance is not None and treatment != "fitted":
            treatment = signal_nuisance
        row = ours[treatment, about["experiment"], about["stage"], about["beam"]]
        answers.append(judge(claim, row[int(about["quantity"][-1]) - 1] / UNIT))
    return tuple(answers)
