"""The built book as files: links lead somewhere, and nothing tells of the machine that built it."""

import getpass
import os
import re
import socket
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from tests.browser.test_pages import HTML, PAGES, need

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.browser


class Page(HTMLParser):
    """The links of a page, and the anchors that it offers."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = set(), {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[key] for key in ("id", "name") if given.get(key)}
        self.links |= {given[key] for key in ("href", "src") if given.get(key)}


@pytest.fixture(scope="module")
def pages():
    need(PAGES, "the book is not built: make book")
    return {HTML / name: Page(HTML / name) for name in PAGES}


def test_inside_links_lead_somewhere(pages):
    lost = []
    for path, page in pages.items():
        for link in page.links:
            url = urlparse(link)
            if url.scheme or url.netloc:
                continue
            goal = (path.parent / unquote(url.path)).resolve() if url.path else path
            if not goal.exists():
                lost.append(f"{path.relative_to(HTML)}: {link}: there is no such file")
            elif goal in pages and unquote(url.fragment) not in pages[goal].anchors:
                lost.append(f"{path.relative_to(HTML)}: {link}: there is no such anchor")
    assert lost == []


def test_nothing_tells_of_the_machine():
    need(PAGES, "the book is not built: make book")
    names = {str(ROOT), str(Path.home()), socket.gethostname()}
    names |= {f"/{getpass.getuser()}/", os.environ.get("TMPDIR", "/tmp/")}
    # Short names, such as a host called "e", are words of the language too.
    told = re.compile("|".join(re.escape(name) for name in names if len(name) > 4))
    files = [
        file
        for file in HTML.rglob("*")
        if file.suffix in {".html", ".js", ".ipynb", ".md", ".txt", ".inv", ".css"}
        and "vendor" not in file.parts
    ]
    assert len(files) > len(PAGES)
    found = {
        f"{file.relative_to(HTML)}: {match[0]}"
        for file in files
        for match in told.finditer(file.read_text(encoding="utf-8", errors="ignore"))
    }
    assert found == set()
