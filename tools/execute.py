"""Run every chapter for the book, several at once, and keep the outputs for the build.

Jupyter Book would run them one after the other. The outputs go to a cache, in which the build looks
a chapter up by its code; it is emptied when the library, its data, the lock or this file has
changed, so that a page never shows an old number.
"""

import hashlib
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from . import files, notebooks

CACHE = notebooks.ROOT / "_build" / "cache"  # named in _config.yml too
STAMP = CACHE / "made-with"


def fingerprint() -> str:
    """Return a hash of all that the chapters' outputs depend on but their own text."""
    digest = hashlib.sha256()
    sources = [path for path in (notebooks.ROOT / "cevnslib").rglob("*") if path.is_file()]
    sources += (notebooks.ROOT / "validation").glob("*.py")
    sources += [notebooks.ROOT / "requirements.lock", Path(__file__)]
    for path in sorted(path for path in sources if "__pycache__" not in path.parts):
        digest.update(str(path.relative_to(notebooks.ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def run(path: Path) -> tuple[NotebookNode | None, str]:
    """Run one chapter in its own folder; return it, or nothing and what went wrong."""
    notebook = notebooks.read(path)
    folder = {"metadata": {"path": str(path.parent)}}
    start = time.monotonic()
    try:
        NotebookClient(  # without times, which are part of what the cache looks a chapter up by
            notebook,
            timeout=notebooks.TIMEOUT,
            kernel_name="python3",
            resources=folder,
            record_timing=False,
        ).execute()
    except CellExecutionError as error:
        return None, str(error)
    return notebook, f"{time.monotonic() - start:.0f} s"


def main() -> int:
    """Run what is not in the cache; return the exit code."""
    if not STAMP.exists() or STAMP.read_text() != fingerprint():
        shutil.rmtree(CACHE, ignore_errors=True)
    os.environ["CEVNSLIB_STATIC"] = "1"  # explorers are shown as samples that need no kernel
    cache = get_cache(str(CACHE))
    wanted = []
    for path in [*notebooks.chapters(), *notebooks.sheets()]:
        try:
            cache.match_cache_notebook(notebooks.read(path))
        except KeyError:
            wanted.append(path)
    failed = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for path, (notebook, said) in zip(wanted, pool.map(run, wanted), strict=True):
            print(f"{path.relative_to(notebooks.ROOT)}: {said}", flush=True)
            if notebook is None:
                failed += 1
                continue
            bundle = CacheBundleIn(notebook, str(path))
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    files.write(STAMP, fingerprint())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
