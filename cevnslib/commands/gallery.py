"""The gallery: files to start from, each a typical detector, with the tables that they name."""

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ..checks import checked_choice
from ..errors import ConfigurationError, quoted
from ..files import write

#: What a reader starts from who names nothing.
FIRST = "germanium-reactor"


def names() -> tuple[str, ...]:
    """Return the names of the files of the gallery.

    Examples
    --------
    >>> FIRST in names()
    True
    """
    every = _folder().iterdir()
    return tuple(sorted(file.name[:-5] for file in every if file.name.endswith(".toml")))


def titles() -> dict[str, str]:
    """Return the titles of the files of the gallery, by their names.

    Examples
    --------
    >>> titles()[FIRST]
    'Germanium at a reactor'
    """
    return {name: str(_content(name)["title"]) for name in names()}


def files(name: str) -> tuple[str, ...]:
    """Return the names of a file of the gallery and of the tables that it names.

    Examples
    --------
    >>> files(FIRST)[0]
    'germanium-reactor.toml'
    """
    checked_choice("file of the gallery", name, names())
    texts = _texts(_content(name))
    return f"{name}.toml", *(text for text in dict.fromkeys(texts) if (_folder() / text).is_file())


def copy(goal: Path, like: str = FIRST) -> tuple[Path, ...]:
    """Copy a file of the gallery, and its tables beside it, and return what was written.

    Parameters
    ----------
    goal : path
        The name of the new file, which ends in ``.toml``.
    like : str, optional
        One of `names`.

    Raises
    ------
    ConfigurationError
        If one of the files is there already: nothing is ever overwritten.
    """
    if goal.suffix != ".toml":
        raise ConfigurationError(
            f"the new file: got {quoted(str(goal))}; allowed: a name that ends in .toml"
        )
    own, *tables = files(like)
    contents = {goal: (_folder() / own).read_bytes()}
    contents |= {goal.parent / name: (_folder() / name).read_bytes() for name in tables}
    for path in contents:
        if path.exists() or path.is_symlink():
            raise _there(path)
    try:
        write(contents, over=False)
    except FileExistsError as error:
        raise _there(Path(error.filename)) from error
    return tuple(contents)


def _folder() -> Traversable:
    return resources.files("cevnslib") / "data" / "gallery"


def _content(name: str) -> dict[str, object]:
    return tomllib.loads((_folder() / f"{name}.toml").read_text("utf-8"))


def _texts(given: object) -> list[str]:
    """Return all texts of a TOML file, however deep."""
    if isinstance(given, dict):
        given = list(given.values())
    if isinstance(given, list):
        return [text for part in given for text in _texts(part)]
    return [given] if isinstance(given, str) and given else []


def _there(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: there is such a file already; allowed: a name that is free, as nothing is "
        "overwritten"
    )
