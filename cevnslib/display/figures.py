"""The look of every figure, and the figures of the sheets."""

import itertools
from collections.abc import Sequence
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from ..checks import checked_kind, checked_tuple
from ..constants import KEV
from ..errors import NoLimitError
from ..experiments import Experiment, variants
from ..physics.interactions import MagneticMoment, StandardModel
from ..rates import counts_by_beam, measured_spectrum
from ..statistics.chi2 import delta_chi2
from ..studies.moments import constraint
from ..studies.sterile import ExclusionCurve, checked_curves
from .sheets import BEAM_NAMES as BEAM_NAMES
from .sheets import SheetParameters
from .style import drawing

with drawing():
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

__all__ = [
    "exclusion",
    "flux",
    "profiles",
    "recoils",
    "spectrum",
    "use_house_style",
]
Values = NDArray[np.float64]
#: The file of the style.
HOUSE_STYLE = str(resources.files("cevnslib") / "display" / "house.mplstyle")


def _check(stages: Sequence[Experiment], parameters: SheetParameters) -> None:
    checked_kind("parameters", parameters, SheetParameters)
    checked_tuple("stages", stages, Experiment)


def _legend(ax: Axes, otherwise: str, **options: float) -> None:
    """Set the legend of a panel, or a word where nothing is drawn."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(**options)
    else:
        ax.text(0.5, 0.5, otherwise, transform=ax.transAxes, ha="center")


def use_house_style() -> None:
    """Draw figures from here on in the style of the book.

    Examples
    --------
    >>> use_house_style()
    """
    plt.style.use(HOUSE_STYLE)


def flux(experiment: Experiment) -> None:
    """Draw the flux of each beam at the detector against the energy.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> flux(experiments.load("conus"))
    """
    checked_kind("experiment", experiment, Experiment)
    _, ax = plt.subplots()
    for beam in experiment.flux.components:
        per_second = experiment.fluence(beam) / experiment.exposure
        end = beam.spectrum.breakpoints[-1]
        name = BEAM_NAMES.get(beam.name, beam.name)
        if hasattr(beam.spectrum, "density"):
            E = np.linspace(end / 100, end * (1 - 1e-9), 400)
            total = per_second * float(beam.spectrum.moments(0.0, 0)[0])
            values = per_second * beam.spectrum.density(E)
            ax.semilogy(E, values, label=f"{name}, {total:.2e}")
            ax.set_ylim(values.max() * 1e-4, values.max() * 3)
        else:
            ax.axvline(end, color="0.3", ls="--", label=f"{name}, {per_second:.2e}, one energy")
    ax.set(xlabel="neutrino energy $E$ (MeV)", ylabel=r"flux (cm$^{-2}$ s$^{-1}$ MeV$^{-1}$)")
    ax.legend(title=r"beam, total in cm$^{-2}$ s$^{-1}$")
    plt.show()


def recoils(stages: Sequence[Experiment], parameters: SheetParameters) -> None:
    """Draw the counted events per keV, of the Standard Model and of a moment at its limit.

    Parameters
    ----------
    stages : sequence of Experiment
        The stages of one experiment.
    parameters : SheetParameters
        Mixing, confidence level and beam of the limit; without one, no moment is drawn.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> recoils([experiments.load("conus")], SheetParameters("conus"))
    """
    _check(stages, parameters)
    _, axes = plt.subplots(len(stages), 1, figsize=(6.0, 3.6 * len(stages)), squeeze=False)
    for ax, experiment in zip(axes[:, 0], stages, strict=True):
        limit = None
        counts = sum(counts_by_beam(experiment, MagneticMoment()).values())
        if counts > 0:
            try:
                says = constraint(experiment, parameters.beam, parameters=parameters.oscillation)
                # The moment that gives every beam its limit's number of events.
                limit = float(np.sqrt(says.allowed_counts(parameters.confidence) / counts))
            except NoLimitError:
                pass
        _recoils(ax, experiment, limit)
        ax.set(title=experiment.stage)
    plt.show()


def spectrum(experiment: Experiment, moment: float | None) -> None:
    """Draw the counted events per keV, of the Standard Model and of a moment of every flavour.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    moment : float or None
        The moment in Bohr magnetons; without one the Standard Model alone is drawn.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> spectrum(experiments.load("conus"), 1e-10)
    """
    checked_kind("experiment", experiment, Experiment)
    _, ax = plt.subplots()
    _recoils(ax, experiment, moment)
    plt.show()


def _recoils(ax: Axes, experiment: Experiment, moment: float | None) -> None:
    """Draw the counted events per keV into a panel."""
    detector = experiment.detector
    low, high = _range(experiment)
    if low < high:
        E = np.geomspace(low + 1e-4 * (high - low), high, 400)
        weak = measured_spectrum(experiment, E, experiment.interaction)
        plain = isinstance(experiment.interaction, StandardModel)
        shown = [("k", "Standard Model" if plain else "without a moment", weak)]
        if moment is not None:
            label = rf"$\mu_\mathrm{{eff}} = {moment / 1e-10:.3g}\times 10^{{-10}}\,\mu_B$"
            magnetic = measured_spectrum(experiment, E, MagneticMoment(moment))
            shown.append(("C1", label, magnetic))
        top = max(float(counts.max()) for _, _, counts in shown) * KEV
        for color, label, counts in shown if top > 0 else ():
            ax.semilogy(E / KEV, counts * KEV, color=color, label=label)
            ax.set_ylim(top * 1e-5, top * 3)
    kind = "recoil energy" if detector.quenching is None else "electron-equivalent energy"
    ax.set(xlabel=f"{kind} (keV)", ylabel="events per keV")
    _legend(ax, "no events")


def _range(experiment: Experiment) -> tuple[float, float]:
    """Return between which measured energies recoils of nuclei are drawn, or else of electrons."""
    detector, weak = experiment.detector, StandardModel()
    end = max(part.spectrum.breakpoints[-1] for part in experiment.flux.components)
    low = max(detector.edges[0], detector.efficiency.breakpoints[0])
    for struck in (detector.nuclear_targets, detector.electron_targets):
        ends = [float(detector.measured(weak.maximum_recoil(end, one), one)) for one, _ in struck]
        high = min(detector.edges[-1], max(ends, default=0.0))
        if low < high:
            break
    return max(low, 1e-3 * high), high


def profiles(stages: Sequence[Experiment], parameters: SheetParameters) -> None:
    """Draw Delta chi2 against the first moment, by beam and treatment of the signal's error.

    Parameters
    ----------
    stages : sequence of Experiment
        The stages of one experiment.
    parameters : SheetParameters
        Mixing, confidence level, beams and treatments; what sets no limit is not drawn.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> profiles([experiments.load("conus")], SheetParameters("conus"))
    """
    _check(stages, parameters)
    _, axes = plt.subplots(len(stages), 1, figsize=(6.0, 3.6 * len(stages)), squeeze=False)
    for ax, experiment in zip(axes[:, 0], stages, strict=True):
        for color, (label, beam) in enumerate(parameters.beams(experiment).items()):
            for style, treatment in zip(("-", "--"), parameters.treatments, strict=False):
                treated = variants(experiment)[treatment]
                try:
                    says = constraint(treated, beam, parameters=parameters.oscillation)
                    limit = says.limits(parameters.confidence)[0]
                except NoLimitError:
                    continue
                if limit == np.inf:  # it is blind to this moment
                    continue
                x = limit * np.geomspace(0.05, 3, 200)
                rise = says.delta_chi2(x[:, np.newaxis] * np.array([1.0, 0.0, 0.0]))
                words = f"{label}, error {treatment}"
                ax.semilogx(x / 1e-10, rise, style, color=f"C{color}", label=words)
        ax.axhline(delta_chi2(parameters.confidence), color="0.4", lw=1)
        ax.set(
            xlabel=r"$|\Lambda_1|$ ($10^{-10}\,\mu_B$)",
            ylabel=r"$\Delta\chi^2$",
            title=experiment.stage,
            ylim=(0, 8),
        )
        _legend(ax, "no limit", fontsize=8)
    plt.show()


#: How the curves of a panel are drawn: colours and dashes that a deuteranope tells apart.
STYLES = (("#0072B2", "-"), ("#B04A00", "-"), ("k", "--"), ("0.45", "-"))
#: Swings closer than this ratio of splittings are drawn as a band and their mean.
RESOLVED = 1.3


def exclusion(curves: Sequence[ExclusionCurve]) -> None:
    """Draw exclusion curves, a panel for each flavour and for counts with and without times.

    Where swings come closer than the eye can follow, a band shows between which bounds they run,
    and a line the amplitude that the mean loss of the band would exclude.

    Examples
    --------
    >>> from cevnslib.studies import sterile
    >>> exclusion(sterile.exclusion_curves("conus", [0.1, 1.0, 10.0]))
    """
    checked_curves(curves)
    panels: dict[tuple[str, bool], list[ExclusionCurve]] = {}
    for curve in curves:
        panels.setdefault((curve.flavour, curve.label != _plain(curve)), []).append(curve)
    size = (6.0, 3.3 * len(panels))
    _, axes = plt.subplots(len(panels), 1, figsize=size, squeeze=False, sharex=True)
    left = min(_decade(shown) for shown in panels.values())
    begins = [x.splittings[x.amplitudes <= 1] for x in curves]
    bottom = min((x[0] for x in begins if x.size), default=curves[0].splittings[0]) / 2
    for ax, ((flavour, timed), shown) in zip(axes[:, 0], panels.items(), strict=True):
        names = {"e": "ee", "mu": r"\mu\mu"}
        x = shown[0].splittings
        ax.set(
            xscale="log",
            yscale="log",
            xlabel=rf"$\sin^2 2\theta_{{{names[flavour]}}}$",
            ylabel=r"$\Delta m^2_{41}$ (eV$^2$)",
            xlim=(left, 1),
            ylim=(bottom, max(x[-1], 4 * bottom)),
            title="prompt and delayed events apart" if timed else "",
        )
        ax.tick_params(labelbottom=True)
        ax.xaxis.set_minor_formatter("")
        for curve, (colour, dashes) in zip(shown, itertools.cycle(STYLES), strict=False):
            line, low, high = _averaged(curve)
            ax.plot(line, x, dashes, lw=1.3, color=colour)
            ax.fill_betweenx(x, low, high, color=colour, alpha=0.18, lw=0)
        _name_curves(ax, shown)
    plt.show()


def _averaged(curve: ExclusionCurve) -> tuple[Values, Values, Values]:
    """Return a curve with its closest swings averaged, and their least and greatest amplitudes.

    The amplitude that is excluded goes like one over the share that is lost, so the mean loss
    excludes the harmonic mean. The bounds are not numbers where the curve is drawn as it is.
    """
    x, inverse = np.log(curve.splittings), 1 / curve.amplitudes  # 0 where nothing is excluded
    crests = 1 + np.flatnonzero((inverse[1:-1] > inverse[:-2]) & (inverse[1:-1] >= inverse[2:]))
    close = np.flatnonzero(np.diff(x[crests]) < np.log(RESOLVED))
    unresolved = x >= (x[crests[close[0]]] if close.size else np.inf)
    distance = abs(x[:, np.newaxis] - x) / np.log(RESOLVED)
    weights = np.cos(np.pi / 2 * np.minimum(distance, 1)) ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    means = [
        weights @ inverse,
        weights @ np.where(distance < 1, inverse, 0).max(axis=1),
        weights @ np.where(distance < 1, inverse, np.inf).min(axis=1),
    ]
    with np.errstate(divide="ignore"):
        line, low, high = (1 / np.where(unresolved, mean, np.nan) for mean in means)
    line = np.where(unresolved, line, curve.amplitudes)
    return np.where(line <= 1, line, np.nan), low, np.minimum(high, 1)


def _name_curves(ax: Axes, curves: Sequence[ExclusionCurve]) -> None:
    """Name each curve at the right of a panel, where it begins, and those that exclude nothing."""
    bottom, top = np.log(ax.get_ylim())
    step = 0.07 * (top - bottom)  # the height of a line
    named, none, height = [], [], bottom - step
    for curve, (colour, _) in zip(curves, itertools.cycle(STYLES), strict=False):
        inside = np.flatnonzero(curve.amplitudes <= 1)
        if inside.size:
            place = curve.amplitudes[inside[0]], curve.splittings[inside[0]]
            named.append((place, _plain(curve), colour))
        else:
            none.append(_plain(curve))
    for place, label, colour in sorted(named, key=lambda one: (one[0][1], -one[0][0])):
        height = max(height + step, np.log(place[1]))
        ax.annotate(
            label,
            place,
            (1.1, np.exp(height)),
            color=colour,
            fontsize=9,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkB": 0},
        )
    if none:
        words = "nothing excluded:\n" + "\n".join(none)
        ax.text(0.03, 0.05, words, transform=ax.transAxes, color="0.35", fontsize=9)


def _plain(curve: ExclusionCurve) -> str:
    """Return the label of a curve without its timing."""
    return curve.label.removesuffix(", timing")


def _decade(curves: Sequence[ExclusionCurve]) -> float:
    """Return the power of ten below all amplitudes, at most 0.1."""
    least = min(float(np.min(curve.amplitudes)) for curve in curves)
    return float(10 ** np.floor(np.log10(min(least, 0.5))))
