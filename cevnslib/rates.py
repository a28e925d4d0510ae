"""Counts, spectra and moment matrices of experiments: what is asked of `cevnslib.folding`."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import checked_kind
from .constants import KEV
from .errors import NoLimitError, UnseenWarning
from .experiments import Experiment
from .folding import averaged, fold, nodes_of, nuclei_of, recoils_as
from .physics.interactions import Interaction, MagneticMoment
from .physics.mixing import TALK_2019, OscillationParameters, flavour_projector, pmns
from .physics.scattering import coherent_recoil
from .physics.targets import Electron, Struck, each_of
from .sources.flux import Component

__all__ = [
    "binned_counts",
    "counts_by_beam",
    "expected_counts",
    "measured_spectrum",
    "moment_matrices",
    "moment_matrix",
    "recoil_spectrum",
    "unseen",
]


@contextmanager
def saying_why_nothing_is_seen(experiment: Experiment, interaction: Interaction) -> Iterator[None]:
    """Name the threshold, in the unit of a file's key, where no events are expected at all."""
    nodes, words = nodes_of(fold(experiment), interaction), unseen(experiment, interaction)
    if words and nodes:
        warnings.warn(words, UnseenWarning, stacklevel=4)
    try:
        yield
    except NoLimitError as error:
        if nodes:
            raise
        raise NoLimitError(words) from error


def unseen(experiment: Experiment, interaction: Interaction) -> str:
    """Say what does not reach the threshold: nothing, nuclei beside electrons, or all there is.

    Parameters
    ----------
    experiment, interaction
        See `counts_by_beam`.

    Returns
    -------
    str
        Words with the threshold in the unit of a file's key, or none if all is seen.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> unseen(experiments.load("conus", threshold_keV=0.2), interactions.StandardModel())
    ''
    >>> words = unseen(experiments.load("conus", threshold_keV=200), interactions.StandardModel())
    >>> words.partition("; ")[2].split("; ")[1]
    'did you mean 0.2 keV (200 eV)? (in a file: threshold_keV)'
    """
    _check(experiment, interaction)
    nodes = nodes_of(fold(experiment), interaction)
    nuclei: list[Struck] = [nuclide for nuclide, _ in experiment.detector.nuclear_targets]
    if not nodes:
        electrons = (electron for electron, _ in experiment.detector.electron_targets)
        return _beyond(experiment, interaction, [*nuclei, *electrons])
    if nuclei and all(isinstance(some.struck, Electron) for some in nodes):
        words = _beyond(experiment, interaction, nuclei)
        return f"{words}; electrons alone are counted above it"
    return ""


def _beyond(experiment: Experiment, interaction: Interaction, struck: Iterable[Struck]) -> str:
    """Say that a threshold is beyond all recoils, in the unit of a file's key."""
    detector = experiment.detector
    end = max(part.spectrum.breakpoints[-1] for part in experiment.flux.components)
    seen = [float(detector._measured(interaction.maximum_recoil(end, x), x)) for x in struck]
    lowest = max(detector._steps[0], detector.least_ionisation)
    kind = "recoil" if detector.quenching is None else "electron-equivalent"
    nuclear = "nuclear " if detector.electron_targets and detector.nuclei else ""
    asked = max(detector.edges[0], detector.least_ionisation)
    if max(seen) > asked:  # what the reader asks for is within reach
        return (
            f"efficiency: got 0 wherever {nuclear}events are expected; allowed: above 0 somewhere "
            f"from {asked / KEV:g} to {max(seen) / KEV:.3g} keV, the largest {kind} energy that "
            f"{experiment.flux.title} gives in {detector.target.name}"
        )
    meant = (
        f"; did you mean {lowest:g} keV ({lowest / KEV:g} eV)?" if lowest * KEV < max(seen) else ""
    )
    return (
        f"threshold: got {lowest / KEV:g} keV, above which no {nuclear}events are expected; "
        f"allowed: below {max(seen) / KEV:.3g} keV, the largest {kind} energy that "
        f"{experiment.flux.title} gives in {detector.target.name}{meant} (in a file: threshold_keV)"
    )


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
    totals = fold(experiment).events(interaction).sum(axis=1).tolist()
    return dict(zip((part.name for part in experiment.flux.components), totals, strict=True))


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
    return float(binned_counts(experiment, interaction, beam).sum())


def binned_counts(
    experiment: Experiment, interaction: Interaction, beam: str = "all"
) -> NDArray[np.float64]:
    """Return the expected number of events in each bin of the detector.

    Parameters
    ----------
    experiment, interaction, beam
        See `expected_counts`.

    Returns
    -------
    ndarray, shape (bins,)
        Events in the whole exposure.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from cevnslib import experiments
    >>> from cevnslib.physics import interactions
    >>> conus = experiments.load("conus")
    >>> detector = replace(conus.detector, threshold=0.0, bins=(0.1e-3, 0.2e-3, 0.4e-3))
    >>> in_two = replace(conus, detector=detector)
    >>> binned_counts(in_two, interactions.StandardModel()).round(0)
    array([4374.,  281.])
    """
    folding = fold(experiment)
    rows = _rows(experiment, beam)
    return np.asarray(folding.events(interaction)[rows].sum(axis=0))


def _rows(experiment: Experiment, beam: str) -> list[int]:
    """Return which components of the flux are chosen."""
    chosen = [part.name for part in experiment.flux.select(beam)]
    return [i for i, part in enumerate(experiment.flux.components) if part.name in chosen]


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
    return np.asarray(moment_matrices(experiment, parameters, beam, interaction).sum(axis=0))


