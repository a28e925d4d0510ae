"""Copy what the pages load from npm's folder into the folder that the book serves."""

import shutil
from pathlib import Path

WEB = Path(__file__).resolve().parent.parent / "book" / "_web"
MODULES, VENDOR = WEB / "node_modules", WEB / "static" / "vendor"

# What `loader` in _config.yml names, and what that loads when a formula needs it.
MATHJAX = (
    *("startup.js", "core.js", "input/tex.js", "input/tex/extensions", "output/chtml.js"),
    *("output/chtml/fonts", "a11y/assistive-mml.js"),
)


def main() -> None:
    """Write the folder anew: copy all of it first, then put it in the place of the old one."""
    new = VENDOR.with_name("vendor.new")
    shutil.rmtree(new, ignore_errors=True)
    for part in MATHJAX:
        source, goal = MODULES / "mathjax" / "es5" / part, new / "mathjax" / part
        goal.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, goal)
        else:
            shutil.copy2(source, goal)
    shutil.rmtree(VENDOR, ignore_errors=True)
    new.rename(VENDOR)


if __name__ == "__main__":
    main()
