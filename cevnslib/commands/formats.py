"""The table of all limits, ours beside the published ones, in the formats that are asked for."""

import csv
import io
import json
from collections.abc import Sequence
from math import isfinite

from ..display.sheets import Row, limits_table
from ..studies.published import UNIT
from .terminal import columns

#: How LaTeX writes what it would obey; after a line break it would obey [ and * too.
LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        **{character: f"{{{character}}}" for character in "[*"},
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
    }
)


def as_numbers(row: Row) -> list[str]:
    """Return the limits of a row in units of 1e-10 Bohr magnetons, four digits each."""
    return [f"{value / UNIT:.4g}" for value in row.limits]


def as_csv(rows: Sequence[Row]) -> str:
    """Return the table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    kinds = ("lambda", "published", "ratio", "verdict")
    header = [f"{kind}{i}" for kind in kinds for i in (1, 2, 3)]
    writer.writerow(["experiment", "stage", "beam", "signal_nuisance", *header])
    for row in rows:
        printed = [number.printed for number in row.published] or [""] * 3
        ratio = [
            f"{ours / UNIT / number.value:.4f}"
            for ours, number in zip(row.limits, row.published, strict=False)
        ] or [""] * 3
        verdicts = list(row.verdicts) or [""] * 3
        writer.writerow(
            [
                row.experiment,
                row.stage,
                row.beam,
                row.signal_nuisance,
                *as_numbers(row),
                *printed,
                *ratio,
                *verdicts,
            ]
        )
    return "# limits on |Lambda_i| in 1e-10 Bohr magnetons, ours and published\n" + (
        text.getvalue()
    )


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table as Markdown, a section for each experiment."""
    titles = dict.fromkeys(row.title for row in rows)
    parts = [
        f"## {title}\n\n{limits_table([row for row in rows if row.title == title])}\n"
        for title in titles
    ]
    return "# Limits in units of 1e-10 Bohr magnetons, published ones in brackets\n\n" + (
        "\n".join(parts)
    )


def as_latex(rows: Sequence[Row]) -> str:
    r"""Return the table as LaTeX, for the packages booktabs and longtable."""
    lines = [
        r"% needs \usepackage{booktabs,longtable}",
        r"\begin{longtable}{llllrrr}",
        r"\caption{Limits on $|\Lambda_i|$ in $10^{-10}\,\mu_B$, published in brackets.}\\",
        r"\toprule",
        r"Experiment & stage & beam & signal's error",
        r"& $|\Lambda_1|$ & $|\Lambda_2|$ & $|\Lambda_3|$ \\",
        r"\midrule \endhead",
    ]
    for row in rows:
        numbers = [number.replace("inf", r"$\infty$") for number in as_numbers(row)]
        if row.published:
            numbers = [f"{n} [{p.printed}]" for n, p in zip(numbers, row.published, strict=True)]
        texts = [
            text.translate(LATEX) for text in (row.title, row.stage, row.beam, row.signal_nuisance)
        ]
        lines.append(" & ".join([*texts, *numbers]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{longtable}", ""])


def as_yaml(rows: Sequence[Row]) -> str:
    """Return the table in HEPData's form: independent and dependent variables."""
    names = ("experiment", "stage", "beam", "signal_nuisance")
    lines = ["independent_variables:"]
    for name in names:
        lines += [f"- header: {{name: {name}}}", "  values:"]
        lines += [
            f"  - value: {json.dumps(getattr(row, name), ensure_ascii=False)}" for row in rows
        ]
    lines.append("dependent_variables:")
    for i in range(3):
        header = f'{{name: "|Lambda_{i + 1}|", units: 1e-10 Bohr magnetons}}'
        lines += [f"- header: {header}", "  values:"]
        numbers = [float(as_numbers(row)[i]) for row in rows]
        lines += [f"  - value: {number if isfinite(number) else '.inf'}" for number in numbers]
    return "\n".join([*lines, ""])


def as_text(rows: Sequence[Row]) -> str:
    """Return the table for a terminal, published numbers in brackets."""
    header = ["experiment", "stage", "beam", "signal's error"]
    lines = [[*header, "|Lambda_1|", "|Lambda_2|", "|Lambda_3|"]]
    for row in rows:
        numbers = as_numbers(row)
        if row.published:
            numbers = [f"{n} ({p.printed})" for n, p in zip(numbers, row.published, strict=True)]
        lines.append([row.title, row.stage, row.beam, row.signal_nuisance, *numbers])
    head = "Limits in 1e-10 Bohr magnetons at 90% C.L., published ones in brackets"
    return "\n".join([head, "", *columns(lines, left=4), ""])


#: By the name of the format, which is the end of a file's name; the first one is for terminals.
FORMATS = {"txt": as_text, "csv": as_csv, "md": as_markdown, "tex": as_latex, "yaml": as_yaml}
