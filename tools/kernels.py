"""Run notebooks, several at once, in kernels that are forked from this process.

A kernel that starts cold spends more than a second on loading what this process has loaded already.
Each run says which files of the project it has read, so that whoever keeps its outputs knows when
they are old. Nothing survives this process: each worker, and each kernel, ends with its parent.
"""

import importlib
import importlib.util
import io
import multiprocessing
import os
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing import connection
from pathlib import Path
from typing import Any, NamedTuple

# Several kernels run at once: each takes one core. Set before NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

from jupyter_client.connect import write_connection_file
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from cevnslib.scale import end_with_parent

from . import notebooks

#: Seconds that a cell may take.
TIMEOUT = 300
#: What every kernel loads, and what many chapters do.
WARM = ("ipykernel.kernelapp", "ipykernel.debugger", "psutil")
CHAPTERS_LOAD = ("cevnslib.display.explorers", "myst_nb", "scipy.integrate", "scipy.stats", "sympy")
#: Elsewhere than on Linux, libraries of the system may not survive a fork.
CONTEXT: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")

#: Elsewhere sockets are files: a port that was free may be taken before the kernel gets to it.
TCP = sys.platform == "win32"

_read: set[str] = set()  # by this process
_warm: frozenset[str] = frozenset()  # by the one from which kernels are forked
_report = ""  # the file in which a kernel notes what it reads


class Run(NamedTuple):
    """What came of a run: the notebook with its outputs, or what went wrong."""

    path: Path
    notebook: NotebookNode | None
    said: str
    read: tuple[str, ...] = ()  #: files and folders of the project
    started: float = 0.0  #: when, as files tell the time


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what is opened for reading or listed: an audit hook."""
    if event not in ("open", "os.listdir", "os.scandir"):
        return
    name = os.curdir if arguments[0] is None else arguments[0]
    if not isinstance(name, str | bytes | os.PathLike):
        return
    if event == "open":
        ignored = arguments[2] & os.O_WRONLY
    else:  # Python looks for modules in every folder of its path
        ignored = sys._getframe(1).f_code.co_filename.startswith("<frozen importlib")
    if ignored:
        return
    path = os.path.abspath(os.fsdecode(name))
    if path not in _read:
        _read.add(path)
        if _report and path != _report:  # forks of the kernel write into it, too
            with open(_report, "a", encoding="utf-8", errors="surrogateescape") as report:
                report.write(f"{path}\0")


def warm_up(root: Path = notebooks.ROOT) -> None:
    """Load what the chapters of a project load, and note from here on what is read."""
    global _warm
    sys.addaudithook(listen)
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # nobody debugs these kernels
    for name in WARM if root != notebooks.ROOT else (*WARM, *CHAPTERS_LOAD):
        importlib.import_module(name)
    if root == notebooks.ROOT:
        _draw()
    _warm = frozenset(_read)


def _draw() -> None:
    """Draw something: the first figure of a process loads fonts and learns to set formulas."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.loglog([1e-3, 1.0], [1.0, 1e3], label=r"$\mu_\nu$")
    axes.set(xlabel=r"$T$ (keV)", title="events")
    axes.legend()
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(io.BytesIO())


def draw_explorers() -> None:
    """Draw the explorers of the library, which stand on several pages, for all kernels."""
    from cevnslib.display import explorers, interactive

    with CONTEXT.Pool() as pool:  # not here, as a kernel must choose how it draws
        for name, sample in zip(
            explorers.__all__, pool.map(_sample, explorers.__all__), strict=True
        ):
            interactive.SAMPLES[getattr(explorers, name)().what] = sample


def _sample(name: str) -> str:
    import matplotlib

    from cevnslib.display import explorers

    matplotlib.use("agg")
    drawn: str = getattr(explorers, name)().static()
    return drawn


def read_by(paths: Iterable[str], root: Path) -> tuple[str, ...]:
    """Return what of all that was read is the project's own, relative to its folder."""
    found = set()
    for name in paths:
        path = Path(name)
        if path.suffix == ".pyc":
            try:
                path = Path(importlib.util.source_from_cache(name))
            except ValueError:
                continue
        if path.is_relative_to(root):
            inside = path.relative_to(root)
            if not inside.parts or (inside.parts[0] != "_build" and inside.parts[0][0] != "."):
                found.add(str(inside))
    return tuple(sorted(found))


class _Kernel:
    """What a client asks of a kernel that runs already: whether it lives."""

    has_process = True

    def __init__(self, process: Any) -> None:
        self.process = process

    async def poll(self) -> int | None:
        code: int | None = self.process.exitcode
        return code


def _serve(file: str, report: str, folder: Path, root: Path) -> None:
    """Be a kernel."""
    global _read, _report
    end_with_parent()
    from ipykernel.kernelapp import IPKernelApp

    if CONTEXT.get_start_method() != "fork":
        warm_up(root)
    _read = set(_warm)
    os.chdir(folder)
    sys.path[0] = ""
    _report = report
    options = {"parent_handle": os.getppid(), "log_level": 50}
    IPKernelApp.launch_instance(
        ["-f", file, "--HistoryManager.hist_file=:memory:"]
        + [f"--IPKernelApp.{name}={value}" for name, value in options.items()]
    )


def _run(path: Path, root: Path) -> Run:
    """Run a notebook in its own folder."""
    notebook = notebooks.read(path)
    start = time.time()
    with tempfile.TemporaryDirectory() as folder:
        file, report = (str(Path(folder) / name) for name in ("kernel.json", "read"))
        address: dict[str, Any] = (
            {} if TCP else {"transport": "ipc", "ip": str(Path(folder) / "socket")}
        )
        write_connection_file(file, key=uuid.uuid4().bytes.hex().encode(), **address)
        kernel = CONTEXT.Process(target=_serve, args=(file, report, path.parent, root))
        kernel.start()
        manager = AsyncKernelManager(connection_file=file)
        manager.load_connection_file()
        manager.provisioner = _Kernel(kernel)  # type: ignore[assignment]
        client = NotebookClient(  # without times, which are part of what a cache looks it up by
            notebook, km=manager, timeout=TIMEOUT, record_timing=False
        )
        try:
            client.execute()
        except CellExecutionError as error:
            return Run(path, None, str(error))
        finally:
            kernel.kill()
            kernel.join()
        paths = {*_warm, *Path(report).read_text("utf-8", "surrogateescape").split("\0")}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                return Run(path, None, f"a cell wrote to stderr: {output.text}")
    return Run(path, notebook, f"{time.time() - start:.0f} s", read_by(paths, root), start)


def _work(end: Any, path: Path, root: Path) -> None:
    end_with_parent()
    try:
        end.send(_run(path, root))
    except Exception as error:
        end.send(Run(path, None, f"{type(error).__name__}: {error}"))


def run(paths: Sequence[Path], root: Path = notebooks.ROOT) -> Iterator[Run]:
    """Run notebooks, as many at once as there are cores, each in a process of its own.

    Yields each as soon as it has ended.
    """
    waiting = deque(paths)
    running: dict[Any, tuple[Path, Any]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                here, there = CONTEXT.Pipe(duplex=False)
                worker = CONTEXT.Process(target=_work, args=(there, waiting[0], root))
                worker.start()
                there.close()
                running[here] = waiting.popleft(), worker
            ready: list[Any] = connection.wait(running)
            for end in ready:
                path, worker = running.pop(end)
                try:
                    result: Run = end.recv()
                except EOFError:
                    result = Run(path, None, "its process died")
                worker.join()
                yield result
    finally:
        for _, worker in running.values():
            worker.kill()  # a client of kernels would not end when it is only asked to
