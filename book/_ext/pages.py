"""What the theme does not do for the book's pages.

It takes sphinx-thebe's scripts off: Jupyter Book always loads them, they point to
a server elsewhere, and Sphinx puts one of them on each page twice, which is an
error in the browser's console. It empties the script of Font Awesome: half of a
page's weight, to draw the icons that the style sheet draws, too. It says below
each chapter how to run it. And where the book is built by GitHub, which names the
repository, each page links to its source and each chapter to Binder.
"""

import os
from html import escape
from pathlib import Path
from posixpath import relpath
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

BINDER = "https://mybinder.org"


def link_the_repository(app: Sphinx, config: Config) -> None:
    """Give the theme the repository's address and Binder's, if there is one."""
    name = os.environ.get("GITHUB_REPOSITORY")
    if name:
        config.html_theme_options |= {
            "repository_url": f"https://github.com/{name}",
            "repository_branch": "main",
            "path_to_docs": "",
            "use_repository_button": True,
            "launch_buttons": {
                "binderhub_url": BINDER,
                "notebook_interface": "jupyterlab",
            },
        }


def take_thebe_off(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Remove the scripts from the context of one page."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "thebe"
        not in f"{script.filename} {script.attributes.get('body')}".lower()
    ]


def say_how_to_run(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add a line below a page that is a notebook: where it is, how to open it."""
    source = context.get("sourcename") or ""
    if not source.endswith(".ipynb") or "body" not in context:
        return
    name = source.rsplit("/", 1)[-1]
    href = relpath(f"_sources/{source}", page.rsplit("/", 1)[0])
    context["body"] += (
        '<p class="in-lab">This page is a notebook. Open it in JupyterLab: run '
        f"<code>make lab</code> and choose <code>{escape(page)}.ipynb</code>, or "
        f'<a href="{escape(href)}" download="{escape(name)}">download it</a>.</p>'
    )


def take_icon_script_off(app: Sphinx, error: Exception | None) -> None:
    """Empty the script, which the theme puts on each page."""
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if error is None and script.exists():
        script.write_text(
            "// The icons come from the style sheet.\n", encoding="utf-8"
        )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("config-inited", link_the_repository)
    app.connect("html-page-context", take_thebe_off, priority=900)
    app.connect("html-page-context", say_how_to_run)
    app.connect("build-finished", take_icon_script_off)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
