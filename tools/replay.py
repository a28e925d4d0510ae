"""A plugin of pytest: compare the outputs of runs that were kept with those stored in the chapters.

    pytest -p tools.replay --nbval-sanitize-with tests/nbval.cfg book

nbval collects the cells, cleans the outputs and compares them, as ever; where it would ask a
kernel, it is told what the kept run has said. ``make nbval`` runs the chapters instead.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbFile

from . import execute, notebooks


class Kept:
    """What nbval asks of a kernel, answered from a notebook that has been run."""

    def __init__(self, notebook: NotebookNode) -> None:
        self.cells = iter(cell for cell in notebook.cells if cell.cell_type == "code")
        self.messages: Iterator[dict[str, Any]] = iter(())

    def is_alive(self) -> bool:
        """Whether it can be asked: always."""
        return True

    def stop(self) -> None:
        """Do nothing: there is no kernel."""

    def execute_cell_input(self, source: str, allow_stdin: bool) -> str:
        """Turn to the outputs of the next cell, which must be the one that is asked for."""
        cell = next(self.cells)
        if cell.source != source:
            raise RuntimeError(f"the run that was kept is of other code: {cell.source[:80]!r}")
        outputs = [(output.output_type, output) for output in cell.outputs]
        messages = [*outputs, ("status", {"execution_state": "idle"})]
        self.messages = iter(
            {"msg_type": kind, "content": content, "parent_header": {"msg_id": "kept"}}
            for kind, content in messages
        )
        return "kept"

    def await_reply(self, message: str, timeout: float) -> None:
        """Do nothing: the answers are there."""

    def get_message(self, stream: str, timeout: float) -> dict[str, Any]:
        """Return the next output."""
        return next(self.messages)


class Chapter(IPyNbFile):  # type: ignore[misc]
    """A chapter whose cells are compared with the run that was kept."""

    def setup(self) -> None:
        """Find that run."""
        root = Path(self.config.option.runs_of)
        with execute.cache_of(root) as cache:
            notebook = execute.kept(cache, self.path, root)
        if notebook is None:
            raise RuntimeError(f"{self.path}: no run of this is kept: python -m tools.execute")
        self.kernel = Kept(notebooks.canonical(notebook))
        self.setup_sanitize_files()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say whose runs they are."""
    parser.addoption("--runs-of", default=str(execute.ROOT), help="folder of the project")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Chapter | None:
    """Collect the chapters."""
    if file_path.suffix != ".ipynb":
        return None
    chapter: Chapter = Chapter.from_parent(parent, path=file_path)
    return chapter
