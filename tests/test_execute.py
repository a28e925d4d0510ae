"""Outputs are kept until what they depend on changes; nothing outlives its parent; a wrong number
in a chapter is noticed."""

import os
import signal
import subprocess
import sys
from typing import Any

import nbformat
import pytest

from tests.processes import gone, needs_proc, wait_for
from tools import execute, notebooks

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CHAPTERS = {
    "table": "from pathlib import Path\nprint(Path('numbers.csv').read_text())",
    "module": "import helper\nprint(helper.NUMBER)",
    "listing": "import os\nprint(sorted(os.listdir('data')))",
    "absent": "import os\ntry:\n    print(open('later.txt').read())\n"
    "except FileNotFoundError:\n    print('not yet')",
    "child": "from concurrent.futures import ProcessPoolExecutor\nfrom helper import read\n"
    "with ProcessPoolExecutor(1) as pool:\n    print(pool.submit(read, 'deep.txt').result())",
    "alone": "print(1.25)",
    "wrong": "print(2.5)",
    "failing": "print(1 / 0)",
}


def write(path, code):
    """Write a chapter of a sentence and a cell."""
    cells = [nbformat.v4.new_markdown_cell("Words."), nbformat.v4.new_code_cell(code)]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    path.write_text(notebooks.text(notebooks.canonical(notebook)))


