"""Take sphinx-thebe's scripts off the pages.

Jupyter Book always loads that extension. Its scripts point to a server elsewhere,
and Sphinx puts one of them on each page twice, which is an error in the browser's
console. The book does not use them.
"""

from typing import Any

from sphinx.application import Sphinx


def take_off(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Remove the scripts from the context of one page."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "thebe"
        not in f"{script.filename} {script.attributes.get('body')}".lower()
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("html-page-context", take_off, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
