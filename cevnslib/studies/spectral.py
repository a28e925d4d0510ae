r"""What spectra say of the moments: data in bins, of one experiment or of several together.

In bin b of a data set :math:`N_b = S_b + \Lambda^\dagger K_b \Lambda` events are expected, with the
Standard Model's :math:`S_b` and a Hermitian matrix of each bin. Moments are in Bohr magnetons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked_choice, checked_kind, checked_number, checked_tuple
from ..errors import ConfigurationError, DomainError
from ..experiments import Experiment
from ..folding import fold
from ..physics.interactions import Interaction, MagneticMoment
from ..physics.mixing import TALK_2019, OscillationParameters, complex_moments
from ..physics.neutrinos import FLAVOURS
from ..rates import matrices_of_events
from ..statistics.counts import Counts
from ..statistics.goodness import SUSPECT, Goodness
from ..statistics.likelihood import Likelihood
from ..statistics.strengths import Strengths, strengths

__all__ = [
    "SpectralConstraint",
    "spectral_constraint",
]
Floats = NDArray[np.float64]
Pieces = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class SpectralConstraint:
    """What data sets together say of the transition moments; made by `spectral_constraint`.

    Its methods tell by `cevnslib.errors.BadFitWarning` where even the best fit is bad.

    Parameters
    ----------
    signals : mapping of str to ndarray, shape (bins,)
        Events of the Standard Model in each bin, by the names of the data sets.
    matrices : mapping of str to ndarray of complex, shape (bins, 3, 3)
        The matrix K of each bin.
    flavours : mapping of str to ndarray, shape (3, bins)
        The events of one Bohr magneton of nu_e, nu_mu and nu_tau.
    likelihood : Likelihood
        The data sets with their nuisances.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.statistics.counts import PoissonCounts
    >>> csi = experiments.load("coherent-csi")
    >>> as_expected = PoissonCounts("csi", [180.2])
    >>> constraint = spectral_constraint({"csi": csi}, [as_expected], beam="prompt")
    >>> (constraint.limits() / 1e-10).round(1)
    array([31.7, 32.2, 41.1])
    """

    signals: Mapping[str, Floats]
    matrices: Mapping[str, NDArray[np.complex128]]
    flavours: Mapping[str, Floats]
    likelihood: Likelihood

    def counts(self, moments: ArrayLike) -> dict[str, Floats]:
        """Return the expected events in the bins of each data set.

        Moments of shape (..., 3) give events of shape (..., bins).
        """
        vectors = complex_moments(moments)
        return {name: self._counts(name, vectors) for name in self.signals}

    def _counts(self, name: str, vectors: NDArray[np.complex128]) -> Floats:
        magnetic = np.einsum("...i,bij,...j->...b", vectors.conj(), self.matrices[name], vectors)
        return np.asarray(self.signals[name] + np.maximum(magnetic.real, 0.0))

    def chi2(self, moments: ArrayLike) -> Floats:
        """Return -2 ln L of all data, minimised over the nuisances: (..., 3) gives (...)."""
        return self.likelihood(self.counts(moments))

    def interval_along(self, direction: ArrayLike, confidence: float = 0.90) -> Pieces:
        """Return all pieces in which the size of the moments along a direction is allowed.

        Parameters
        ----------
        direction : array_like of complex, shape (3,)
            Ratios and phases of the three moments; of any length but zero.
        confidence : float, optional
            Between 0 and 1.

        Returns
        -------
        tuple of (float, float)
            Ends in Bohr magnetons, the last infinite where the experiments are blind.
        """
        vector = complex_moments(direction)
        if vector.ndim != 1:
            raise DomainError(f"direction: got the shape {vector.shape}; allowed: (3,)")
        size = checked_number("length of the direction", np.linalg.norm(vector), above=0)
        return self._interval(self._along(vector / size), confidence)

    def _along(self, unit: NDArray[np.complex128]) -> dict[str, Floats]:
        """Return the events in each bin of moments of one Bohr magneton along a direction."""
        return {name: self._counts(name, unit) - self.signals[name] for name in self.signals}

    def limits(self, confidence: float = 0.90) -> Floats:
        """Return the upper limits on the three moments, one at a time."""
        pieces = [self.interval_along(row, confidence) for row in np.eye(3)]
        return np.array([each[-1][1] for each in pieces])

    def effective_interval(self, flavour: str, confidence: float = 0.90) -> Pieces:
        """Return all pieces in which the effective moment of one flavour is allowed.

        Parameters
        ----------
        flavour : {"e", "mu", "tau"}
            Of neutrinos and antineutrinos; the others have no moment.
        confidence : float, optional
            Between 0 and 1.
        """
        row = FLAVOURS.index(checked_choice("flavour", flavour, FLAVOURS))
        weights = {name: events[row] for name, events in self.flavours.items()}
        return self._interval(weights, confidence)

    def effective_limit(self, flavour: str, confidence: float = 0.90) -> float:
        """Return the upper limit on the effective moment; see `effective_interval`."""
        return self.effective_interval(flavour, confidence)[-1][1]

    def _interval(self, weights: Mapping[str, Floats], confidence: float) -> Pieces:
        """Return where a moment is allowed that adds its square times these events."""
        squares = self._squares(weights, confidence)
        if squares.chi2 > SUSPECT:
            self._goodness(squares, weights).warn(stacklevel=3)
        return roots(squares.pieces)

    def _squares(self, weights: Mapping[str, Floats], confidence: float) -> Strengths:
        return strengths(self.likelihood, [self.signals, weights], confidence)

    def _goodness(self, squares: Strengths, weights: Mapping[str, Floats]) -> Goodness:
        """Return how good the best fit is; a moment of 0 is at the boundary and not fitted."""
        best = {name: self.signals[name] + squares.best * weights[name] for name in weights}
        return self.likelihood.goodness_of_fit(best, fitted=int(squares.best > 0))


def roots(pieces: Pieces) -> Pieces:
    """Return pieces of a moment from those of its square."""
    return tuple((low**0.5, high**0.5) for low, high in pieces)


def spectral_constraint(
    experiments: Mapping[str, Experiment],
    data: Sequence[Counts],
    *,
    beam: str = "all",
    parameters: OscillationParameters = TALK_2019,
    standard_model: Interaction | None = None,
    magnetic: Interaction = MagneticMoment(),  # noqa: B008, it is frozen
) -> SpectralConstraint:
    """Compute what data in bins say of the transition moments.

    Parameters
    ----------
    experiments : mapping of str to Experiment
        By the names of the data sets; the bins of its detector are those of the data. What an
        experiment says of a measurement itself plays no part.
    data : sequence of Counts
        The data sets. They share nuisances by their names, such as the error of a flux.
    beam : str, optional
        Whose magnetic signal counts, see `cevnslib.studies.moments.constraint`.
    parameters, standard_model, magnetic
        See `cevnslib.studies.moments.constraint`; by default what scatters neutrinos without a
        moment is what each experiment says.

    Raises
    ------
    ConfigurationError
        If the names of experiments and data sets differ, or their bins.

    Examples
    --------
    >>> from cevnslib.experiments import load
    >>> from cevnslib.statistics.counts import GaussianCounts
    >>> from cevnslib.statistics.templates import Nuisance
    >>> both = {name: load(name, "projected") for name in ("coherent-csi", "coherent-lar")}
    >>> flux = Nuisance("flux", 0.1)  # what the two have in common
    >>> data = [
    ...     GaussianCounts("coherent-csi", 84900.0, variance=93400.0, variations={flux: 1}),
    ...     GaussianCounts("coherent-lar", 130400.0, variance=143400.0, variations={flux: 1}),
    ... ]
    >>> constraint = spectral_constraint(both, data)
    >>> sorted(constraint.signals)
    ['coherent-csi', 'coherent-lar']
    """
    checked_kind("experiments", experiments, Mapping)
    checked_kind("parameters", parameters, OscillationParameters)
    if standard_model is not None:
        checked_kind("standard_model", standard_model, Interaction)
    likelihood = Likelihood(checked_tuple("data", data, Counts))
    names = [each.name for each in likelihood.data]
    if sorted(experiments) != sorted(names):
        raise ConfigurationError(
            f"experiments: got the names {', '.join(map(str, experiments))}; allowed: those of the "
            f"data, {', '.join(names)}"
        )
    signals, matrices, flavours = {}, {}, {}
    for each in likelihood.data:
        experiment = experiments[each.name]
        folding = fold(experiment)
        signal = folding.events(standard_model or experiment.interaction).sum(axis=0)
        if signal.shape != each.observed.shape:
            raise ConfigurationError(
                f"data {each.name}: got {len(each.observed)} bins; allowed: {len(signal)}, as many "
                "as the detector has"
            )
        events = folding.events(magnetic)
        chosen = experiment.flux.select(beam)
        shares = np.array(
            [
                component.shares if component in chosen else (0, 0, 0)
                for component in folding.components
            ]
        )
        signals[each.name] = signal
        matrices[each.name] = matrices_of_events(events, experiment, beam, parameters)
        flavours[each.name] = shares.T @ events
    return SpectralConstraint(signals, matrices, flavours, likelihood)