def run(*arguments, **options):
    """Run the tool in a process of its own."""
    command = [sys.executable, "-m", "tools.execute", *map(str, arguments)]
    return subprocess.run(
        command, cwd=notebooks.ROOT, capture_output=True, text=True, timeout=120, **options
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project of small chapters that have been run and written."""
    root = tmp_path_factory.mktemp("project")
    book = root / "book"
    (book / "data").mkdir(parents=True)
    (book / "numbers.csv").write_text("1,2")
    (book / "helper.py").write_text("NUMBER = 3\ndef read(name):\n    return open(name).read()\n")
    (book / "deep.txt").write_text("deep")
    (book / "unrelated.txt").write_text("unrelated")
    for name, code in CHAPTERS.items():
        write(book / f"{name}.ipynb", code)
    os.utime(book / "numbers.csv")
    done = run("--root", root, "--write")
    assert done.returncode == 1  # one fails, the others are kept
    assert "book/failing.ipynb" in done.stdout
    assert "ZeroDivisionError" in done.stdout
    return root


def test_two_runs_at_once_run_each_chapter_once(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    for name in "abc":
        write(book / f"{name}.ipynb", f"print({name!r})")
    command = [sys.executable, "-m", "tools.execute", "--root", str(tmp_path)]
    options: dict[str, Any] = {"cwd": notebooks.ROOT, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, **options) for _ in range(2)]
    said = sorted(process.communicate(timeout=120)[0].count("book/") for process in both)
    assert said == [0, 3]
    assert [process.returncode for process in both] == [0, 0]


def is_kept(root, name):
    with execute.cache_of(root) as cache:
        return execute.kept(cache, root / "book" / f"{name}.ipynb", root) is not None


@pytest.mark.parametrize("name", [name for name in CHAPTERS if name != "failing"])
def test_outputs_are_kept_and_written(project, name):
    path = project / "book" / f"{name}.ipynb"
    assert is_kept(project, name)
    assert notebooks.read(path).cells[1].outputs
    assert notebooks.text(notebooks.canonical(notebooks.read(path))) == path.read_text()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("table", "book/numbers.csv"),
        ("module", "book/helper.py"),
        ("child", "book/deep.txt"),
        ("listing", "book/data/new.txt"),
        ("absent", "book/later.txt"),
    ],
)
def test_what_a_chapter_reads_makes_it_old(project, name, changed):
    file = project / changed
    before = file.read_bytes() if file.exists() else None
    file.write_text("NUMBER = 4\n")
    try:
        assert not is_kept(project, name)
        assert is_kept(project, "alone")
    finally:
        file.unlink() if before is None else file.write_bytes(before)
    assert is_kept(project, name)


def test_code_makes_a_chapter_old_and_words_do_not(project):
    path = project / "book" / "alone.ipynb"
    text = path.read_text()
    for new, same in (
        (text.replace("Words.", "Others."), True),
        (text.replace("25)", "26)"), False),
    ):
        path.write_text(new)
        assert is_kept(project, "alone") is same
    path.write_text(text)
    (project / "book" / "unrelated.txt").write_text("changed")
    assert is_kept(project, "alone")


def test_packages_and_the_runner_make_every_chapter_old(project, monkeypatch):
    monkeypatch.setattr(execute, "ALWAYS", (*execute.ALWAYS, "pyproject.toml"))
    assert not is_kept(project, "alone")


def test_what_the_real_chapters_read_is_found():
    """Those of the project that read tables beside the library's."""
    for chapter, name in (
        ("behind/how-it-is-fast", "book/behind/benchmarks.json"),
        ("behind/beyond-one-machine", "book/behind/throughput.json"),
        ("table/validation", "tests/reference/cross_sections.csv"),
        ("table/validation", "validation/independent.py"),
        ("table/errata", "cevnslib/physics/mixing.py"),
    ):
        notebook = notebooks.read(notebooks.ROOT / "book" / f"{chapter}.ipynb")
        try:
            with execute.cache_of() as cache:
                record = cache.match_cache_notebook(notebook)
        except KeyError:
            pytest.skip("no chapter has been run here yet: make outputs")
        assert name in record.data["digests"]


def test_a_number_that_is_altered_is_noticed(project):
    path = project / "book" / "wrong.ipynb"
    text = path.read_text()
    path.write_text(text.replace("2.5\\n", "2.6\\n"))
    assert path.read_text() != text
    command = [sys.executable, "-m", "pytest", "-p", "tools.replay", "-p", "no:cacheprovider"]
    options = ["--override-ini", "addopts=", "-p", "no:benchmark"]
    options += ["--runs-of", project, "--rootdir", project, "-q"]
    chapters = [project / "book" / f"{name}.ipynb" for name in ("alone", "table", "wrong")]
    done = subprocess.run(
        list(map(str, [*command, *options, *chapters])),
        cwd=notebooks.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    path.write_text(text)
    assert "1 failed, 2 passed" in done.stdout
    assert "wrong.ipynb::Cell 0" in done.stdout


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_kernels_end_with_the_one_that_started_them(tmp_path, how):
    book = tmp_path / "book"
    book.mkdir()
    code = "import os, time\nwith open('pids', 'w') as f:\n    print(os.getpid(), os.getppid(), "
    write(book / "long.ipynb", f"{code}file=f)\ntime.sleep(100)")
    command = [sys.executable, "-m", "tools.execute", "--root", str(tmp_path)]
    main = subprocess.Popen(
        command, cwd=notebooks.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    pids = book / "pids"
    try:
        wait_for(lambda: pids.exists() and pids.read_text().endswith("\n"))
    finally:
        main.send_signal(how)
        main.wait()
    kernel, worker = map(int, pids.read_text().split())
    assert worker != main.pid
    assert gone([kernel, worker])


def test_other_packages_another_runner_or_python_make_outputs_old(project, monkeypatch):
    path = project / "book" / "alone.ipynb"
    with execute.cache_of(project) as cache:
        assert execute.kept(cache, path, project) is not None
        for name in ("requirements.lock", "tools/execute.py", "tools/kernels.py"):

            def other(file, name=name, digest=execute.digest):
                return "another" if file == notebooks.ROOT / name else digest(file)

            with monkeypatch.context() as changed:
                changed.setattr(execute, "digest", other)
                assert execute.kept(cache, path, project) is None, name
        monkeypatch.setattr(sys, "version", "3.99")
        assert execute.kept(cache, path, project) is None
