"""Make the sheets with papermill, the tables of all limits, and the curves of the sterile study.

    python -m tools.tables                          every sheet, then the tables, in _build/tables
    python -m tools.tables --sheets-only            every sheet, written as chapters of the book
    python -m tools.tables --sterile coherent-lar   the sterile sheet and curves of one detector
    python -m tools.tables --config my.toml         the sheet and tables of a reader's experiment
    python -m tools.tables --parameters file.yml    with other parameters, a mapping in YAML
    python -m tools.tables --workers 8              so many sheets at once (one a core)
    python -m tools.tables --cluster tcp://...      on the workers of a dask scheduler

Everything is checked before anything runs. Each file is written whole or not at all; a run that
fails or is interrupted leaves the files of the one before.
"""

import argparse
import csv
import io
import multiprocessing
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import papermill
import yaml
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from cevnslib import experiments
from cevnslib.checks import checked_choice
from cevnslib.display import sheets
from cevnslib.errors import CevnsError, ConfigurationError, DomainError, quoted
from cevnslib.files import text_of
from cevnslib.scale import map_tasks, process_pool
from cevnslib.studies import sterile

from . import files, kernels, notebooks

TEMPLATES = notebooks.ROOT / "book" / "templates"
CHAPTERS = notebooks.ROOT / "book" / "experiments"
BUILD = notebooks.ROOT / "_build"
UNIT = 1e-10
KEPT = "the tables are as they were"
#: Options that make no sense together.
APART = (("sterile", "config"), ("sterile", "parameters"), ("cluster", "workers"))
#: How LaTeX writes what it would obey; after a line break it would obey [ and * too.
LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        **{character: f"{{{character}}}" for character in "[*"},
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
    }
)


def say(words: str) -> None:
    """Print on one line what went wrong."""
    print(" ".join(words.split()), file=sys.stderr)


def read_parameters(path: Path | None) -> dict[str, Any]:
    """Read a mapping of parameters from YAML; unknown ones and doubled ones are refused."""
    if path is None:
        return {}
    try:
        text = text_of(path)
        given, node = yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader)
    except Exception as error:  # YAML's tags raise many kinds: !!bool x is a KeyError
        words = textwrap.shorten(str(error), 200, placeholder="...")
        raise ConfigurationError(
            f"{path}: this cannot be read as YAML: {words}; allowed: a mapping of parameters"
        ) from error
    if not isinstance(given, dict):
        raise ConfigurationError(f"{path}: got {quoted(given)}; allowed: a mapping of parameters")
    known = sheets.PARAMETERS
    for name in given:
        checked_choice("parameter", name, known)
    names = [key.value for key, _ in node.value] if node else []
    for name in known:
        if names.count(name) > 1:
            raise ConfigurationError(
                f"{path}: got {name!r} {names.count(name)} times; allowed: once"
            )
    return given


def requests(config: str | None, given: dict[str, Any]) -> list[sheets.SheetParameters]:
    """Return the sheets to make, every one of them checked."""
    if config is not None:
        if not config.endswith(".toml"):
            raise ConfigurationError(
                f"--config: got {quoted(config)}; allowed: a TOML file, whose name ends in .toml"
            )
        if "experiment" in given:
            raise ConfigurationError(
                "--config and the parameter experiment: got both; allowed: one of them"
            )
        given = {**given, "experiment": config}
    names = [given["experiment"]] if "experiment" in given else list(experiments.names())
    return [sheets.SheetParameters(**{**given, "experiment": absolute(name)}) for name in names]


def absolute(name: object) -> object:
    """Return a path to a TOML file as it is seen from any folder, and other names as they are."""
    if isinstance(name, str) and name.endswith(".toml"):
        return str(Path(name).absolute())
    return name


def make_sheet(request: sheets.SheetParameters) -> str:
    """Run the template for one experiment and return the notebook."""
    return run_template("experiment", asdict(request), sheets.introduction(request))


def make_sterile_sheet(detector: str) -> str:
    """Run the template of the sterile study for one detector and return the notebook."""
    return run_template("sterile", {"detector": detector}, sterile.introduction(detector))


