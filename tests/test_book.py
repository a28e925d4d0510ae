"""The book as a whole: its order, its template, its old addresses."""

import os
import re
from pathlib import Path

import pytest
import yaml

from tools import notebooks

ROOT = notebooks.ROOT
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
ORDER = [entry["file"] for part in TOC["parts"] for entry in part["chapters"]]
HEAD = re.compile(r"(?m)^\| level \| time \| builds on \|\n\|[-| ]+\|\n\| (.+) \| (.+) \| (.+) \|$")
#: Longest time that a chapter may take to read, in minutes.
LONGEST = 25


def prose(path: Path) -> str:
    cells = notebooks.read(path).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


WITH_HEAD = [path for path in notebooks.chapters() if HEAD.search(prose(path))]


@pytest.mark.parametrize("path", WITH_HEAD, ids=[path.stem for path in WITH_HEAD])
def test_a_chapter_builds_on_earlier_ones(path):
    ((_, minutes, below),) = HEAD.findall(prose(path))
    assert 0 < int(minutes.split()[0]) <= LONGEST
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", below)
    assert links or below.startswith("nothing"), below
    here = ORDER.index(str(path.relative_to(ROOT).with_suffix("")))
    for link in links:
        target = os.path.relpath(os.path.normpath(path.parent / link), ROOT)
        assert ORDER.index(target.removesuffix(".ipynb")) < here, link


@pytest.mark.parametrize("path", WITH_HEAD, ids=[path.stem for path in WITH_HEAD])
def test_figures_have_captions_and_are_referred_to(path):
    text, names = prose(path), []
    for cell in notebooks.read(path).cells:
        kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
        if kinds & {"image/png", "image/svg+xml"} and "explorer" not in cell.metadata.get(
            "tags", []
        ):
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            assert len(figure.get("caption", "")) > 40, f"no caption: {cell.source[:80]}"
            names.append(figure["name"])
    assert len(set(names)) == len(names)
    for name in names:
        assert re.search(rf"\{{numref\}}`[^`]*{name}[`>]", text), f"{name} is not referred to"


def test_old_addresses_lead_to_pages():
    redirects = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]["redirects"]
    assert redirects
    for old, new in redirects.items():
        assert not list(ROOT.glob(f"{old}.*"))
        page = os.path.normpath(Path(old).parent / new.removesuffix(".html"))
        assert page in ORDER, (old, new)
