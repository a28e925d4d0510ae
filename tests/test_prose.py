"""Numbers and citations in prose: a result is glued; what is typed is listed with its reason."""

import re
import tomllib
from pathlib import Path

import pytest

from tools import notebooks

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
CHAPTERS = [*notebooks.chapters(), BOOK / "behind" / "notation.md", BOOK / "behind" / "glossary.md"]
NAMES = [path.relative_to(BOOK).with_suffix("").as_posix() for path in CHAPTERS]
LISTED = tomllib.loads((ROOT / "tests" / "prose_numbers.toml").read_text(encoding="utf-8"))
REASONS = {
    "input",  # a datum of the talk, an experiment or a constant; the chapter names its source
    "definition",  # a choice of the chapter that stands in its code too, or exact arithmetic
    "published",  # a printed number that ours is compared with
    "rounded",  # a conventional value, such as 2.71 or 90%
}
NO_PROSE = (
    r"(?ms)^(`{3,})(?:python|bash|toml|text|\{code|\{math).*?^\1$",  # code, shown
    r"(?m)^ *[`:]{3,}(?:\{[\w-]+\})?",  # where a directive opens or closes; its title is prose
    r"(?m)^ *:[\w-]+:.*$",  # an option of a directive
    r"(?m)^ *\([\w:-]+\)=\s*$",  # a label
    r"(?s)\$\$.*?\$\$",  # a displayed formula
    r"(?:\{[\w:-]+\})?`[^`\n]+`",  # code, and roles with what they hold: glue, citations
    r"\]\([^)\s]*\)",  # the target of a link
    r"https?://\S+",
    r"(?i)\b(?:arxiv:\s?)?\d{4}\.\d{4,5}(?:v\d)?\b",
    r"(?i)\b(?:eq|equation|table|figure|fig|slide|page|section|chapter)s?\.?\s+\(?\d+(?:\.\d+)?",
    r"\b[A-Za-z]+-\d+\b",  # a nuclide: uranium-235
    r"(?i)\b(?:silicon|argon|germanium|xenon|caesium) \d+\b(?! (?:[kM]?eV|k?g|m)\b)",
    r"(?m)^#+ \d+\.",  # a numbered heading
    r"\b(?:19[3-9]|20[0-4])\d\b(?![.,]\d)",
)
POWER = r"10\^(?:\{[+-]?\d+\}|\d)"
LITERAL = re.compile(
    r"(?<![\w.^_\\])(?<![\^_]\{)(?P<value>\d+(?:,\d{3})*(?:\.\d+)?(?P<e>e[+-]?\d+)?)(?![\w^])"
    rf"(?:\s*\\times\s*(?P<power>{POWER}))?(?P<percent>(?:\s|\\,)*(?:\\?%|per cent\b))?"
    rf"|(?<![\w.^_{{])(?P<bare>{POWER})(?!\s*(?:\\,)?\s*\\mu_B)"  # 1e-10 mu_B is a unit here
)


def written(path):
    """What is typed into a chapter's words."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = notebooks.read(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def typed_numbers(text):
    """Every number that needs a reason, without spaces, braces and backslashes, and its context.

    Outside formulas: decimals, percentages, powers of ten, integers above twelve. Inside them:
    decimals, percentages and powers of ten; other integers are coefficients and indices.
    """
    for pattern in NO_PROSE:
        text = re.sub(pattern, " ", text)
    assert text.count("$") % 2 == 0, "a formula in the text does not end"
    found: dict[str, str] = {}
    for place, part in enumerate(text.split("$")):
        for match in LITERAL.finditer(part):
            value, *literal = match.group("value", "e", "power", "percent", "bare")
            large = place % 2 == 0 and value and float(value.replace(",", "")) > 12
            if any(literal) or large or "." in value:
                number = (
                    match[0].replace(r"\,", "").replace(r"\times", "x").replace("per cent", "%")
                )
                around = part[max(match.start() - 50, 0) : match.end() + 30]
                found.setdefault(re.sub(r"[\s\\{}]", "", number), " ".join(around.split()))
    return found


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("the limit is 54.5, or 13 of 81, or twelve of 12", ["54.5", "13", "81"]),
        ("known to 5% and to $3\\,\\%$, 7 per cent, of 22,000", ["5%", "3%", "7%", "22,000"]),
        ("$2.8\\times10^{-11}\\mu_B$, $x < 10^{-5}$ and 1e-17", ["2.8x10^-11", "10^-5", "1e-17"]),
        ("$\\sqrt{2.71\\,N}$ and $\\frac{a}{0.28}$ and $-0.5$", ["2.71", "0.28", "0.5"]),
        (
            "in units of $10^{-10}\\mu_B$; $192\\pi^3$, $x_{14}$, $x^{16}$, $^{133}$Cs, $E^{0.5}$",
            [],
        ),
        ("$$ \\frac{64}{3}\\,0.28 $$ (eq-x)", []),
        ("{glue:text}`a-1.5` of `x = 0.5` {footcite}`A:2017` in 2017, arXiv:1905.03750", []),
        ("uranium-235, germanium 74, Fig. 14, [see](a-0.5.ipynb), {eq}`eq-99`", []),
        ("```{figure} a\n:width: 99%\n```\n## 14. A part\n(sec-99)=\n", []),
        ("```{exercise-start} At 20 m\n:label: ex-99\n```\nwith 15 kg", ["20", "15"]),
        ("```{admonition} What\n:class: tip\n- within 3.5%\n```\nand 0.7", ["3.5%", "0.7"]),
        ("```python\nx = 0.5\n```\nand 0.7", ["0.7"]),
    ],
)
def test_rule(text, numbers):
    assert list(typed_numbers(text)) == numbers


@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_numbers_in_prose_have_a_reason(path):
    reasons = LISTED.get(path.relative_to(BOOK).with_suffix("").as_posix(), {})
    assert set(reasons) <= REASONS, f"reasons are {', '.join(sorted(REASONS))}"
    listed = [number for numbers in reasons.values() for number in numbers]
    assert len(listed) == len(set(listed)), "a number is listed twice"
    found = typed_numbers(written(path))
    new = [f"{number}  ({around})" for number, around in found.items() if number not in listed]
    assert not new, (
        "numbers typed by hand. A result: glue it (a cell tagged remove-cell before the paragraph,"
        " then {glue:text}`key`). Anything else: list it in tests/prose_numbers.toml with its"
        " reason.\n" + "\n".join(new)
    )
    stale = [number for number in listed if number not in found]
    assert not stale, f"no longer in the text, strike from tests/prose_numbers.toml: {stale}"


def test_list_names_chapters():
    assert set(LISTED) <= set(NAMES), "chapters that are gone: strike them from the list"


def test_citations_exist_and_are_used():
    known = re.findall(r"(?m)^@\w+\{([^,\s]+)", (BOOK / "references.bib").read_text("utf-8"))
    cited = {
        key.strip()
        for path in [*CHAPTERS, *notebooks.sheets()]
        for keys in re.findall(r"\{footcite(?::\w+)?\}`([^`]+)`", written(path))
        for key in keys.split(",")
    }
    assert len(known) == len(set(known)), "a key stands twice in book/references.bib"
    assert not cited - set(known), "cited, but not in book/references.bib: add or correct the key"
    assert not set(known) - cited, "in book/references.bib, but cited nowhere: cite or remove it"
