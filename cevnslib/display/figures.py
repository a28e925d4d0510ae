"""The look of every figure, and the figures of the sheets."""

from collections.abc import Sequence
from importlib import resources

import numpy as np

from ..checks import checked_kind, checked_tuple
from ..constants import KEV
from ..errors import NoLimitError
from ..experiments import Experiment, variants
from ..physics.interactions import MagneticMoment, StandardModel
from ..rates import counts_by_beam, measured_spectrum
from ..statistics.chi2 import delta_chi2
from ..studies.moments import constraint
from ..studies.sterile import ExclusionCurve, checked_curves
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
    "use_house_style",
]
#: The file of the style.
HOUSE_STYLE = str(resources.files("cevnslib") / "display" / "house.mplstyle")
#: How the names of the beams are set.
BEAM_NAMES = {
    "nu_mu": r"$\nu_\mu$",
    "nu_e": r"$\nu_e$",
    "nubar_mu": r"$\bar\nu_\mu$",
    "nubar_e": r"$\bar\nu_e$",
}


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
    _, axes = plt.subplots(1, len(stages), figsize=(4.6 * len(stages), 3.8), squeeze=False)
    for ax, experiment in zip(axes[0], stages, strict=True):
        detector = experiment.detector
        nuclide = detector.target.nuclides[0]
        weak, end = StandardModel(), experiment.flux.components[-1].spectrum.breakpoints[-1]
        ends = [weak.maximum_recoil(end, nuclide) for nuclide in detector.target.nuclides]
        low = max(detector.edges[0], detector.efficiency.breakpoints[0])
        high = float(detector.measured(np.max(ends), nuclide))
        counts = sum(counts_by_beam(experiment, MagneticMoment()).values())
        if low < high and counts > 0:
            E = np.geomspace(low * 1.0001, high, 400)
            shown = [("k", "Standard Model", measured_spectrum(experiment, E, weak))]
            try:
                says = constraint(experiment, parameters.beam, parameters=parameters.oscillation)
                # The moment that gives every beam its limit's number of events.
                limit = np.sqrt(says.allowed_counts(parameters.confidence) / counts)
                label = rf"$\mu_\mathrm{{eff}} = {limit / 1e-10:.3g}\times 10^{{-10}}\,\mu_B$"
                moment = measured_spectrum(experiment, E, MagneticMoment(limit))
                shown.append(("C1", label, moment))
            except NoLimitError:
                pass
            top = max(float(spectrum.max()) for _, _, spectrum in shown) * KEV
            for color, label, spectrum in shown if top > 0 else ():
                ax.semilogy(E / KEV, spectrum * KEV, color=color, label=label)
                ax.set_ylim(top * 1e-5, top * 3)
        kind = "recoil energy" if detector.quenching is None else "electron-equivalent energy"
        ax.set(xlabel=f"{kind} (keV)", ylabel="events per keV", title=experiment.stage)
        _legend(ax, "no events")
    plt.show()


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
    _, axes = plt.subplots(1, len(stages), figsize=(4.6 * len(stages), 3.8), squeeze=False)
    for ax, experiment in zip(axes[0], stages, strict=True):
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


def exclusion(curves: Sequence[ExclusionCurve]) -> None:
    """Draw exclusion curves, a panel for each flavour that disappears.

    Examples
    --------
    >>> from cevnslib.studies import sterile
    >>> exclusion(sterile.exclusion_curves("conus", [0.1, 1.0, 10.0]))
    """
    checked_curves(curves)
    flavours = list(dict.fromkeys(curve.flavour for curve in curves))
    width = 4.4 * len(flavours) if len(flavours) > 1 else 6.0
    _, axes = plt.subplots(1, len(flavours), figsize=(width, 4.0), squeeze=False, sharey=True)
    for ax, flavour in zip(axes[0], flavours, strict=True):
        shown = [curve for curve in curves if curve.flavour == flavour]
        colours = {label: i for i, label in enumerate(dict.fromkeys(map(_plain, shown)))}
        for curve in shown:
            timed = curve.label != _plain(curve)
            ax.loglog(
                np.where(np.isfinite(curve.amplitudes), curve.amplitudes, np.nan),
                curve.splittings,
                "--" if timed else "-",
                lw=1.2,
                color=f"C{colours[_plain(curve)]}",
                label=None if timed else curve.label,
            )
        names = {"e": "ee", "mu": r"\mu\mu"}
        ax.set(xlabel=rf"$\sin^2 2\theta_{{{names[flavour]}}}$", xlim=(_decade(shown), 1))
        scenarios = "%" in shown[0].label
        title = "efficiency, errors:\nsignal, background" if scenarios else None
        if any(curve.label != _plain(curve) for curve in shown):
            title = f"{title}\ndashed: prompt,\ndelayed apart"
        ax.legend(fontsize=7, title=title, title_fontsize=7, loc="lower left")
    axes[0, 0].set(ylabel=r"$\Delta m^2_{41}$ (eV$^2$)")
    plt.show()


def _plain(curve: ExclusionCurve) -> str:
    """Return the label of a curve without its timing."""
    return curve.label.removesuffix(", timing")


def _decade(curves: Sequence[ExclusionCurve]) -> float:
    """Return the power of ten below all amplitudes, at most 0.1."""
    least = min(float(np.min(curve.amplitudes)) for curve in curves)
    return float(10 ** np.floor(np.log10(min(least, 0.5))))
