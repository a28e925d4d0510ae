"""The gallery: files to start from, each a typical detector, with the tables that they name."""

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ..checks import checked_choice
from ..errors import ConfigurationError, quoted
from ..files import write

__all__ = ["copy", "names"]
#: What a reader starts from who names nothing.
FIRST = "germanium-reactor"


def names() -> tuple[str, ...]:
    """Return the names of the files of the gallery.

    Examples
    --------
    >>> FIRST in names()
    True
    """
    files = _folder().iterdir()
    return tuple(sorted(file.name[:-5] for file in files if file.name.endswith(".toml")))


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
    checked_choice("file of the gallery", like, names())
    if goal.suffix != ".toml":
        raise ConfigurationError(
            f"the new file: got {quoted(str(goal))}; allowed: a name that ends in .toml"
        )
    contents = {goal: (_folder() / f"{like}.toml").read_bytes()}
    contents |= {goal.parent / name: table for name, table in _tables(like).items()}
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


def _tables(like: str) -> dict[str, bytes]:
    """Return the tables that a file of the gallery names, which lie beside it, by their names."""
    folder = _folder()
    texts = _texts(tomllib.loads((folder / f"{like}.toml").read_text("utf-8")))
    return {name: (folder / name).read_bytes() for name in texts if (folder / name).is_file()}


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
