"""Every page of the built book in headless Chromium, from disk, with the network blocked."""

import os
import re
import shutil
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from tools import notebooks

HTML = Path(__file__).resolve().parents[2] / "_build" / "html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Pages up to this size in bytes only lead to others.
REDIRECT = 2000
WIDTHS = {"desktop": 1280, "phone": 390}
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if "_static" not in path.parts and path.stat().st_size > REDIRECT
)

pytestmark = pytest.mark.browser


def need(condition, message):
    """Skip without what the test needs; in CI it must be there."""
    if not condition:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)


@pytest.fixture(scope="module")
def browser():
    need(CHROMIUM, "no chromium on this machine: install Debian's package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser):
    """Open a page; at the end of the test, fail on whatever went wrong in it."""
    troubles = []
    contexts = []
    loaded: set[str] = set()

    def open_page(name, width="desktop"):
        context = browser.new_context(viewport={"width": WIDTHS[width], "height": 900})
        contexts.append(context)

        def answer(route):
            loaded.add(route.request.url)
            if route.request.url.startswith(("file:", "data:", "blob:")):
                route.continue_()
            else:
                troubles.append(f"outside request: {route.request.url}")
                route.abort()

        context.route("**/*", answer)
        page = context.new_page()
        page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on(
            "console",
            lambda message: troubles.append(message.text) if message.type == "error" else None,
        )
        page.goto((HTML / name).as_uri(), wait_until="load")
        if page.locator(".math").count():
            page.wait_for_function(
                "() => window.MathJax && MathJax.startup && MathJax.startup.promise"
            )
            page.evaluate("() => MathJax.startup.promise")
        return page

    opener: Any = open_page
    opener.loaded = loaded
    yield opener
    for context in contexts:
        context.close()
    assert not troubles


def test_book_is_built():
    need(PAGES, "the book is not built: make book")
    assert "book/experiment/coherent-csi.html" in PAGES


def test_front_door_leads_to_the_book(visit):
    need(PAGES, "the book is not built: make book")
    page = visit("index.html")
    page.wait_for_url("**/book/index.html")


def test_an_old_address_leads_on(visit):
    need(PAGES, "the book is not built: make book")
    page = visit("book/limits/coherent-csi.html")
    page.wait_for_url("**/book/experiment/coherent-csi.html")


@pytest.mark.parametrize("name", PAGES)
def test_page(visit, name):
    """Formulas, text and pictures; all that it loads, itself included, below 3 MB; on a phone."""
    page = visit(name)
    unrendered = page.evaluate(
        """() => [...document.querySelectorAll('.math')]
                 .filter(m => !m.querySelector('mjx-container') || m.querySelector('mjx-merror'))
                 .map(m => m.textContent)"""
    )
    assert unrendered == []
    if not name.startswith("book/behind/api"):  # docstrings there show code
        text = page.evaluate(
            """() => { const copy = document.body.cloneNode(true);
                       copy.querySelectorAll('pre, code, script, style').forEach(e => e.remove());
                       return copy.textContent; }"""
        )
        leftovers = r"\{[a-z:-]+\}`|\$\$|\\\(|\\frac|\\lvert|```|\| ?(?:---|—)"
        assert re.findall(leftovers, text) == []
    alts = page.evaluate(
        "() => [...document.querySelectorAll('article img')].map(i => i.getAttribute('alt'))"
    )
    assert [alt for alt in alts if not alt or re.fullmatch(r".*[0-9a-f]{16,}.*", alt)] == []
    urls = [urlparse(url) for url in visit.loaded if url.startswith("file:")]
    files = {Path(unquote(url.path)) for url in urls}
    assert len(files) > 5
    assert sum(file.stat().st_size for file in files) < 3e6
    page.set_viewport_size({"width": WIDTHS["phone"], "height": 900})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= WIDTHS["phone"]


@pytest.mark.parametrize("name", PAGES[:1] + PAGES[10:40:10])
def test_page_that_is_opened_on_a_phone(visit, name):
    """It is no different from one that has become narrow."""
    page = visit(name, "phone")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= WIDTHS["phone"]


DRAWINGS = {
    str(path.relative_to(notebooks.ROOT).with_suffix(".html")): count
    for path in notebooks.chapters()
    if (
        count := sum(
            cell.source.strip().split("\n")[-1].startswith("drawings.")
            for cell in notebooks.read(path).cells
            if cell.cell_type == "code"
        )
    )
}
#: Labels of each drawing: text, edges in units of the sheet, pixels of the smallest letters.
LABELS = """drawing => [...drawing.querySelectorAll('text')].map(text => {
    const box = text.getBBox(), scale = drawing.getScreenCTM().a;
    const sizes = [text, ...text.querySelectorAll('tspan')].map(e => e.getAttribute('font-size'));
    return [text.textContent, box.x, box.x + box.width, box.y, box.y + box.height,
            Math.min(...sizes.filter(Boolean)) * scale]; })"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_can_be_read(visit, name, width):
    """In the page's own letters: large enough, on the sheet, apart; numbered, with a caption."""
    need(PAGES, "the book is not built: make book")
    page = visit(name, width)
    drawings = page.locator("figure svg.drawing")
    assert drawings.count() == DRAWINGS[name]
    for i in range(DRAWINGS[name]):
        drawing = drawings.nth(i)
        caption = drawing.locator("xpath=ancestor::figure").locator("figcaption").inner_text()
        assert re.match(r"Figure \d", caption)
        labels = drawing.evaluate(LABELS)
        height = float(drawing.get_attribute("viewBox").split()[-1])
        for label, left, right, top, bottom, pixels in labels:
            assert pixels >= 9, label
            assert left > -1, label
            assert right < 641, label
            assert top > -4, label
            assert bottom < height + 4, label
        for (a, *first), (b, *second) in combinations(labels, 2):
            beside = first[1] <= second[0] or second[1] <= first[0]
            below = first[3] - 4 <= second[2] + 4 or second[3] - 4 <= first[2] + 4
            assert beside or below, f"{a!r} over {b!r}"


EXPLORERS = {
    "book/explore/explore.html": 5,
    "book/experiment/coherent-csi.html": 1,
    "book/experiment/from-cross-section-to-counts.html": 1,
    "book/experiment/your-own-experiment.html": 1,
    "book/moments/cp-phases.html": 1,
    "book/sterile/coherent.html": 1,
}
SHOWN = """explorer => [...explorer.querySelectorAll('figure')].filter(f => !f.hidden)
              .map(f => [f.querySelector('img').src, f.innerText, f.querySelector('img').width])"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", EXPLORERS)
def test_every_slider_moves_picture_and_words(visit, name, width):
    need(PAGES, "the book is not built: make book")
    page = visit(name, width)
    explorers = page.locator(".explorer")
    assert explorers.count() == EXPLORERS[name]
    for explorer in explorers.all():
        for slider in explorer.locator("input[type=range]").all():
            before, said = explorer.evaluate(SHOWN), slider.get_attribute("aria-valuetext")
            assert len(before) == 1  # one state at a time
            last = slider.get_attribute("value") == slider.get_attribute("max")
            slider.focus()
            page.keyboard.press("ArrowLeft" if last else "ArrowRight")
            after = explorer.evaluate(SHOWN)
            assert len(after) == 1
            assert after[0][0] != before[0][0]  # another picture
            assert after[0][1] != before[0][1]  # and other words
            assert after[0][2] > 250  # that can be seen
            assert slider.get_attribute("aria-valuetext") != said


@pytest.mark.parametrize("name", [name for name in PAGES if name in EXPLORERS])
def test_states_are_below_a_megabyte(name):
    text = (HTML / name).read_text(encoding="utf-8")
    assert sum(len(part) for part in re.findall(r"<figure.*?</figure>", text, re.S)) < 1e6


def test_chapter_says_how_to_run_it(visit):
    need(PAGES, "the book is not built: make book")
    page = visit("book/experiment/coherent-csi.html")
    assert "make lab" in page.locator(".in-lab").inner_text()
    link = page.locator(".in-lab a").evaluate("a => a.href")
    assert Path(unquote(urlparse(link).path)).name == "coherent-csi.ipynb"
    assert Path(unquote(urlparse(link).path)).is_file()


def test_search_finds_a_word(browser):
    """From disk the browser gives the titles; the text around a hit needs a server."""
    need(PAGES, "the book is not built: make book")
    page = browser.new_page()
    page.goto((HTML / "search.html").as_uri() + "?q=helm")
    page.wait_for_function("() => document.querySelectorAll('#search-results li a').length > 2")
    page.close()
