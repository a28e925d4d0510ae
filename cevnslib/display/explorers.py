"""The explorers of the book: four questions, each with controls, a picture and an answer."""

from ..checks import checked_choice
from ..experiments import SIGNAL_NUISANCE, THRESHOLD_KINDS
from ..studies.sterile import scenarios, set_ups
from .interactive import Choice, Explorer, Number, Slider
from .views import PLACES, TARGETS, design, disappearing, moments, recoils

__all__ = [
    "design_explorer",
    "moment_explorer",
    "recoil_explorer",
    "sterile_explorer",
]
SNS, REACTOR = PLACES


def recoil_explorer(target: str = "Ge", place: str = REACTOR) -> Explorer:
    """Return the explorer of recoil spectra: target, source, moment, threshold.

    Parameters
    ----------
    target, place : str, optional
        Where it starts, see `cevnslib.display.views.recoils`.

    Examples
    --------
    >>> recoil_explorer().title
    'Recoils of a magnetic moment'
    """
    place = checked_choice("place", place, PLACES)
    target = checked_choice("target", target, TARGETS)
    first = 0.5 if place == REACTOR else 5.0
    return Explorer(
        "Recoils of a magnetic moment",
        [
            Choice("target", "target", target, options=TARGETS),
            Choice("place", "source", place, (REACTOR, SNS), options=tuple(PLACES)),
            Slider(
                "moment",
                "moment (10⁻¹⁰ μB)",
                2.0,
                (0.5, 2.0, 10.0),
                low=0.01,
                high=100.0,
                logarithmic=True,
            ),
            Slider(
                "threshold",
                "threshold (keV)",
                first,
                (0.05, 0.5, 5.0),
                low=0.01,
                high=50.0,
                logarithmic=True,
            ),
        ],
        recoils,
        alt="Events per keV, kilogram and day against recoil energy, of the Standard Model, of the "
        "moment and of both, with the region below threshold shaded.",
    )


def moment_explorer() -> Explorer:
    """Return the explorer of effective moments: shares of the moduli, and phases.

    Examples
    --------
    >>> len(moment_explorer().parts)
    5
    """
    return Explorer(
        "What each beam sees of three transition moments",
        [
            Slider("share", "share of |Λ₁|²", 0.5, (0.0, 0.5, 0.7), low=0.0, high=1.0),
            Slider("mix", "|Λ₃|² in the rest", 0.1, low=0.0, high=1.0),
            Slider("phase_2", "phase of Λ₂ (π)", 0.0, (0.0, 0.5, 1.0), low=0.0, high=2.0),
            Slider("phase_3", "phase of Λ₃ (π)", 0.0, low=0.0, high=2.0),
            Slider("delta", "δ of CP (π)", 0.0, (0.0, 1.0), low=0.0, high=2.0),
        ],
        moments,
        alt="Left, effective moment squared of the three flavours against the phase of the second "
        "moment, with triangles where each is least; right, bars of the values now, for the three "
        "flavours and for solar neutrinos.",
    )


def design_explorer() -> Explorer:
    """Return the explorer that designs an experiment.

    Examples
    --------
    >>> design_explorer().parts[2].label
    'mass (kg)'
    """
    return Explorer(
        "Design an experiment",
        [
            Choice("place", "source", REACTOR, options=tuple(PLACES)),
            Choice("target", "target", "Ge", options=TARGETS),
            Number("mass", "mass (kg)", 10.0),
            Slider(
                "threshold",
                "threshold (keV)",
                0.1,
                (0.02, 0.1, 0.2),
                low=0.005,
                high=20,
                logarithmic=True,
            ),
            Choice("kind", "threshold is", THRESHOLD_KINDS[1], options=THRESHOLD_KINDS[:2]),
            Slider("efficiency", "efficiency", 0.8, low=0.05, high=1.0),
            Slider("years", "exposure (years)", 2.0, low=0.1, high=10.0),
            Slider(
                "background",
                "background (/kg/day)",
                1.0,
                (0.1, 1.0, 10.0),
                low=0.01,
                high=1000.0,
                logarithmic=True,
            ),
            Slider("error", "systematic error", 0.1, (0.0, 0.1), low=0.0, high=0.5),
            Choice("signal_nuisance", "that error", SIGNAL_NUISANCE[0], options=SIGNAL_NUISANCE),
        ],
        design,
        alt="Limits on the three moments on a logarithmic axis: published ones of each experiment "
        "as dots, one experiment a row, and those of the designed one as diamonds in the top row.",
    )


def sterile_explorer() -> Explorer:
    """Return the explorer of sterile neutrinos: splitting and mixing.

    Examples
    --------
    >>> sterile_explorer().parts[3].label
    'splitting (eV²)'
    """
    detectors = tuple(set_ups())
    names = tuple(scenarios())
    return Explorer(
        "A neutrino that stops scattering",
        [
            Choice("detector", "detector", "coherent-lar", options=detectors),
            Choice("flavour", "flavour", "mu", ("e", "mu"), options=("e", "mu")),
            Choice("scenario", "scenario", names[1], options=names),
            Slider(
                "splitting",
                "splitting (eV²)",
                1.5,
                (0.2, 0.7, 1.5, 4.0, 15.0),
                low=0.05,
                high=50.0,
                logarithmic=True,
            ),
            Slider("amplitude", "sin² 2θ", 0.5, (0.1, 0.5), low=0.0, high=1.0),
        ],
        disappearing,
        alt="Three panels: the share of neutrinos that is still active against energy; the ratio "
        "of the recoil spectrum with and without oscillation; the excluded region of mixing and "
        "splitting with a dot at the chosen values.",
    )
