"""The look of every figure."""

from importlib import resources

import matplotlib.pyplot as plt

__all__ = ["use_house_style"]


def use_house_style() -> None:
    """Draw figures from here on in the style of the book.

    Examples
    --------
    >>> use_house_style()
    """
    plt.style.use(str(resources.files(__package__) / "data" / "house.mplstyle"))
