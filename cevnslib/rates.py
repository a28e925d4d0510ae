r"""From cross sections to counts: the one place where integrals are done.

With the flux moments :math:`I_n` of each beam, a count is one integral over the recoil energy,

.. math:: N = \sum_\text{beams} \Phi \sum_\text{nuclides} n_x \int dT\, w(T)
          \sum_n c_n(T)\, I_n\big(E_\min(T)\big),

done by Gauss-Legendre quadrature in log T on panels that end where the integrand has a kink.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import checked, checked_kind
from .constants import KEV
from .detectors.detector import Detector
from .errors import DomainError, NoLimitError
from .experiments import Experiment
from .physics.interactions import Interaction, MagneticMoment
from .physics.mixing import TALK_2019, OscillationParameters, flavour_projector
from .physics.neutrinos import Neutrino
from .physics.scattering import coherent_recoil
from .physics.targets import Nuclide
from .quadrature import panel_rule
from .sources.beams import Beam

__all__ = [
    "counts_by_beam",
    "effective_area",
    "expected_counts",
    "measured_spectrum",
    "moment_matrix",
    "recoil_spectrum",
]
#: Nodes in a panel, and the largest ratio of its ends; together they reach 1e-12 in a count.
_NODES = 20
_RATIO = 8.0
#: A sum of cross sections in cm^2 that cannot be, whatever the units.
_ABSURD = 1e40


def _panels(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithms of the rising edges, and of points between them where they are far."""
    logs = np.log(edges)
    pieces = np.ceil(np.diff(logs) / np.log(_RATIO))
    if np.all(pieces == 1):
        return logs
    place = np.concatenate([[0.0], np.cumsum(pieces)])
    return np.interp(np.arange(place[-1] + 1), place, logs)