def run_template(name: str, parameters: dict[str, Any], title: str) -> str:
    """Run a template with parameters and return the text of the notebook.

    papermill changes the working directory, so two of these need two processes. A worker of a
    cluster may not start others, so that there it starts a kernel of its own.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        output, options = Path(folder) / "sheet.ipynb", {}
        if not multiprocessing.current_process().daemon:
            options["km"], _ = stack.enter_context(kernels.kernel(Path(folder)))
        papermill.execute_notebook(
            TEMPLATES / f"{name}.ipynb",
            output,
            parameters=parameters,
            cwd=folder,
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            **options,
        )
        notebook = notebooks.read(output)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "title" in tags:
            cell.source = title
        if "injected-parameters" in tags:
            tags.append("remove-cell")
    return notebooks.text(notebooks.canonical(notebook))


def make(job: tuple[str, Callable[[], str]]) -> str:
    """Make the sheet of a job."""
    return job[1]()


@contextmanager
def executor_of(workers: int | None, cluster: str | None) -> Iterator[Any]:
    """Yield who makes the sheets: processes of this machine, or the workers of a cluster.

    A cluster that cannot be reached is a ConfigurationError.
    """
    if cluster is None:
        kernels.load()
        with process_pool(workers) as pool:
            yield pool
        return
    try:
        from distributed import Client

        client = Client(cluster)
    except Exception as error:  # of many kinds: each part of an address has its own
        raise ConfigurationError(
            f"--cluster: got {quoted(cluster)}, where no cluster can be reached: {error}; allowed: "
            "the address of a scheduler of dask.distributed, such as tcp://127.0.0.1:8786"
        ) from error
    with client:
        yield client


def as_numbers(row: sheets.Row) -> list[str]:
    """Return the limits of a row in units of 1e-10 Bohr magnetons, four digits each."""
    return [f"{value / UNIT:.4g}" for value in row.limits]


def as_csv(rows: Sequence[sheets.Row]) -> str:
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


def as_markdown(rows: Sequence[sheets.Row]) -> str:
    """Return the table as Markdown, a section for each experiment."""
    titles = dict.fromkeys(row.title for row in rows)
    parts = [
        f"## {title}\n\n{sheets.limits_table([row for row in rows if row.title == title])}\n"
        for title in titles
    ]
    return "# Limits in units of 1e-10 Bohr magnetons, published ones in brackets\n\n" + (
        "\n".join(parts)
    )


def as_latex(rows: Sequence[sheets.Row]) -> str:
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


def as_yaml(rows: Sequence[sheets.Row]) -> str:
    """Return the table in HEPData's form: independent and dependent variables."""

    def variable(name: str, values: list[Any], units: str = "") -> dict[str, Any]:
        header = {"name": name, **({"units": units} if units else {})}
        return {"header": header, "values": [{"value": value} for value in values]}

    table = {
        "independent_variables": [
            variable(key, [getattr(row, key) for row in rows])
            for key in ("experiment", "stage", "beam", "signal_nuisance")
        ],
        "dependent_variables": [
            variable(
                f"|Lambda_{i + 1}|",
                [float(as_numbers(row)[i]) for row in rows],
                "1e-10 Bohr magnetons",
            )
            for i in range(3)
        ],
    }
    return str(yaml.safe_dump(table, sort_keys=False, allow_unicode=True))


FORMATS = {"csv": as_csv, "md": as_markdown, "tex": as_latex, "yaml": as_yaml}


def write_tables(rows: Sequence[sheets.Row], folder: Path, name: str = "limits") -> None:
    """Write the table in each format; all are made before the first is written."""
    contents = {f"{name}.{suffix}": make(rows) for suffix, make in FORMATS.items()}
    for file, content in contents.items():
        files.write(folder / file, content)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, run, write; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.tables", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--config", metavar="FILE.toml", help="a reader's experiment")
    parser.add_argument("--parameters", type=Path, help="a YAML file of parameters")
    parser.add_argument("--output", type=Path, default=BUILD, help="folder for sheets and tables")
    parser.add_argument("--sheets-only", action="store_true", help="write the book's chapters")
    parser.add_argument("--sterile", metavar="DETECTOR", help="the sterile study of one detector")
    parser.add_argument("--workers", type=int, help="sheets that are made at once on this machine")
    parser.add_argument("--cluster", metavar="ADDRESS", help="a scheduler of dask.distributed")
    options = parser.parse_args(arguments)
    try:
        for one, other in APART:
            if None not in (getattr(options, one), getattr(options, other)):
                raise ConfigurationError(f"--{one} and --{other}: got both; allowed: one of them")
        if options.workers is not None and options.workers < 1:
            raise DomainError(f"workers: got {options.workers}; allowed: at least 1")
        if options.sterile is not None:
            known = sterile.names()
            wanted, detectors = [], [checked_choice("detector", options.sterile, known)]
        else:
            wanted = requests(options.config, read_parameters(options.parameters))
            every = len(wanted) == len(experiments.names())
            detectors = list(sterile.names()) if every else []
        rows = [row for request in wanted for row in sheets.rows(request)]
    except CevnsError as error:
        say(f"Nothing was run. {error}")
        return 2
    folder = CHAPTERS if options.sheets_only else options.output / "sheets"
    jobs: list[tuple[str, Callable[[], str]]] = [
        (Path(one.experiment).stem, partial(make_sheet, one)) for one in wanted
    ]
    jobs += [(f"sterile-{one}", partial(make_sterile_sheet, one)) for one in detectors]
    workers = min(options.workers or os.cpu_count() or 1, len(jobs))
    try:
        with executor_of(workers, options.cluster) as executor:
            show = partial(tqdm, desc="sheets", unit="sheet")
            done = map_tasks(make, jobs, executor=executor, progress=show)
            for name, _ in jobs:
                try:
                    files.write(folder / f"{name}.ipynb", next(done))
                except PapermillExecutionError as error:
                    print(f"The sheet of {name} failed; {KEPT}. {error}", file=sys.stderr)
                    return 1
            next(done, None)  # there is none, and the bar is full
        if not options.sheets_only:
            write_all(wanted, rows, detectors, options.output / "tables")
    except ConfigurationError as error:
        say(f"The sheets were not made; {KEPT}. {error}")
        return 1
    except BrokenExecutor as error:
        say(f"A process died; {KEPT}. {error}")
        return 1
    except OSError as error:
        say(f"A file could not be written; {KEPT}. {error}")
        return 1
    return 0


def write_all(
    wanted: Sequence[sheets.SheetParameters],
    rows: Sequence[sheets.Row],
    detectors: Sequence[str],
    folder: Path,
) -> None:
    """Write the tables of limits and the curves of the sterile study."""
    if wanted:
        every = len(wanted) == len(experiments.names())
        name = "limits" if every else f"limits-{Path(wanted[0].experiment).stem}"
        write_tables([*rows, *([sheets.solar_row()] if every else [])], folder, name)
        print(f"tables: {folder / name}.csv, .md, .tex, .yaml")
    for detector in detectors:
        content = sterile.as_csv(sterile.exclusion_curves(detector))
        files.write(folder / f"sterile-{detector}.csv", content)
        print(f"curves: {folder / f'sterile-{detector}'}.csv")


if __name__ == "__main__":
    sys.exit(main())
