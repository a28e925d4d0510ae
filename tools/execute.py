"""Run the chapters of the book, and keep their outputs until something they depend on changes.

    python -m tools.execute             run what is not kept, for the build and for the comparison
    python -m tools.execute --write     and write each chapter anew, in its canonical form

Each chapter runs once. The build of the book takes its outputs from the cache; `tools.replay`
compares them with those stored in the chapter. With its outputs each chapter keeps a digest of all
that it has read: modules, data, tables, lists of folders. Where one differs, it runs again.
"""

import argparse
import fcntl
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from nbformat import NotebookNode

from cevnslib import files

from . import notebooks

ROOT = notebooks.ROOT
CACHE = Path("_build") / "cache"  # named in _config.yml too
DOCTREES = Path("_build") / ".doctrees"
#: What every run depends on, whatever it reads: the packages, and how runs are made.
ALWAYS = ("requirements.lock", "tools/execute.py", "tools/kernels.py")


@contextmanager
def cache_of(root: Path = ROOT) -> Iterator[JupyterCacheAbstract]:
    """Yield the outputs that are kept of a project."""
    cache = get_cache(str(root / CACHE))
    try:
        yield cache
    finally:
        cache.db.dispose()  # or its connection is closed by chance


def digest(path: Path) -> str:
    """Return a digest of a file, or of the names in a folder; of what is not there, nothing."""
    if path.is_dir():
        names = (entry.name for entry in path.iterdir())
        content = "\0".join(sorted(n for n in names if n[0] != "." and n[:2] != "__")).encode()
    elif path.exists():
        content = path.read_bytes()
    else:
        return ""
    return hashlib.sha256(content).hexdigest()


def digests(names: Iterable[str], root: Path) -> dict[str, str]:
    """Return the digests of what was read, and of what every run depends on."""
    found = {name: digest(root / name) for name in names}
    found |= {name: digest(ROOT / name) for name in ALWAYS}
    return found | {"python": sys.version}


def kept(cache: JupyterCacheAbstract, path: Path, root: Path = ROOT) -> NotebookNode | None:
    """Return what a chapter's last run gave, unless something has changed since."""
    try:
        record = cache.match_cache_notebook(notebooks.read(path))
    except KeyError:
        return None
    before: dict[str, str] = record.data.get("digests", {})
    names = before.keys() - {"python", *ALWAYS}
    if not before or before != digests(names, root):
        return None
    found: tuple[int, NotebookNode] = cache.merge_match_into_notebook(notebooks.read(path))
    return found[1]


def keep(cache: JupyterCacheAbstract, run: Any, root: Path = ROOT) -> None:
    """Keep what a run gave, with digests of all that it has read."""
    found = digests(run.read, root)
    for name in run.read:  # what was edited meanwhile may be newer than the outputs
        path = root / name
        if path.is_file() and path.stat().st_mtime >= run.started:
            found[name] = ""
    bundle = CacheBundleIn(run.notebook, str(run.path), data={"digests": found})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    # Sphinx would not look at a page again whose chapter has the text that it had.
    page = root / DOCTREES / run.path.relative_to(root).with_suffix(".doctree")
    page.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is not kept; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.execute", description=__doc__)
    parser.add_argument("chapters", nargs="*", type=Path, help="some chapters, instead of all")
    parser.add_argument("--write", action="store_true", help="write the chapters anew")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the project")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    paths = [path.resolve() for path in options.chapters] or notebooks.chapters(root)
    if not options.chapters and not options.write:
        paths += notebooks.sheets(root)
    (root / CACHE).mkdir(parents=True, exist_ok=True)
    with (root / CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two at once the second finds what the first has made
        with cache_of(root) as cache:
            return execute(cache, paths, root, options.write)


def execute(cache: JupyterCacheAbstract, paths: Sequence[Path], root: Path, write: bool) -> int:
    """Run what is not kept of some chapters, and write them if asked; return the exit code."""
    failed = 0
    wanted = [path for path in paths if kept(cache, path, root) is None]
    if wanted:
        os.environ["CEVNSLIB_STATIC"] = "1"  # explorers are shown as samples that need no kernel
        from . import kernels

        kernels.warm_up(root)
        if sum("explorer()" in path.read_text(encoding="utf-8") for path in wanted) > 1:
            kernels.draw_explorers()
        for run in kernels.run(wanted, root):
            print(f"{run.path.relative_to(root)}: {run.said}", flush=True)
            if run.notebook is None:
                failed += 1
            else:
                keep(cache, run, root)
    for path in paths if write else ():
        notebook = kept(cache, path, root)
        if notebook is not None:
            files.write({path: notebooks.text(notebooks.canonical(notebook))})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
