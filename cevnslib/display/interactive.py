"""Figures that answer: controls beside a picture and a sentence, live and on the static page.

In a running notebook an `Explorer` shows widgets. Where the environment variable
``CEVNSLIB_STATIC`` is set, as in the build of the book, it shows a sample of its states that needs
no kernel: every picture is drawn beforehand, and a few lines of script choose among them.
"""

import asyncio
import html
import io
import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import Any

import numpy as np

from ..errors import CevnsError, DomainError
from .figures import HOUSE_STYLE
from .style import drawing
from .views import View

with drawing():
    import ipywidgets as widgets
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.figure import Figure
    from PIL import Image

__all__ = [
    "Choice",
    "Control",
    "Explorer",
    "Number",
    "Slider",
]
#: What tells the build of the book from a running notebook.
STATIC = "CEVNSLIB_STATIC"
#: How long a change may wait for the next one before the picture is drawn, in s.
PAUSE = 0.03
#: Dots of a picture per inch.
DPI = 96
#: Samples that have been drawn, by what they depend on.
SAMPLES: dict[tuple[Any, ...], str] = {}


@dataclass(frozen=True)
class Control:
    """What every control has.

    Parameters
    ----------
    name : str
        The argument of the update function that it sets.
    label : str
        What it sets, with its unit, for the reader.
    value : object
        Where it stands at first.
    sample : tuple, optional
        Its positions on the static page; without any it stays where it stands.

    Examples
    --------
    >>> Control("mass", "mass (kg)", 10.0).sample
    ()
    """

    name: str
    label: str
    value: Any
    sample: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a sample that the first state is not part of."""
        if self.sample and self.value not in self.sample:
            raise DomainError(
                f"sample of {self.name}: got {self.sample!r}; allowed: values among which there is "
                f"the first one, {self.value!r}"
            )

    def text(self, value: Any) -> str:
        """Return a value as the reader sees it."""
        return value if isinstance(value, str) else f"{value:.3g}"

    def widget(self) -> Any:
        """Return the live control."""
        raise NotImplementedError


@dataclass(frozen=True)
class Slider(Control):
    """A slider between two numbers, over values of three digits.

    Parameters
    ----------
    name, label, value, sample
        See `Control`.
    low, high : float
        Its ends.
    logarithmic : bool, optional
        Whether equal steps are equal factors.
    steps : int, optional
        How many steps it has, about.

    Examples
    --------
    >>> slider = Slider("threshold", "threshold (keV)", 1.0, low=0.1, high=10, logarithmic=True)
    >>> slider.widget().description, slider.positions[:3]
    ('threshold (keV)', (0.1, 0.105, 0.11))
    """

    low: float = 0.0
    high: float = 1.0
    logarithmic: bool = False
    steps: int = 100

    @property
    def positions(self) -> tuple[float, ...]:
        """The values of its positions, the first one and the sample among them."""
        space = np.geomspace if self.logarithmic else np.linspace
        grid = {float(f"{x:.3g}") for x in space(self.low, self.high, self.steps + 1)}
        return tuple(sorted(grid | {self.value, *self.sample}))

    def widget(self) -> Any:
        """Return the live slider."""
        return widgets.SelectionSlider(
            options=[(self.text(x), x) for x in self.positions],
            value=self.value,
            description=self.label,
            style={"description_width": "12em"},
            layout={"width": "95%", "max_width": "560px"},
        )


@dataclass(frozen=True)
class Choice(Control):
    """A choice among names.

    Parameters
    ----------
    name, label, value, sample
        See `Control`.
    options : tuple of str
        The names.

    Examples
    --------
    >>> Choice("target", "target", "Ge", options=("Ge", "CsI")).widget().options
    ('Ge', 'CsI')
    """

    options: tuple[str, ...] = ()

    def widget(self) -> Any:
        """Return the live menu."""
        return widgets.Dropdown(
            options=self.options,
            value=self.value,
            description=self.label,
            style={"description_width": "12em"},
            layout={"width": "95%", "max_width": "560px"},
        )


@dataclass(frozen=True)
class Number(Control):
    """A number that is typed; whatever is wrong with it, the explorer says so in words.

    Parameters
    ----------
    name, label, value, sample
        See `Control`.

    Examples
    --------
    >>> Number("mass", "mass (kg)", 10.0).widget().value
    10.0
    """

    def widget(self) -> Any:
        """Return the live field."""
        return widgets.FloatText(
            value=self.value,
            description=self.label,
            style={"description_width": "12em"},
            layout={"width": "95%", "max_width": "340px"},
        )


class Explorer:
    """Controls, the picture that belongs to them, and what it says.

    Parameters
    ----------
    title : str
        What it explores.
    controls : sequence of Control
        What the reader can set.
    update : callable
        Takes the controls' values by name and returns a `cevnslib.display.views.View`.
    alt : str
        What the pictures show, for readers who cannot see them; the setting is added to it.

    Examples
    --------
    >>> from cevnslib.display.views import View
    >>> def update(x):
    ...     return View(f"x is {x:g}", lambda: Figure(figsize=(1, 1)))
    >>> explorer = Explorer("x", [Slider("x", "x (keV)", 0.5)], update, alt="An empty figure.")
    >>> explorer.live.children[-2].value
    '<p role="status">x is 0.5</p>'
    >>> explorer.controls["x"].value = 0.25
    >>> explorer.words.value
    '<p role="status">x is 0.25</p>'
    """

    def __init__(
        self,
        title: str,
        controls: list[Control],
        update: Callable[..., View],
        *,
        alt: str,
    ) -> None:
        names = [control.name for control in controls]
        if len(set(names)) < len(names):
            raise DomainError(f"controls: got the names {names!r}; allowed: each only once")
        self.title, self.update, self.alt = title, update, alt
        self.parts = tuple(controls)
        self._places: dict[tuple[Any, ...], list[Any]] = {}
        self._waiting: asyncio.TimerHandle | None = None
        self._quiet = False

    @cached_property
    def controls(self) -> dict[str, Any]:
        """The live controls, by name."""
        made = {control.name: control.widget() for control in self.parts}
        for widget in made.values():
            widget.observe(self._changed, names="value")
        return made

    @cached_property
    def picture(self) -> Any:
        """The live picture."""
        return widgets.HTML(layout={"width": "100%"})

    @cached_property
    def words(self) -> Any:
        """The live read-out."""
        return widgets.HTML()

    @cached_property
    def live(self) -> Any:
        """The explorer as a widget."""
        reset = widgets.Button(description="Reset", tooltip="back to where it started")
        reset.on_click(lambda _: self.reset())
        rows = [*self.controls.values(), reset, self.words, self.picture]
        self.refresh()
        return widgets.VBox(rows, layout={"max_width": "760px"})

    def reset(self) -> None:
        """Put every control back to where it started, and draw once."""
        self._quiet = True
        for control in self.parts:
            self.controls[control.name].value = control.value
        self._quiet = False
        self._changed()

    def _changed(self, _: object = None) -> None:
        """Draw soon: changes that come in the meantime are drawn with this one."""
        if self._quiet or self._waiting is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no event loop, no events that could pile up
            self.refresh()
            return
        self._waiting = loop.call_later(PAUSE, self.refresh)

    def refresh(self) -> None:
        """Show what belongs to the controls now, or what is wrong with them."""
        self._waiting = None
        setting = {name: widget.value for name, widget in self.controls.items()}
        try:
            view = self.update(**setting)
        except CevnsError as error:
            self.words.value = (
                f'<p role="alert" style="color: #b00020">{html.escape(str(error))}</p>'
            )
            return
        self.picture.value = _image(self._arranged(view.draw()), self._alt(setting))
        self.words.value = f'<p role="status">{html.escape(view.words)}</p>'

    def _alt(self, setting: Mapping[str, Any]) -> str:
        values = [
            f"{control.label}: {control.text(setting[control.name])}" for control in self.parts
        ]
        return f"{self.alt} ({', '.join(values)})"

    def _arranged(self, figure: Figure) -> Figure:
        """Give the axes the places that they had before in such a picture, or find them.

        To lay a picture out takes as long as to draw it, and most differ in their curves alone.
        """
        figure.set_dpi(DPI)
        if figure.get_layout_engine() is not None:
            frame = (*figure.bbox.size, *(_frame(axes) for axes in figure.axes))
            if frame not in self._places:
                figure.draw_without_rendering()
                self._places[frame] = [axes.get_position() for axes in figure.axes]
            figure.set_layout_engine("none")
            for axes, place in zip(figure.axes, self._places[frame], strict=True):
                axes.set_position(place)
        return figure

    @property
    def what(self) -> tuple[Any, ...]:
        """What its sample depends on."""
        return self.title, repr(self.parts), self.update, self.alt

    def static(self) -> str:
        """Return a sample of the states as HTML that needs no kernel, drawn once a process.

        Returns
        -------
        str
            A slider for each control that has a sample, and for each setting a picture and words.
        """
        if self.what not in SAMPLES:
            with plt.style.context(HOUSE_STYLE):
                SAMPLES[self.what] = self._sample()
        return SAMPLES[self.what]

    def _sample(self) -> str:
        moving = [control for control in self.parts if control.sample]
        fixed = {control.name: control.value for control in self.parts if not control.sample}
        figures = []
        for values in product(*(control.sample for control in moving)):
            setting = {
                **fixed,
                **{control.name: v for control, v in zip(moving, values, strict=True)},
            }
            view = self.update(**setting)
            first = all(v == control.value for control, v in zip(moving, values, strict=True))
            figures.append(
                f"<figure{'' if first else ' hidden'}>"
                f"{_image(self._arranged(view.draw()), self._alt(setting), small=True)}"
                f'<figcaption role="status">{html.escape(view.words)}</figcaption></figure>'
            )
        sliders = []
        for control in moving:
            texts = [control.text(value) for value in control.sample]
            at = control.sample.index(control.value)
            sliders.append(
                f"<label><span>{html.escape(control.label)}</span>"
                f'<input type="range" min="0" max="{len(texts) - 1}" step="1" value="{at}" '
                f'aria-valuetext="{html.escape(texts[at])}" '
                f'data-texts="{html.escape("|".join(texts))}">'
                f"<output>{html.escape(texts[at])}</output></label>"
            )
        fixed_texts = [
            f"{control.label}: {control.text(control.value)}"
            for control in self.parts
            if not control.sample
        ]
        still = f"<p>Fixed here: {html.escape('; '.join(fixed_texts))}.</p>" if fixed_texts else ""
        return (
            f'<div class="explorer" role="group" aria-label="{html.escape(self.title)}">'
            f"{''.join(sliders)}{''.join(figures)}{still}"
            "<details><summary>A sample of the live explorer</summary><p>This page holds "
            f"{len(figures)} pictures drawn beforehand. In JupyterLab every setting is computed as "
            "you move: run <code>make lab</code> and open this chapter, or open the repository on "
            "Binder, which builds it from <code>environment.yml</code>.</p></details></div>"
        )

    def _repr_mimebundle_(self, **_: object) -> Any:
        """Show the sample in a build of the book, the widgets everywhere else."""
        words = {"text/plain": f"Explorer({self.title!r})"}
        if os.environ.get(STATIC):
            return {"text/html": self.static(), **words}
        return {**self.live._repr_mimebundle_(), **words}


def _frame(axes: Axes) -> tuple[Any, ...]:
    """Return what the space around the axes depends on."""
    described: list[Any] = [axes.get_title()]
    for axis in (axes.xaxis, axes.yaxis):
        typed = getattr(axis.get_major_formatter(), "seq", ())  # labels that are no numbers
        low, high = axis.get_view_interval()
        described += [axis.get_label_text(), axis.get_scale(), *typed, low, high]
    return tuple(described)


@cache
def _renderer(width: float, height: float) -> Any:
    """Return what draws figures of a size in dots, and remembers how it has set formulas."""
    renderer: Any = RendererAgg
    return renderer(width, height, DPI)


def _image(figure: Figure, alt: str, *, small: bool = False) -> str:
    """Return a figure as an HTML image, on request a few kB small, and close it."""
    renderer = _renderer(*figure.bbox.size)
    renderer.clear()
    figure.draw(renderer)  # once; to save a figure takes two drawings
    picture = Image.fromarray(np.asarray(renderer.buffer_rgba())).convert("RGB")
    plt.close(figure)
    content, kind = io.BytesIO(), "webp" if small else "png"
    if small:
        picture.quantize(64).convert("RGB").save(content, kind, lossless=True)
    else:
        picture.save(content, kind)
    source = f"data:image/{kind};base64,{b64encode(content.getvalue()).decode()}"
    return f'<img alt="{html.escape(alt)}" src="{source}" style="max-width: 100%">'
