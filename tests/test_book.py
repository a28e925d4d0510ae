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


#: Greek letters that stand for something, as LaTeX spells them.
GREEK = (
    "alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|"
    "tau|phi|varphi|chi|omega|Gamma|Delta|Theta|Lambda|Sigma|Phi|Omega|ell"
)
ACCENTS = "tilde|bar|hat|mathcal|mathbf|boldsymbol|not"
SCRIPT = r"\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+(?:\{[^{}]*\})?|[^\s\\{}]"
#: A letter with what is written before and behind it; a difference or a change has a sign in front.
SYMBOL = re.compile(
    rf"(?:(?P<change>\\Delta(?=\\chi| ?[mN])|\\delta(?=\\(?:{GREEK})(?![A-Za-z])| ?[A-Za-z])) ?)?"
    rf"(?:\\(?P<accent>{ACCENTS})\s*\{{?\s*)?"
    rf"(?P<letter>\\(?:{GREEK})(?![A-Za-z])|\bhbar c|[A-Za-z])"
    rf"\}}?(?P<scripts>(?:[_^](?:{SCRIPT})|')*)"
)
#: What an index is made of: numbers, and letters that count flavours, states, bins or nuclei.
INDEX = re.compile(r"[ijkmnxbes\d,]|\\bar|\\(?:alpha|beta|gamma|mu|tau|ell|nu_?)")
#: What is written with letters and is no symbol: a differential, the imaginary unit, an index.
NO_SYMBOLS = {("d", ""), ("i", ""), ("j", ""), ("pi", "")}
NOTATION = (ROOT / "book" / "behind" / "notation.md").read_text(encoding="utf-8")


def symbols(latex: str) -> list[tuple[str, str]]:
    """Return the symbols of a formula in order: a letter with its accent, and its subscript.

    Indices are all alike, "*" for one and "**" for more; superscripts count only for tensors.
    """
    latex = re.sub(r"\\(?:begin|end)\{\w+\}|\\vphantom.|\\\\\[\w+\]", " ", latex)
    latex = re.sub(r"(?:[)|\]}]|\\rangle)_\\text\{[^{}]*\}", " ", latex)
    latex = re.sub(r"(?<![_^])\\(?:text|mathrm|operatorname)(?:\{[^{}]*\}| \w)", " ", latex)
    latex = re.sub(r"\\hbar\s*c(?![A-Za-z])", " hbar c ", latex)
    kept = f"{GREEK}|{ACCENTS}|text|min|max"
    latex = re.sub(rf"\\(?!(?:{kept})(?![A-Za-z]))[A-Za-z]+", " ", latex)
    latex = re.sub(r"(?<!_)\\(?:min|max)(?![A-Za-z])", " ", latex)
    found = []
    for match in SYMBOL.finditer(latex):
        change, accent, letter = (re.sub(r"[\\\s]", "", match[i] or "") for i in range(1, 4))
        if change == "Delta":
            accent = "Delta"
        scripts = dict(re.findall(rf"([_^])({SCRIPT})", match["scripts"]))
        index = re.sub(r"\\text|[{}\s]", "", scripts.get("_", ""))
        if index and not INDEX.sub("", index):
            index = "*" * min(len(INDEX.findall(index)), 2)
        if re.fullmatch(r"\{(?:\\(?:alpha|beta)'?){2}\}", scripts.get("^", "")):
            index = "tensor"
        if (letter, scripts.get("^")) == ("chi", "2"):  # a square that is a name
            letter = "chi2"
        found.append((f"{accent} {letter}".strip(), index))
    return [symbol for symbol in found if symbol not in NO_SYMBOLS]


def displayed(path: Path) -> str:
    """Return the displayed formulas of a chapter outside its solutions."""
    text = re.sub(r"(?s)`{3,}\{solution-start}.*?\{solution-end}", "", prose(path))
    return " ".join(re.findall(r"(?s)\$\$(.+?)\$\$", text))


def where(cell: str) -> set[str]:
    """Return the chapters of a cell such as "parts 2 to 4, [solar](../moments/solar.ipynb)"."""
    chapters = {Path(link).stem for link in re.findall(r"\]\(([^)]+)\.ipynb\)", cell)}
    for first, last in re.findall(r"parts? (\d)(?: to (\d))?", cell):
        for part in TOC["parts"]:
            if part["caption"][0] in map(str, range(int(first), int(last or first) + 1)):
                chapters |= {Path(entry["file"]).stem for entry in part["chapters"]}
    return chapters


def listed() -> list[tuple[tuple[str, str], set[str] | None]]:
    """Return each symbol of the notation page, and the chapters of its meaning; None: all."""
    shared, own = NOTATION.split("## Letters of a part or a chapter")
    rows: list[tuple[tuple[str, str], set[str] | None]] = []
    for text, local in ((shared, False), (own, True)):
        for cell, *_, last in re.findall(r"(?m)^\| (\$.+?) \| (.+) \| (.*?) ?\|$", text):
            chapters = where(last) if local else None
            assert chapters is None or chapters, cell
            names = {symbols(one)[0] for one in re.findall(r"\$([^$]+)\$", cell) if symbols(one)}
            rows += [(name, chapters) for name in sorted(names)]
    return rows


WITH_SYMBOLS = [path for path in WITH_HEAD if displayed(path)]


def test_a_symbol_has_one_meaning_on_a_page():
    pages = {path.stem for path in WITH_HEAD}
    meanings: dict[tuple[str, str], list[set[str]]] = {}
    for symbol, chapters in listed():
        meanings.setdefault(symbol, []).append(pages if chapters is None else chapters)
    for symbol, scopes in meanings.items():
        for i, scope in enumerate(scopes):
            twice = [scope & other for other in scopes[:i] if scope & other]
            assert not twice, f"{symbol} means two things in {twice}"


@pytest.mark.parametrize("path", WITH_SYMBOLS, ids=[path.stem for path in WITH_SYMBOLS])
def test_symbols_are_on_the_notation_page(path):
    known = {symbol for symbol, chapters in listed() if chapters is None or path.stem in chapters}
    used = {(x, i) for x, i in symbols(displayed(path)) if not known & {(x, i), (x, i.rstrip("*"))}}
    assert not used - known


@pytest.mark.parametrize(
    ("latex", "found"),
    [
        (r"m_A T^2", {("m", "A"), ("T", "")}),
        (r"\Delta m^2_{41}\,\Delta\chi^2", {("Delta m", "**"), ("Delta chi2", "")}),
        (r"\delta N_\text{SM} = \tfrac{\Delta}{2}", {("N", "SM"), ("Delta", "")}),
        (r"L^{\alpha\beta} \ln L", {("L", "tensor"), ("L", "")}),
        (r"\mathbf q\cdot\tilde a_i", {("mathbf q", ""), ("tilde a", "*")}),
        (
            r"\Big(\frac{d\sigma}{dT}\Big)_\text{SM} \sin\theta",
            {("sigma", ""), ("T", ""), ("theta", "")},
        ),
        (r"E_\min(T) > \min_x \hbar c", {("E", "min"), ("T", ""), ("x", ""), ("hbarc", "")}),
    ],
)
def test_symbols_of_a_formula(latex, found):
    assert {(x, i.lstrip("\\")) for x, i in symbols(latex)} == found
