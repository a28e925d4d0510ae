"""Widgets that work in JupyterLab and, without a kernel, on the built page."""

import html
import io
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from .errors import DomainError

__all__ = ["picture_slider"]


def picture_slider(
    label: str,
    values: Sequence[float],
    draw: Callable[[float], Figure],
    *,
    alt: str,
) -> widgets.VBox:
    """Return a slider over pictures that are drawn beforehand, one for each value.

    The slider and the pictures are linked in the browser, so it moves with and without a kernel.

    Parameters
    ----------
    label : str
        What the slider sets, with its unit.
    values : sequence of float
        Its positions, at least two.
    draw : callable
        Draws the figure for one value; the figure is closed afterwards.
    alt : str
        What the pictures show, for readers who cannot see them; the value is added to it.

    Returns
    -------
    ipywidgets.VBox
        The slider above the pictures.

    Raises
    ------
    DomainError
        If there are fewer than two values.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> box = picture_slider(
    ...     "x (keV)", [1.0, 2.0], lambda x: Figure(figsize=(1, 1)), alt="nothing"
    ... )
    >>> box.children[0].options
    ('1', '2')
    """
    if len(values) < 2:
        raise DomainError(f"values: got {list(values)!r}; allowed: at least two numbers")
    positions = [f"{value:g}" for value in values]
    slider = widgets.SelectionSlider(
        options=positions,
        description=label,
        style={"description_width": "initial"},
        layout={"width": "95%", "max_width": "520px"},
    )
    pictures = [
        _picture(draw(value), f"{alt} ({label}: {position})")
        for value, position in zip(values, positions, strict=True)
    ]
    stack = widgets.Stack(pictures, selected_index=0)
    widgets.jslink((slider, "index"), (stack, "selected_index"))
    return widgets.VBox([slider, stack])


def _picture(figure: Figure, alt: str) -> Any:
    """Turn a figure into a widget that shows it."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=90)
    plt.close(figure)
    source = f"data:image/png;base64,{b64encode(content.getvalue()).decode()}"
    return widgets.HTML(f'<img alt="{html.escape(alt)}" src="{source}" style="max-width: 100%">')
