"""The explorers in JupyterLab: run the page, move a slider by keyboard, type nonsense."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cevnslib.display import views
from tests.browser.test_pages import CHROMIUM, FLAGS, need

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = "book/explore/explore.ipynb"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab on loopback, on a copy of the notebook; return its address."""
    need(CHROMIUM, "no chromium on this machine: install Debian's package chromium")
    home = tmp_path_factory.mktemp("lab")
    (home / "explore.ipynb").write_bytes((ROOT / NOTEBOOK).read_bytes())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        *("--expose-app-in-browser", "--ip=127.0.0.1", f"--port={port}"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={home}"),
        *("--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"),
    ]
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {**os.environ, **{name: str(home / name) for name in places}}
    environment["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    environment["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "workspaces")
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=home)
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{address}/api?token={token}", timeout=2).close()
                    break
                except OSError:
                    assert server.poll() is None, (home / "log").read_text()
                    time.sleep(0.2)
            yield f"{address}/lab/tree/explore.ipynb?token={token}"
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture
def page(lab):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = chromium.new_page(viewport={"width": 1200, "height": 3000})
        page.set_default_timeout(60_000)
        page.goto(lab)
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status"
            " === 'idle'"
        )  # before that, running asks which kernel to take
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        yield page
        chromium.close()


def test_explorers_answer(page):
    """Picture and words come in messages of their own, so each of them is waited for."""
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)
    images = page.locator(".jp-OutputArea img")
    images.nth(4).wait_for()
    outputs = page.locator(".jp-OutputArea-output:has(.widget-vbox):has(img)")
    recoil, design = outputs.nth(0), outputs.nth(2)

    picture, words = recoil.locator("img"), recoil.locator("p[role=status]")
    first = views.recoils("Ge", "reactor of 3 GW, 20 m", 2.0, 0.5).words
    expect(words).to_contain_text(first.split(" and ")[0])
    before, said = picture.get_attribute("src"), words.inner_text()
    recoil.locator(".noUi-handle").nth(1).focus()
    for _ in range(3):  # the first step only reaches the next tick, less than a pixel away
        page.keyboard.press("ArrowRight")
    expect(picture).not_to_have_attribute("src", before)
    expect(words).not_to_have_text(said)

    mass = design.locator("input[type=number]").first
    mass.fill("-3")
    mass.press("Enter")
    expect(design.locator("p[role=alert]")).to_contain_text(
        "mass_kg: got -3 kg; allowed: finite, above 0 kg"
    )
    design.locator("button").click()
    design.locator("p[role=status]").wait_for()
    expect(mass).to_have_value("10")
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