def moment_matrices(
    experiment: Experiment,
    parameters: OscillationParameters = TALK_2019,
    beam: str = "all",
    interaction: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> NDArray[np.complex128]:
    """Return the matrix K of each bin, of shape (bins, 3, 3); see `moment_matrix`.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> moment_matrices(experiments.load("conus")).shape
    (1, 3, 3)
    """
    checked_kind("parameters", parameters, OscillationParameters)
    events = fold(experiment).events(interaction)
    return matrices_of_events(events, experiment, beam, parameters)


def matrices_of_events(
    events: NDArray[np.float64],
    experiment: Experiment,
    beam: str,
    parameters: OscillationParameters,
) -> NDArray[np.complex128]:
    """Return the moment matrix of each bin from the events of each component in each bin."""
    rows = _rows(experiment, beam)
    projectors = [_projector(experiment.flux.components[row], parameters) for row in rows]
    matrices: NDArray[np.complex128] = np.einsum("cb,cij->bij", events[rows], projectors)
    return matrices


def _projector(component: Component, parameters: OscillationParameters) -> NDArray[np.complex128]:
    r"""Return what its flavours make of the moments, :math:`1 - U^\dagger \rho U`.

    Antineutrinos have the complex conjugate of their density matrix.
    """
    if component.flavour is not None:
        return flavour_projector(component.flavour, parameters)
    rho, U = np.array(component.density), pmns(parameters)
    mixed = U.conj().T @ (rho.conj() if component.antineutrino else rho) @ U
    projector: NDArray[np.complex128] = np.eye(3) - (mixed + mixed.conj().T) / 2
    return projector


def recoil_spectrum(
    experiment: Experiment, T: ArrayLike, interaction: Interaction, beam: str = "all"
) -> NDArray[np.float64]:
    """Return the expected number of counted nuclear recoils per MeV of recoil energy.

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
    nuclides = [nuclide for nuclide, _ in detector.nuclear_targets]
    T = coherent_recoil("recoil energy T", T, *nuclides)
    total, flat = np.zeros(T.size), T.reshape(1, -1)
    for struck, numbers in nuclei_of(detector, interaction):
        weight = numbers * detector._weight(flat, struck)
        total += np.sum(weight * _density(experiment, interaction, struck, flat, beam), axis=0)
    return total.reshape(T.shape)


def measured_spectrum(
    experiment: Experiment, E: ArrayLike, interaction: Interaction, beam: str = "all"
) -> NDArray[np.float64]:
    r"""Return the expected number of counted events per MeV of measured energy.

    .. math:: \frac{dN}{dE} = \sum_\text{struck} \frac{dN}{dT} \Big/ \left|\frac{dE}{dT}\right|

    Parameters
    ----------
    experiment, interaction, beam
        See `expected_counts`.
    E : array_like
        Measured energy in MeV, any shape, above 0: the electron-equivalent energy if the detector
        has a quenching, else the recoil energy. A resolution smears the chance to be counted but
        not this axis: what is smeared is counted in bins, see `binned_counts`.

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
    detector, quenching = experiment.detector, experiment.detector.quenching
    nuclides = [nuclide for nuclide, _ in detector.nuclear_targets]
    E = coherent_recoil("measured energy E", E, *nuclides)
    flat = E.reshape(1, -1)
    chance, total = detector._acceptance(flat), np.zeros(E.size)

    def add(struck: Any, numbers: Any, T: NDArray[np.float64], level: Any) -> None:
        weight = numbers * chance[:, level]
        if isinstance(struck, Electron):
            weight = weight * struck._available(T)
        else:
            weight = weight * detector._chance_of_recoil(T)
            if quenching is not None:
                weight = weight / np.abs(quenching._slope(T, struck))
        density = weight * _density(experiment, interaction, struck, T, beam)
        np.add.at(total, level, density.sum(axis=0))

    every = np.arange(E.size)
    for struck, numbers in nuclei_of(detector, interaction):
        if quenching is None:
            add(struck, numbers, flat, every)
        elif quenching.rising:
            rows = np.broadcast_to(flat, (len(numbers), E.size))
            add(struck, numbers, quenching._answer("nuclear_recoil", rows, struck), every)
        else:  # an energy may be that of several recoils
            for each, number in zip(each_of(struck), numbers, strict=True):
                T, level = quenching._crossings(flat[0], each)
                add(each, number, T[np.newaxis], level)
    for electron, number in detector.electron_targets:
        add(electron, number, flat, every)
    return total.reshape(E.shape)


def _density(
    experiment: Experiment,
    interaction: Interaction,
    struck: Struck,
    T: NDArray[np.float64],
    beam: str,
) -> NDArray[np.float64]:
    """Return recoils per MeV of one thing struck, in the whole exposure."""
    chosen = experiment.flux.select(beam)
    fluences = np.array([component.intensity for component in chosen]) * experiment.exposure
    fluences *= experiment.shares_in_time[_rows(experiment, beam)].sum(axis=1)
    density: Any = 0.0
    for part in interaction.parts:
        # Another interaction is often asked for at the same recoils.
        moments: dict[int, NDArray[np.float64]] = {}
        if recoils_as(part, Interaction):
            kept = fold(experiment)._known
            last = kept.get("spectrum", (None, "", None, None))  # one thing, for threads' sake
            if last[0] is not struck or last[1] != beam or not np.array_equal(last[2], T):
                last = kept["spectrum"] = (struck, beam, T, moments)
            moments = last[3]
        E_min = part._minimum_energy(T, struck)
        folded = averaged(part, struck, T, E_min, chosen, moments, part.lowest)
        density = density + np.einsum("c,cij->ij", fluences, folded)
    return np.asarray(density)
