"""The sheet of an experiment: a notebook that a kernel runs, and a page made of it.

The page holds its figures and needs no network, no script and no file beside it. What a reader's
file says reaches the notebook as text only: the path of the file is its parameter.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from .. import experiments
from ..errors import ConfigurationError
from ..files import write
from .answers import answer

#: Seconds that a cell may take.
TIMEOUT = 600
NEEDS = (
    "a sheet needs the extra 'sheets' (pip install 'cevnslib[sheets]'), of which this is missing: "
)


def make(file: str, stage: str | None, confidence: float | None, folder: Path) -> tuple[Path, Path]:
    """Write the page and the notebook of an experiment, both or none, and return their paths.

    Parameters
    ----------
    file : str
        The file of an experiment, or the name of one that is built in.
    stage : str or None
        Which stage to show; by default the first one.
    confidence : float or None
        Confidence level; by default that of the file, or 0.9.
    folder : path
        Where to write ``<name>-sheet.html`` and ``<name>-sheet.ipynb``.

    Raises
    ------
    ConfigurationError
        If the notebook does not run to its end.
    ImportError
        If what runs it is not installed.
    """
    _, found = answer([file], stage, confidence)  # so that what is wrong is said at once
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass  # a folder that takes no files is told before the kernel starts, too
    path = file if file in experiments.names() else str(Path(file).absolute())
    notebook = run({"file": path, "stage": stage, "confidence": confidence})
    import nbformat

    name = f"{Path(file).stem}-sheet"
    written = {
        folder / f"{name}.html": page(notebook, str(found.get("title", name))),
        folder / f"{name}.ipynb": nbformat.writes(notebook) + "\n",
    }
    write(written)
    return tuple(written)  # type: ignore[return-value]


def run(parameters: Mapping[str, Any]) -> Any:
    """Return the notebook of the sheet after it has run with parameters."""
    try:
        import ipykernel  # noqa: F401
        import matplotlib  # noqa: F401
        import nbformat
        import papermill
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import AsyncKernelManager
        from papermill.exceptions import PapermillExecutionError
    except ImportError as error:
        raise ImportError(NEEDS + str(error.name)) from error

    with tempfile.TemporaryDirectory() as folder:

        class Kernel(AsyncKernelManager):
            """A kernel of this interpreter, whatever others are installed, in a folder of its own.

            What it says beside the notebook stays out, as does what a reader's own kernels load.
            """

            def __init__(self, **options: Any) -> None:
                super().__init__(**options)
                command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
                self._kernel_spec = KernelSpec(argv=command, language="python")
                self.connection_file = str(Path(folder) / "kernel.json")

            async def start_kernel(self, *args: Any, **options: Any) -> None:  # type: ignore[override]
                own = {
                    "IPYTHONDIR": folder,
                    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
                }
                options |= {"env": os.environ | own, "stdout": DEVNULL, "stderr": DEVNULL}
                await super().start_kernel(*args, **options)

        source, output = Path(folder) / "template.ipynb", Path(folder) / "sheet.ipynb"
        source.write_bytes((_templates() / "sheet.ipynb").read_bytes())
        try:
            papermill.execute_notebook(
                source,
                output,
                parameters=dict(parameters),
                cwd=folder,
                kernel_name="python3",
                kernel_manager_class=Kernel,
                execution_timeout=TIMEOUT,
                progress_bar=False,
                log_output=False,
            )
        except PapermillExecutionError as error:
            raise ConfigurationError(
                f"the sheet did not run to its end: {error.ename}: {error.evalue}"
            ) from error
        notebook = nbformat.read(output, as_version=4)
    return _tidied(notebook)


def _tidied(notebook: Any) -> Any:
    """Remove from a notebook what tells of the run and not of the experiment."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = [made for made in cell.outputs if made.get("name") != "stderr"]
    return notebook


def page(notebook: Any, title: str) -> str:
    """Return a notebook as a page of its own, whose code is folded."""
    try:
        from nbconvert import HTMLExporter
        from pygments.formatters import HtmlFormatter
    except ImportError as error:
        raise ImportError(NEEDS + str(error.name)) from error

    with resources.as_file(_templates() / "sheet.html.j2") as template:
        exporter = HTMLExporter(  # type: ignore[no-untyped-call]
            template_file=str(template), exclude_input_prompt=True, exclude_output_prompt=True
        )
    style = (_templates() / "sheet.css").read_text("utf-8")
    style += HtmlFormatter(style="tango").get_style_defs(".highlight")
    given = {"page_title": title, "page_style": style}
    body, _ = exporter.from_notebook_node(notebook, resources=given)
    return str(body)


def _templates() -> Any:
    return resources.files("cevnslib") / "commands" / "templates"
