"""The chapters and their one canonical form.

The form holds no time, path, widget state or version of the machine that ran it, so that a chapter
changes only when its text or its results do.
"""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
#: How the page's form of an explorer starts, and that of a drawing.
FOR_THE_PAGE = ('<div class="explorer"', '<svg class="drawing"')
KEPT_CELL_METADATA = ("tags", "mystnb", "slideshow")


def chapters(root: Path = ROOT) -> list[Path]:
    """Return every chapter of the book, in order of their paths."""
    found = (root / "book").rglob("*.ipynb")
    elsewhere = {".ipynb_checkpoints", "templates", "experiments"}  # sheets come from a template
    return sorted(path for path in found if not elsewhere & set(path.parts))


def sheets(root: Path = ROOT) -> list[Path]:
    """Return every sheet, which papermill makes from the template."""
    return sorted((root / "book" / "experiments").glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    """Read a chapter."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    return notebook


def merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join printed pieces that follow each other: where they break is a matter of timing."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else NotebookNode()
        if output.output_type == "stream" and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def canonical(notebook: NotebookNode) -> NotebookNode:
    """Bring a chapter that has been run into canonical form, in place."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    count = 0
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = NotebookNode(
            {key: cell.metadata[key] for key in KEPT_CELL_METADATA if key in cell.metadata}
        )
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").split("\n"))
        cell.pop("attachments", None)
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = merged(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            data = output.get("data", {})
            data.pop("application/vnd.jupyter.widget-view+json", None)  # its state is the kernel's
            if data.get("text/html", "").startswith(FOR_THE_PAGE):
                data.pop("text/html")
    nbformat.validate(notebook)
    return notebook


def text(notebook: NotebookNode) -> str:
    """Return a chapter as the text of its file."""
    written: str = nbformat.writes(notebook)
    return written + "\n"
