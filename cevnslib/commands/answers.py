"""The answer to a file: what is expected and what is limited, in words, for terminal and page.

Each part is a list of rows, the first of which says what the columns are.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .. import experiments
from ..errors import AssumedWarning
from ..experiments import Experiment
from ..studies.report import limits_report
from ..studies.words import FEW, percent
from .terminal import columns

Rows = list[list[str]]
#: Unit of moments in words, in Bohr magnetons.
UNIT = 1e-10
#: How a terminal and a page write the names of beams and flavours.
LAMBDA = ("|Λ₁|", "|Λ₂|", "|Λ₃|")
#: Characters that Markdown, HTML or LaTeX would obey.
OBEYED = {ord(character): f"&#{ord(character)};" for character in "&<>\"'\\`*_[]{}$|~^#:"}


def loaded(name: str, stage: str | None = None) -> Experiment:
    """Return the experiment of a file, or one that is built in.

    Examples
    --------
    >>> loaded("conus").title
    'CONUS'
    """
    return experiments.load(_place(name), stage)


def _place(name: str) -> str | Path:
    """Return the name of an experiment that is built in, or a path: other names are files."""
    return name if name in experiments.names() else Path(name)


class Said(NamedTuple):
    """What readers are told meanwhile, each once."""

    warnings: list[str]
    assumed: list[str]


@contextmanager
def listening() -> Iterator[Said]:
    """Collect what readers are warned of, instead of printing it as Python does."""
    said = Said([], [])
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        yield said
    for warning in given:
        words = " ".join(str(warning.message).split())
        place = said.assumed if issubclass(warning.category, AssumedWarning) else said.warnings
        if issubclass(warning.category, UserWarning) and words not in place:
            place.append(words)


def answer(
    files: Sequence[str], stage: str | None = None, confidence: float | None = None
) -> tuple[list[Experiment], dict[str, Any]]:
    """Return the experiments of files, and what is said of them, as JSON holds it.

    Parameters
    ----------
    files : sequence of str
        One file, or several that are fitted together; or names of experiments that are built in.
    stage : str, optional
        Which stage of them.
    confidence : float, optional
        Confidence level; by default that of the files, or 0.9.

    Examples
    --------
    >>> _, found = answer(["conus"])
    >>> [f"{limit:.2e}" for limit in found["limits"]["transition_moments"]]
    ['6.39e-10', '4.46e-10', '3.74e-10']
    """
    with listening() as said:
        given = [loaded(name, stage) for name in files]
        for name in dict.fromkeys(name for name in files if files.count(name) > 1):
            said.warnings.append(f"{name}: got twice: its data are counted more than once")
        for name, one in zip(files, given, strict=True):
            known = experiments.stages(_place(name))
            if stage is None and len(known) > 1:
                said.assumed.append(f"{one.title}: the stage {one.stage}, of {', '.join(known)}")
        texts = [experiments.description(_place(name), stage) for name in files]
        found = limits_report(given, confidence, descriptions=texts).as_json()
    for key, words in said._asdict().items():
        found[key] = list(dict.fromkeys([*found[key], *words]))
    return given, found


def parts(found: Mapping[str, Any]) -> dict[str, Rows]:
    """Return the parts of an answer by their titles; those without a row are left out."""
    level = f"{percent(found['confidence'])} C.L."
    made = {
        "Expected events": _expected(
            found["expected"], found["inputs"].get("bins", {}).get("value")
        ),
        f"Limits at {level}": _limits(found["limits"]),
        "Fit": _fit(found["fit"], level),
        "Warnings": [[words] for words in found["warnings"]],
        "Assumed": [[words] for words in found["assumed"]],
        "Inputs": _inputs(found["inputs"]),
    }
    return {title: rows for title, rows in made.items() if rows}


def _limits(limits: Mapping[str, Any]) -> Rows:
    pieces = limits["intervals"]
    moments = zip(LAMBDA, limits["transition_moments"], pieces["transition_moments"], strict=True)
    return [
        [f"effective moment of ν_{flavour}", _moment(limit, pieces["effective_moment"][flavour])]
        for flavour, limit in limits["effective_moment"].items()
    ] + [[name, _moment(limit, allowed)] for name, limit, allowed in moments]


def _moment(limit: float | None, allowed: Sequence[Sequence[float | None]]) -> str:
    """Return a limit in words, or where it is no single one, the pieces that are allowed."""
    if len(allowed) > 1 or allowed[0][0]:
        ends = [["∞" if end is None else f"{end / UNIT:.4g}" for end in piece] for piece in allowed]
        return f"{' or '.join(' to '.join(piece) for piece in ends)} × 10⁻¹⁰ μ_B"
    return "no limit" if limit is None else f"< {limit / UNIT:.4g} × 10⁻¹⁰ μ_B"


def _fit(fit: Mapping[str, Any] | None, level: str) -> Rows:
    if fit is None:
        return []
    rows = []
    if fit["best"] is not None:
        words = f"{_number(fit['best'])} ± {_number(fit['error'])}"
        rows.append(["signal over that of the Standard Model", words])
        words = f"{_number(round(fit['chi2'], 6))} for {fit['degrees_of_freedom']}"
        rows.append(["chi² of the best fit, degrees of freedom", words])
    words = f"{_number(fit['signal_best'])} ± {_number(fit['signal_error'])} events"
    rows.append(["signal in the data", words])
    upper = fit["signal_upper"]
    rows.append(
        [f"  its limit at {level}", "none" if upper is None else f"< {_number(upper)} events"]
    )
    if "feldman_cousins" in fit:
        low, high = fit["feldman_cousins"]
        words = f"{_number(low)} to {_number(high)} events"
        rows.append(["  by Feldman and Cousins", words])
    return rows


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_number, value)) if len(value) <= FEW else f"{len(value)} numbers"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_number(part)}" for key, part in value.items())
    return "none" if value is None else str(value)


def _expected(expected: Mapping[str, Any], edges: Sequence[float | None] | None) -> Rows:
    weak, magnetic = expected["standard_model"], expected["magnetic_per_1e-10"]
    rows = [["Standard Model", _number(weak["total"])]]
    if len(weak["by_beam"]) > 1:
        rows += [[f"  of {name}", _number(count)] for name, count in weak["by_beam"].items()]
    bins = weak["by_bin"]
    if edges and 1 < len(bins) <= FEW and len(edges) == len(bins) + 1:  # of one file
        ends = ["∞" if edge is None else f"{edge:.4g}" for edge in edges]
        rows += [
            [f"  {low} to {high} keV", _number(count)]
            for low, high, count in zip(ends[:-1], ends[1:], bins, strict=True)
        ]
    rows.append(["magnetic moment of 10⁻¹⁰ μ_B", _number(magnetic["total"])])
    if magnetic["electrons"]:
        rows += [[f"  on {what}", _number(magnetic[what])] for what in ("nuclei", "electrons")]
    return rows


def _inputs(inputs: Mapping[str, Any]) -> Rows:
    rows: Rows = []
    for key, given in inputs.items():
        if given.keys() == {"value", "unit"}:
            rows.append([key, f"{_number(given['value'])} {given['unit']}".strip()])
        else:
            rows += [[f"{key}: {name}", *others] for name, *others in _inputs(given)]
    return rows


def largest(found: Mapping[str, Any]) -> float | None:
    """Return the largest effective moment that is allowed, in Bohr magnetons, to be drawn."""
    limits = (found["limits"].get("effective_moment") or {}).values()
    return max((limit for limit in limits if limit is not None), default=None)


def as_text(found: Mapping[str, Any]) -> str:
    """Return an answer for a terminal, without inputs; of several files that of all comes last."""
    lines = []
    for each in found.get("experiments", ()):
        lines += [as_text(each), ""]
    lines.append(found["title"])
    for title, rows in parts(found).items():
        if title != "Inputs":
            lines += ["", title, *columns(rows, indent="  ", left=2)]
    return "\n".join([*lines, ""])


def introduction(found: Mapping[str, Any], file: str) -> str:
    """Return the title of a sheet and what it is about, as Markdown."""
    title, name = (text.translate(OBEYED) for text in (found["title"], Path(file).name))
    return (
        f"# {title}\n\nThe sheet of *{name}*, made by `cevns sheet`: what the experiment is "
        "expected to see, and what it says of magnetic moments. It needs no network; its code is "
        "in the notebook beside it, and folded here."
    )


def as_markdown(rows: Rows) -> str:
    """Return rows as Markdown, in which a reader's text is only text."""
    if not rows:
        return ""
    cells = [[" ".join(cell.split()).translate(OBEYED) for cell in row] for row in rows]
    if len(cells[0]) == 1:
        return "\n".join(f"- {cell}" for (cell,) in cells)
    lines = [[""] * len(cells[0]), ["---"] * len(cells[0]), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def sections(made: Mapping[str, Rows], *beginnings: str) -> str:
    """Return the parts of an answer whose titles begin so, as sections of Markdown."""
    return "\n\n".join(
        f"## {title}\n\n{as_markdown(rows)}"
        for beginning in beginnings
        for title, rows in made.items()
        if title.startswith(beginning)
    )
