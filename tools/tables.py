"""Make the sheets with papermill, the tables of all limits, and the curves of the sterile study.

    python -m tools.tables                          every sheet, then the tables, in _build/tables
    python -m tools.tables --sheets-only            every sheet, written as chapters of the book
    python -m tools.tables --sterile coherent-lar   the sterile sheet and curves of one detector
    python -m tools.tables --parameters file.yml    with other parameters, a mapping in YAML
    python -m tools.tables --workers 8              so many sheets at once (one a core)
    python -m tools.tables --cluster tcp://...      on the workers of a dask scheduler

Everything is checked before anything runs. Each file is written whole or not at all; a run that
fails or is interrupted leaves the files of the one before.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial, reduce
from pathlib import Path
from typing import Any

import papermill
import yaml
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from cevnslib import experiments, files
from cevnslib.checks import checked_choice
from cevnslib.commands.formats import FORMATS
from cevnslib.display import sheets
from cevnslib.errors import CevnsError, ConfigurationError, DomainError, quoted
from cevnslib.files import text_of
from cevnslib.scale import map_tasks, process_pool
from cevnslib.studies import sterile

from . import kernels, notebooks

TEMPLATES = notebooks.ROOT / "book" / "templates"
CHAPTERS = notebooks.ROOT / "book" / "experiments"
#: The formats in which tables are written.
SUFFIXES = ("csv", "md", "tex", "yaml")
BUILD = notebooks.ROOT / "_build"
KEPT = "the tables are as they were"
#: Options that make no sense together.
APART = (("sterile", "parameters"), ("cluster", "workers"))


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


def requests(given: dict[str, Any]) -> list[sheets.SheetParameters]:
    """Return the sheets to make, every one of them checked."""
    known = experiments.names()
    names = (
        [checked_choice("experiment", given["experiment"], known)]
        if "experiment" in given
        else known
    )
    return [sheets.SheetParameters(**{**given, "experiment": name}) for name in names]


def make_sheet(request: sheets.SheetParameters | None, detector: str | None) -> str:
    """Run the templates of an experiment and of the sterile study, and return one notebook."""
    parts = []
    if request is not None:
        title = sheets.introduction(request)
        parts.append(run_template("experiment", asdict(request), title))
    if detector is not None:
        title = sterile.introduction(detector)
        parts.append(run_template("sterile", {"detector": detector}, title))
    return notebooks.text(notebooks.canonical(reduce(notebooks.appended, parts)))


def run_template(name: str, parameters: dict[str, Any], title: str) -> NotebookNode:
    """Run a template with parameters and return the notebook.

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
    return notebook


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


def write_tables(rows: Sequence[sheets.Row], folder: Path, name: str = "limits") -> None:
    """Write the table in each format; all are made before the first is written."""
    files.write({folder / f"{name}.{suffix}": FORMATS[suffix](rows) for suffix in SUFFIXES})


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, run, write; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.tables", description=__doc__.split("\n")[0]
    )
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
            wanted = requests(read_parameters(options.parameters))
            every = len(wanted) == len(experiments.names())
            detectors = list(sterile.names()) if every else []
        rows = [row for request in wanted for row in sheets.rows(request)]
    except CevnsError as error:
        say(f"Nothing was run. {error}")
        return 2
    folder = CHAPTERS if options.sheets_only else options.output / "sheets"
    requested = {one.experiment: one for one in wanted}
    jobs: list[tuple[str, Callable[[], str]]] = [
        (name, partial(make_sheet, requested.get(name), name if name in detectors else None))
        for name in dict.fromkeys([*requested, *detectors])
    ]
    workers = min(options.workers or os.cpu_count() or 1, len(jobs))
    try:
        with executor_of(workers, options.cluster) as executor:
            show = partial(tqdm, desc="sheets", unit="sheet")
            done = map_tasks(make, jobs, executor=executor, progress=show)
            for name, _ in jobs:
                try:
                    files.write({folder / f"{name}.ipynb": next(done)})
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
        name = "limits" if every else f"limits-{wanted[0].experiment}"
        write_tables([*rows, *([sheets.solar_row()] if every else [])], folder, name)
        print(f"tables: {folder / name}.csv, .md, .tex, .yaml")
    for detector in detectors:
        content = sterile.as_csv(sterile.exclusion_curves(detector))
        files.write({folder / f"sterile-{detector}.csv": content})
        print(f"curves: {folder / f'sterile-{detector}'}.csv")


if __name__ == "__main__":
    sys.exit(main())
