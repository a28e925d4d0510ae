"""What all that draws needs before it draws."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def drawing() -> Iterator[None]:
    """Name the extra that is missing where the packages that draw cannot be imported."""
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f"{error}: figures and explorers need the extra 'plot' (pip install '.[plot]')",
            name=error.name,
        ) from error
