"""The page of a reader's file, from the disk and with the network blocked."""

import pytest

from cevnslib import cli
from cevnslib.commands import gallery
from tests.browser.test_pages import CHROMIUM, FLAGS, need

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    need(CHROMIUM, "no chromium on this machine: install Debian's package chromium")
    folder = tmp_path_factory.mktemp("é and spaces")
    (file, *_) = gallery.copy(folder / "my.toml")
    file.write_text("title = '<img src=https://example.org/x onerror=alert(1)>'\n" + _rest(file))
    assert cli.main(["sheet", str(file), "--output", str(folder)]) == 0
    return folder / "my-sheet.html"


def _rest(file):
    return "\n".join(line for line in file.read_text().splitlines() if "title =" not in line)


@pytest.mark.parametrize("width", [1400, 390])
def test_it_needs_no_network_and_fits(sheet, width):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = chromium.new_page(viewport={"width": width, "height": 900})
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(sheet.as_uri())
        assert [url for url in asked if not url.startswith("data:")] == [sheet.as_uri()]
        assert said == []
        images = page.evaluate("[...document.images].map(one => [one.naturalWidth, one.alt])")
        assert len(images) == 2
        assert all(wide > 300 and len(alt) > 20 for wide, alt in images)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.inner_text("h1") == "<img src=https://example.org/x onerror=alert(1)>"
        code = page.locator(".highlight").first
        assert not code.is_visible()
        page.locator("summary").first.click()
        assert code.is_visible()
        chromium.close()
