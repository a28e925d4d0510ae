"""The project's own rules: one list of packages, chapters in canonical form, no machine in them."""

import ast
import importlib.util
import inspect
import os
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cevnslib
from tests.interpreters import NAMED
from tools import notebooks

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = notebooks.chapters()
PAGES = [*CHAPTERS, *notebooks.sheets()]
LIBRARY = ROOT / "cevnslib"
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in LIBRARY.rglob("*.py")
    if path.name != "__init__.py"
)


def test_environment_equals_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    extras = project["project"]["optional-dependencies"]
    packages = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    packages += [*extras["fit"], *extras["plot"], *extras["book"]]
    packages.remove("cevnslib[fit]")
    packages.remove("cevnslib[plot]")
    conda = environment["dependencies"]
    pip = next(entry["pip"] for entry in conda if isinstance(entry, dict))
    assert sorted(pip) == sorted([*packages, "-e ."])
    assert f"python{project['project']['requires-python']}" in conda


def test_jupyterlab_listens_on_loopback_and_keeps_its_token():
    (command,) = re.findall(r"^\tjupyter lab .*$", (ROOT / "Makefile").read_text(), re.M)
    assert "--ip=127.0.0.1" in command.split()
    assert not re.search("token|password|allow", command)


@pytest.mark.parametrize("repository", [None, "someone/a-fork"])
def test_pages_link_to_binder_where_the_repository_has_an_address(monkeypatch, repository):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    if repository:
        monkeypatch.setenv("GITHUB_REPOSITORY", repository)
    spec = importlib.util.spec_from_file_location("pages", ROOT / "book" / "_ext" / "pages.py")
    assert spec
    assert spec.loader
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    config = SimpleNamespace(html_theme_options={"use_repository_button": False})
    pages.link_the_repository(None, config)
    options = config.html_theme_options
    assert options["use_repository_button"] is bool(repository)
    assert options.get("repository_url") == (
        f"https://github.com/{repository}" * bool(repository) or None
    )
    assert ("binderhub_url" in options.get("launch_buttons", {})) is bool(repository)


def direct_requirements(extras, environment):
    """Yield what the project and some of its extras ask for on a platform, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"]]
    for extra in extras:
        asked += project["optional-dependencies"][extra]
    for requirement in map(Requirement, asked):
        if requirement.name == "cevnslib":
            yield from direct_requirements(requirement.extras, environment)
        elif requirement.marker is None or requirement.marker.evaluate(environment):
            yield requirement


@pytest.mark.parametrize("python", [*NAMED, "3.14"])
def test_lock_holds_one_set_of_packages_for_each_python(python):
    environment = {"python_version": python, "python_full_version": f"{python}.1"}
    locked = {}
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if re.match("[a-z0-9]", line):
            requirement = Requirement(line.rstrip(" \\"))
            if requirement.marker is None or requirement.marker.evaluate(environment):
                assert requirement.name not in locked, "locked at two versions"
                locked[requirement.name] = str(requirement.specifier).removeprefix("==")
    for requirement in direct_requirements(["dev"], environment):
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version)


def test_pythons_are_named_alike():
    """By the package's description, the README and the workflow."""
    assert f"({words_of(NAMED)})" in (ROOT / "README.md").read_text()
    workflow = (ROOT / ".github" / "workflows" / "book.yml").read_text()
    assert re.findall(r"(?m)^ +(3\.\d+)$", workflow) == NAMED


def words_of(names):
    return f"tried on {', '.join(names[:-1])} and {names[-1]}"


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    changes = (ROOT / "CHANGELOG.md").read_text()
    (newest, date), *_ = re.findall(r"(?m)^## \[(\d\S*)\] - (\S+)$", changes)
    assert newest == citation["version"] == cevnslib.__version__
    assert date == str(citation["date-released"])


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def test_workflows_call_what_exists(path):
    workflow = yaml.safe_load(path.read_text())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert all("uses" in step or "run" in step for step in steps)
    commands = "\n".join(step.get("run", "") for step in steps)
    assert set(re.findall(r"\bmake ([a-z-]+)", commands)) <= targets
    for script in re.findall(r"(?m)^\.\S+", commands):
        assert os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize("name", MODULES)
def test_nothing_private_is_shared(name):
    """A name that begins with an underscore is used in its own module alone."""
    tree = ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text())
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    private = [one for one in imported if one.startswith("_")]
    private += [
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in imported
        and node.attr.startswith("_")
    ]
    assert not private


def test_every_module_has_its_section_among_the_pages():
    pages = (ROOT / "book" / "behind" / f"{name}.md" for name in ("api", "api-experiments"))
    text = "".join(page.read_text() for page in pages)
    assert sorted(re.findall(r"(?m)^\.\. automodule:: (\S+)$", text)) == MODULES


def public_members():
    for name in MODULES:
        module = importlib.import_module(name)
        for member in getattr(module, "__all__", ()):
            thing = getattr(module, member)
            if callable(thing) and inspect.getmodule(thing) is module:
                yield pytest.param(thing, id=f"{name}.{member}")


@pytest.mark.parametrize("thing", list(public_members()))
def test_docstrings_hold_an_example(thing):
    if inspect.isclass(thing) and (inspect.isabstract(thing) or thing.__mro__[1] is not object):
        return  # an interface or an error
    if getattr(thing, "_is_protocol", False):
        return
    assert ">>>" in thing.__doc__


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_chapter_is_canonical_and_executed(path):
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    assert notebooks.text(notebooks.canonical(notebook)) == text, "run make notebooks"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert any(cell.outputs for cell in code)
    assert not re.search(r"/home/|/root/|/work/|/tmp/", text)


@pytest.mark.parametrize("path", CHAPTERS, ids=[path.stem for path in CHAPTERS])
def test_figures_have_alt_text_and_chapters_their_parts(path):
    notebook = notebooks.read(path)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
                assert len(alt) > 40, f"a figure without alt text: {cell.source[:80]}"
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    if path.parent.name not in ("table", "book"):
        for part in ("What you will learn", "## Exercises", "## Summary", "## References"):
            assert part in prose
        assert len(re.findall("{exercise-start}", prose)) >= 2
        assert len(re.findall("{solution-start}", prose)) >= 2


def test_toc_names_every_chapter():
    toc = (ROOT / "_toc.yml").read_text()
    for path in PAGES:
        assert str(path.relative_to(ROOT).with_suffix("")) in toc