def _quadrature(edges: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return nodes T and weights for the integral over T between the rising edges, in log T."""
    logs = _panels(edges)
    log_T, weights = panel_rule(logs[:-1], logs[1:], _NODES)
    T = np.exp(log_T)
    return T.ravel(), (weights * T).ravel()


def _refuse_no_threshold(T: float) -> None:
    if T <= 0:
        raise DomainError(
            "threshold: got 0 MeV; allowed: above 0 MeV, as the magnetic cross section grows like "
            "1/T and its count has no limit there (in a file: threshold_keV)"
        )


def _panel_edges(
    experiment: Experiment, interaction: Interaction, nuclide: Nuclide, beams: tuple[Beam, ...]
) -> NDArray[np.float64]:
    """Return every recoil energy at which the integrand has a kink, from threshold to end."""
    energies = np.array(sorted({E for beam in beams for E in beam.spectrum.breakpoints}))
    ends = interaction._maximum_recoil(energies, nuclide)
    kinks = [*ends, *interaction._minimum_recoil(energies, nuclide)]
    jumps = experiment.detector._breakpoints(nuclide)
    low, high = jumps[0], min(jumps[-1], float(ends[-1]))
    _refuse_no_threshold(low)
    inner = {float(T) for T in (*kinks, *jumps) if low < T < high}
    return np.array([low, *sorted(inner), high]) if low < high else np.array([low])


def _on_target(
    experiment: Experiment,
    interaction: Interaction,
    recoils: Sequence[NDArray[np.float64]],
    weights: Sequence[NDArray[np.float64]],
    neutrino: Neutrino | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return c_n(T) times the number of nuclei and a weight, and E_min(T), nuclides in a row."""
    target, mass = experiment.detector.target, experiment.detector.mass
    parts, energies = [], []
    for nuclide, per_kg, T, weight in zip(
        target.nuclides, target.nuclei_per_kg, recoils, weights, strict=True
    ):
        c = interaction._coefficients(T, nuclide, neutrino)
        parts.append(c * (per_kg * mass * weight))
        energies.append(interaction._minimum_energy(T, nuclide))
    E_min = np.concatenate(energies)
    # One nuclide may have more powers than another.
    coefficients, first = np.zeros((max(len(part) for part in parts), len(E_min))), 0
    for part in parts:
        last = first + part.shape[1]
        coefficients[: len(part), first:last] = part
        first = last
    return coefficients, E_min


def _by_beam(
    experiment: Experiment,
    interaction: Interaction,
    recoils: Sequence[NDArray[np.float64]],
    weights: Sequence[NDArray[np.float64]],
    beams: Sequence[Beam],
) -> Iterator[tuple[Beam, NDArray[np.float64]]]:
    """Yield each beam and the weighted recoils per neutrino; nuclides in a row."""
    blind = all(interaction._flavour_blind(n) for n in experiment.detector.target.nuclides)
    known = {}
    for beam in beams:
        neutrino = None if blind else Neutrino(beam.flavour, beam.antineutrino)
        if neutrino not in known:
            known[neutrino] = _on_target(experiment, interaction, recoils, weights, neutrino)
        yield beam, _folded(*known[neutrino], beam)


def _folded(
    coefficients: NDArray[np.float64], E_min: NDArray[np.float64], beam: Beam
) -> NDArray[np.float64]:
    """Return sum_n c_n I_n(E_min): the cross section averaged over a beam's spectrum."""
    moments = beam.spectrum._moments(E_min, len(coefficients) - 1)
    folded: NDArray[np.float64] = np.einsum("n...,n...->...", coefficients, moments)
    # What a reader's own form factor, interaction or spectrum makes of it is seen here.
    if not abs(float(folded.sum())) < _ABSURD:
        checked(f"cross section in the beam {beam.name}", folded)
    return folded


@contextmanager
def saying_why_nothing_is_seen(experiment: Experiment, interaction: Interaction) -> Iterator[None]:
    """Name the threshold, in the unit of a file's key, where no events are expected at all."""
    try:
        yield
    except NoLimitError as error:
        detector = experiment.detector
        end = max(beam.spectrum.breakpoints[-1] for beam in experiment.source.beams)
        recoils = [(interaction.maximum_recoil(end, n), n) for n in detector.target.nuclides]
        largest = max(float(detector.measured(T, nuclide)) for T, nuclide in recoils)
        least = min(detector._breakpoints(nuclide)[0] for nuclide in detector.target.nuclides)
        lowest = max(detector.threshold, detector.efficiency.breakpoints[0])
        if least < max(float(T) for T, _ in recoils):
            raise
        kind = "recoil" if detector.quenching is None else "electron-equivalent"
        place = f"{experiment.source.title} gives in {detector.target.name}"
        raise NoLimitError(
            f"threshold: got {lowest / KEV:g} keV, above which no events are expected; allowed: "
            f"below {largest / KEV:.3g} keV, the largest {kind} energy that {place} (in a file: "
            "threshold_keV)"
        ) from error


def _check(experiment: Experiment, interaction: Interaction) -> None:
    checked_kind("experiment", experiment, Experiment)
    checked_kind("interaction", interaction, Interaction)


def counts_by_beam(experiment: Experiment, interaction: Interaction) -> dict[str, float]:
    """Return the expected number of events from each beam of an experiment.

    arXiv:1905.03750, number of events above threshold, with the energy integral in closed form.

    Parameters
    ----------
    experiment : Experiment
        Source, detector and exposure.
    interaction : Interaction
        What scatters the neutrinos.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> csi = experiments.load("coherent-csi")
    >>> counts = counts_by_beam(csi, interactions.StandardModel())
    >>> {name: round(count, 1) for name, count in counts.items()}
    {'nu_mu': 29.4, 'nu_e': 60.4, 'nubar_mu': 90.4}
    """
    _check(experiment, interaction)
    return _counts_by_beam(experiment, interaction)


def _counts_by_beam(experiment: Experiment, interaction: Interaction) -> dict[str, float]:
    detector, beams = experiment.detector, experiment.source.beams
    recoils, weights = [], []
    for nuclide in detector.target.nuclides:
        T, steps = _quadrature(_panel_edges(experiment, interaction, nuclide, beams))
        recoils.append(T)
        weights.append(detector._weight(T, nuclide) * steps)
    return {
        beam.name: experiment._fluence(beam) * float(recoiling.sum())
        for beam, recoiling in _by_beam(experiment, interaction, recoils, weights, beams)
    }


def expected_counts(experiment: Experiment, interaction: Interaction, beam: str = "all") -> float:
    """Return the expected number of events.

    Parameters
    ----------
    experiment, interaction
        See `counts_by_beam`.
    beam : str, optional
        ``"all"``, a timing such as ``"prompt"``, or the name of one beam.

    Returns
    -------
    float
        Events above threshold in the whole exposure.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> csi = experiments.load("coherent-csi")
    >>> round(expected_counts(csi, interactions.StandardModel()), 1)
    180.2
    """
    _check(experiment, interaction)
    chosen = experiment.source.select(beam)
    counts = _counts_by_beam(experiment, interaction)
    return sum(counts[selected.name] for selected in chosen)


def moment_matrix(
    experiment: Experiment,
    parameters: OscillationParameters = TALK_2019,
    beam: str = "all",
    interaction: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> NDArray[np.complex128]:
    r"""Return the Hermitian matrix K that holds all an experiment knows of transition moments.

    .. math:: N_\text{EM} = \Lambda^\dagger K \Lambda, \quad
              K = \sum_\text{beams} N_\text{beam}(\mu = \mu_B)\, P_\text{flavour}

    Parameters
    ----------
    experiment, beam
        See `expected_counts`.
    parameters : OscillationParameters, optional
        Mixing angles and Dirac phase.
    interaction : Interaction, optional
        Cross section for one Bohr magneton.

    Returns
    -------
    ndarray of complex, shape (3, 3)
        Events per Bohr magneton squared.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> K = moment_matrix(experiments.load("coherent-csi"), beam="prompt")
    >>> bool((K == K.conj().T).all())
    True
    """
    checked_kind("parameters", parameters, OscillationParameters)
    counts = counts_by_beam(experiment, interaction)
    return matrix_of_counts(counts, experiment.source.select(beam), parameters)


def matrix_of_counts(
    counts: Mapping[str, float], beams: Sequence[Beam], parameters: OscillationParameters
) -> NDArray[np.complex128]:
    """Return the moment matrix of some beams from the counts of each."""
    K = np.zeros((3, 3), dtype=np.complex128)
    for beam in beams:
        K += counts[beam.name] * flavour_projector(beam.flavour, parameters)
    return K


def recoil_spectrum(
    experiment: Experiment, T: ArrayLike, interaction: Interaction, beam: str = "all"
) -> NDArray[np.float64]:
    """Return the expected number of counted events per MeV of recoil energy.

    Parameters
    ----------
    experiment, interaction, beam
        See `expected_counts`.
    T : array_like
        Recoil energy in MeV, any shape, above 0.

    Returns
    -------
    ndarray
        Events per MeV in the whole exposure, the detector's weight included, the shape of ``T``.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> csi = experiments.load("coherent-csi")
    >>> recoil_spectrum(csi, [0.010, 0.020], interactions.StandardModel()).round(0)
    array([16711.,  4751.])
    """
    _check(experiment, interaction)
    detector = experiment.detector
    nuclides = detector.target.nuclides
    T = coherent_recoil("recoil energy T", T, *nuclides)
    if detector.quenching is None:  # all nuclides are seen alike
        weights = [detector._acceptance(T)] * len(nuclides)
    else:
        weights = [detector._weight(T, nuclide) for nuclide in nuclides]
    return _spectrum(experiment, [T] * len(nuclides), weights, interaction, beam)


def measured_spectrum(
    experiment: Experiment, E: ArrayLike, interaction: Interaction, beam: str = "all"
) -> NDArray[np.float64]:
    r"""Return the expected number of counted events per MeV of measured energy.

    .. math:: \frac{dN}{dE} = \sum_\text{nuclides} \frac{dN}{dT} \Big/ \frac{dE}{dT}

    Parameters
    ----------
    experiment, interaction, beam
        See `expected_counts`.
    E : array_like
        Measured energy in MeV, any shape, above 0: the electron-equivalent energy if the detector
        has a quenching, else the recoil energy. A resolution smears the chance to be counted but
        not this axis.

    Returns
    -------
    ndarray
        Events per MeV in the whole exposure, the shape of ``E``.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> conus = experiments.load("conus")
    >>> spectrum = measured_spectrum(conus, [0.1e-3, 0.2e-3], interactions.StandardModel())
    >>> (spectrum * 1e-3).round(0)  # per keV
    array([128837.,   8634.])
    """
    _check(experiment, interaction)
    detector = experiment.detector
    E = coherent_recoil("measured energy E", E, *detector.target.nuclides)
    nuclides = detector.target.nuclides
    recoils, weights = [E] * len(nuclides), [detector._acceptance(E)] * len(nuclides)
    if detector.quenching is not None:
        recoils = [detector._recoil_seen_as(E, nuclide) for nuclide in nuclides]
        slopes = (detector._slope(T, x) for x, T in zip(nuclides, recoils, strict=True))
        weights = [weight / slope for weight, slope in zip(weights, slopes, strict=True)]
    return _spectrum(experiment, recoils, weights, interaction, beam)


def _spectrum(
    experiment: Experiment,
    recoils: Sequence[NDArray[np.float64]],
    weights: Sequence[NDArray[np.float64]],
    interaction: Interaction,
    which: str,
) -> NDArray[np.float64]:
    """Return the weighted recoils per MeV of all nuclides, each at recoil energies of its own."""
    beams = experiment.source.select(which)
    flat, weighing = ([x.ravel() for x in arrays] for arrays in (recoils, weights))
    by_beam = _by_beam(experiment, interaction, flat, weighing, beams)
    spectra = sum(experiment._fluence(beam) * recoiling for beam, recoiling in by_beam)
    summed = np.reshape(spectra, (len(recoils), -1)).sum(axis=0)
    return np.reshape(summed, recoils[0].shape)


def effective_area(
    experiment: Experiment,
    E: ArrayLike,
    interaction: Interaction,
    neutrino: Neutrino | None = None,
) -> NDArray[np.float64]:
    r"""Return the counted events per neutrino and square centimetre, at each neutrino energy.

    .. math:: A(E) = \sum_\text{nuclides} n_x \sum_n E^{-n}
              \int_{T_-(E)}^{T_+(E)} dT\, w(T)\, c_n(T)

    With it a count is one integral over the neutrino energy, :math:`N = \int \Phi(E) A(E) dE`.

    Parameters
    ----------
    experiment, interaction
        See `counts_by_beam`; the source plays no part.
    E : array_like
        Neutrino energy in MeV, any shape, above 0.
    neutrino : Neutrino, optional
        Which it is, where the interaction depends on that.

    Returns
    -------
    ndarray
        Area in cm^2, the shape of ``E``.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> csi = experiments.load("coherent-csi")
    >>> prompt = csi.source.beams[0]
    >>> line = prompt.spectrum.breakpoints[-1]
    >>> area = effective_area(csi, line, interactions.StandardModel())
    >>> f"{area:.3e} cm^2, {csi.fluence(prompt) * area:.1f} events"
    '9.788e-14 cm^2, 29.4 events'
    """
    _check(experiment, interaction)
    E = checked("neutrino energy E", E, "MeV", above=0)
    detector = experiment.detector
    target = detector.target
    area = np.zeros_like(E)
    for nuclide, per_kg in zip(target.nuclides, target.nuclei_per_kg, strict=True):
        interaction._checked_neutrino(neutrino, nuclide)
        edges = detector._breakpoints(nuclide)
        _refuse_no_threshold(edges[0])
        high = interaction._maximum_recoil(E, nuclide)
        last = min(edges[-1], float(np.max(high, initial=0.0)))
        if last <= edges[0]:
            continue
        inner = [T for T in edges if edges[0] < T < last]
        logs = _panels(np.array([edges[0], *inner, last]))
        part = partial(_area_between, detector, interaction, nuclide, neutrino)
        whole = part(logs[:-1], logs[1:])
        up_to = np.concatenate([np.zeros((len(whole), 1)), np.cumsum(whole, axis=1)], axis=1)
        bounds = []
        for T in (interaction._minimum_recoil(E, nuclide), high):
            x = np.log(np.clip(T, edges[0], last))
            panel = np.clip(np.searchsorted(logs, x, side="right") - 1, 0, len(logs) - 2)
            bounds.append(up_to[:, panel] + part(logs[panel], x))
        powers = E ** -np.arange(len(whole), dtype=float).reshape(-1, *[1] * E.ndim)
        area += per_kg * detector.mass * np.sum((bounds[1] - bounds[0]) * powers, axis=0)
    return checked("effective area", area, "cm^2")


def _area_between(
    detector: Detector,
    interaction: Interaction,
    nuclide: Nuclide,
    neutrino: Neutrino | None,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Integrate w c_n between two logarithms of T, in one panel; n along a new first axis."""
    log_T, weights = panel_rule(low, high, _NODES)
    T = np.exp(log_T)
    weighted = weights * T * detector._weight(T, nuclide)
    integral: NDArray[np.float64] = np.sum(
        weighted * interaction._coefficients(T, nuclide, neutrino), axis=-1
    )
    return integral
