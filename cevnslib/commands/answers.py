"""The answer to a file: what is expected and what is limited, in words, for terminal and page.

Each part is a list of rows, the first of which says what the columns are.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import experiments
from ..experiments import Experiment
from ..studies.report import limits_report
from .terminal import columns

__all__ = [
    "answer",
    "as_markdown",
    "as_text",
    "introduction",
    "loaded",
    "parts",
    "sections",
    "warned",
]
Rows = list[list[str]]
#: Unit of moments in words, in Bohr magnetons, and how many bins are shown one by one.
UNIT, FEW = 1e-10, 12
#: How a terminal and a page write the names of beams and flavours.
LAMBDA = ("|Λ₁|", "|Λ₂|", "|Λ₃|")
#: Characters that Markdown, HTML or LaTeX would obey.
OBEYED = {ord(character): f"&#{ord(character)};" for character in "&<>\"'\\`*_[]{}$|~^#"}


def loaded(name: str, stage: str | None = None) -> Experiment:
    """Return the experiment of a file, or one that is built in.

    Examples
    --------
    >>> loaded("conus").title
    'CONUS'
    """
    built_in = name in experiments.names()
    return experiments.load(name if built_in else Path(name), stage or None)


@contextmanager
def warned(words: list[str]) -> Iterator[None]:
    """Add what readers are warned of meanwhile to a list, each once."""
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            ours = (warning for warning in given if issubclass(warning.category, UserWarning))
            said = [" ".join(str(warning.message).split()) for warning in ours]
            words[:] = dict.fromkeys([*words, *said])


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
    """
    words: list[str] = []
    with warned(words):
        given = [loaded(name, stage) for name in files]
        options = {} if confidence is None else {"confidence": confidence}
        found = limits_report(given, **options).as_json()
    found["warnings"] = list(dict.fromkeys([*found.get("warnings", ()), *words]))
    return given, found


def parts(found: Mapping[str, Any]) -> dict[str, Rows]:
    """Return the parts of an answer by their titles; those without a row are left out."""
    made = {
        f"Limits at {found['confidence']:.4g} C.L.": _limits(found.get("limits", {})),
        "Fit": _fit(found.get("fit")),
        "Expected events": _expected(found.get("expected")),
        "Warnings": [[words] for words in found.get("warnings", ())],
        "Assumed": [[words] for words in found.get("assumed", ())],
        "Inputs": _inputs(found.get("inputs", {})),
    }
    return {title: rows for title, rows in made.items() if rows}


def _limits(limits: Mapping[str, Any]) -> Rows:
    rows = [
        [f"effective moment, ν_{flavour}", _moment(limit)]
        for flavour, limit in (limits.get("effective_moment") or {}).items()
    ]
    moments = limits.get("transition_moments") or ()
    return rows + [[name, _moment(limit)] for name, limit in zip(LAMBDA, moments, strict=False)]


def _moment(limit: float | None) -> str:
    return "no limit" if limit is None else f"< {limit / UNIT:.4g} × 10⁻¹⁰ μ_B"


def _fit(fit: Mapping[str, Any] | None) -> Rows:
    names = {
        "best": "best factor on the Standard Model",
        "error": "its error",
        "chi2": "chi²",
        "degrees_of_freedom": "degrees of freedom",
        "signal_best": "best signal, in events",
        "signal_error": "its error, in events",
        "signal_upper": "largest signal, in events",
    }
    return [[names.get(key, key), _number(value)] for key, value in (fit or {}).items()]


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_number, value)) if len(value) <= FEW else f"{len(value)} numbers"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_number(part)}" for key, part in value.items())
    return "none" if value is None else str(value)


def _expected(expected: Mapping[str, Any] | None) -> Rows:
    if not expected:
        return []
    weak, magnetic = expected["standard_model"], expected["magnetic_per_1e-10"]
    rows = [["Standard Model", _number(weak["total"])]]
    beams, bins = weak.get("by_beam") or {}, weak.get("by_bin") or ()
    if len(beams) > 1:
        rows += [[f"  of {name}", _number(count)] for name, count in beams.items()]
    if 1 < len(bins) <= FEW:
        rows += [[f"  in bin {i}", _number(count)] for i, count in enumerate(bins, 1)]
    rows.append(["a magnetic moment of 10⁻¹⁰ μ_B", _number(magnetic["total"])])
    if magnetic.get("electrons"):
        rows += [[f"  on {what}", _number(magnetic[what])] for what in ("nuclei", "electrons")]
    return rows


def _inputs(inputs: Mapping[str, Any]) -> Rows:
    return [[str(key), _number(value)] for key, value in inputs.items()]


def largest(found: Mapping[str, Any]) -> float | None:
    """Return the largest effective moment that is allowed, in Bohr magnetons, to be drawn."""
    limits = (found["limits"].get("effective_moment") or {}).values()
    return max((limit for limit in limits if limit is not None), default=None)


def as_text(found: Mapping[str, Any]) -> str:
    """Return an answer for a terminal."""
    lines = [_title(found)]
    for title, rows in parts(found).items():
        lines += ["", title]
        lines += columns(rows, indent="  ", left=1 if len(rows[0]) == 2 else 2)
    for each in found.get("experiments", ()):
        lines += ["", "", as_text({"confidence": found["confidence"], **each})]
    return "\n".join(lines)


def _title(found: Mapping[str, Any]) -> str:
    together = " and ".join(str(each.get("title", "")) for each in found.get("experiments", ()))
    return str(found.get("title") or together)


def introduction(found: Mapping[str, Any], file: str) -> str:
    """Return the title of a sheet and what it is about, as Markdown."""
    title, name = (text.translate(OBEYED) for text in (_title(found), Path(file).name))
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
