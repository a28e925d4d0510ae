r"""Regions of two transition moments, and of several experiments together.

Where phases, or a third moment, are not shown, they are zero or hide the others best: the fewest
events are then closed forms of the matrix K of `cevnslib.studies.moments.Constraint`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import (
    checked,
    checked_choice,
    checked_integer,
    checked_kind,
    checked_shapes,
    checked_tuple,
)
from ..errors import DomainError, quoted
from ..physics.mixing import complex_moments
from .moments import BLIND, TREATMENTS, Constraint, checked_moment_matrix

__all__ = ["boundary", "combined_delta_chi2", "least_counts"]


def least_counts(
    matrix: NDArray[np.complex128],
    pair: tuple[int, int],
    x: ArrayLike,
    y: ArrayLike,
    *,
    third: str = "zero",
    phases: str = "zero",
) -> NDArray[np.float64]:
    r"""Return the fewest magnetic events that two moduli can cause.

    A profiled phase turns the cross term to minus the modulus of K_ij. A profiled third moment k
    takes the square of the k-th component of K Lambda, over K_kk, off: always if its phase is free,
    and with zero phases if that component is negative.

    Parameters
    ----------
    matrix : ndarray of complex, shape (3, 3)
        K, events per Bohr magneton squared.
    pair : (int, int)
        Which two moments, of 1, 2 and 3.
    x, y : array_like
        Their moduli in Bohr magnetons, at least 0; the shapes are broadcast.
    third : {"zero", "profiled"}, optional
        The third moment: zero, or any size that makes the events fewest.
    phases : {"zero", "profiled"}, optional
        The phases of all moments: zero, or what makes the events fewest.

    Returns
    -------
    ndarray
        :math:`\min \Lambda^\dagger K \Lambda`, the broadcast shape, at least 0.

    Examples
    --------
    >>> K = np.array([[2, 1j, 0], [-1j, 2, 0], [0, 0, 1]])
    >>> least_counts(K, (1, 2), 1.0, [0.0, 1.0], phases="profiled")
    array([2., 2.])
    """
    i, j = _checked_pair(pair, third, phases)
    x = checked("first modulus", x, "mu_B", at_least=0)
    y = checked("second modulus", y, "mu_B", at_least=0)
    checked_shapes(x=x, y=y)
    return _least_counts(checked_moment_matrix(matrix), (i, j), x, y, third, phases)


def _checked_pair(pair: tuple[int, int], third: str, phases: str) -> tuple[int, int]:
    for name, value in (("third", third), ("phases", phases)):
        checked_choice(f"treatment of the {name}", value, TREATMENTS)
    if not isinstance(pair, tuple | list) or len(pair) != 2 or pair[0] == pair[1]:
        raise DomainError(f"pair: got {quoted(pair)}; allowed: two different numbers of 1, 2 and 3")
    i, j = (checked_integer("one of the pair", k, at_least=1, at_most=3) - 1 for k in pair)
    return i, j


def _least_counts(
    K: NDArray[np.complex128],
    pair: tuple[int, int],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    third: str,
    phases: str,
) -> NDArray[np.float64]:
    i, j = pair
    k = 3 - i - j
    seen = K[k, k].real or np.inf  # what is not seen of the third hides nothing
    if third == phases == "profiled":
        # A free complex third moment: the Schur complement of K on the other two.
        K = K - np.outer(K[:, k], K[k, :]) / seen
    cross = -np.abs(K[i, j]) if phases == "profiled" else K[i, j].real
    counts = K[i, i].real * x**2 + 2 * cross * x * y + K[j, j].real * y**2
    if third == "profiled" and phases == "zero":
        hidden = np.minimum(K[k, i].real * x + K[k, j].real * y, 0.0)
        counts = counts - hidden**2 / seen
    fewest: NDArray[np.float64] = np.maximum(counts, 0.0)
    return fewest


def boundary(
    constraint: Constraint,
    pair: tuple[int, int],
    *,
    third: str = "zero",
    phases: str = "zero",
    confidence: float = 0.90,
    points: int = 181,
) -> NDArray[np.float64]:
    r"""Return the boundary of the allowed region of two moduli.

    Parameters
    ----------
    constraint : Constraint
        What an experiment says of the moments.
    pair, third, phases
        See `least_counts`.
    confidence : float, optional
        Confidence level for two parameters: Delta chi2 = 4.61 at 90%.
    points : int, optional
        Number of directions between the two axes, from 2 to 1 000 000.

    Returns
    -------
    ndarray, shape (2, points)
        The two moduli in Bohr magnetons, from the first axis to the second.

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.studies.moments import constraint
    >>> csi = constraint(experiments.load("coherent-csi"), "prompt")
    >>> (boundary(csi, (1, 2), points=2) / 1e-10).round(1)
    array([[98.2,  0. ],
           [ 0. , 99.6]])
    """
    checked_kind("constraint", constraint, Constraint)
    checked_integer("points", points, at_least=2, at_most=1_000_000)
    both = _checked_pair(pair, third, phases)
    allowed = constraint.allowed_counts(confidence, parameters=2)
    angle = np.linspace(0, np.pi / 2, points)
    direction = np.stack([np.cos(angle), np.sin(angle)])
    direction[0, -1] = 0.0
    fewest = _least_counts(constraint.matrix, both, direction[0], direction[1], third, phases)
    seen = fewest > BLIND * constraint.matrix.diagonal().real.max()
    radius = np.sqrt(allowed / np.where(seen, fewest, 1.0))
    return np.where(seen, radius * direction, np.where(direction > 0, np.inf, 0.0))


def combined_delta_chi2(
    constraints: Sequence[Constraint], moments: ArrayLike
) -> NDArray[np.float64]:
    """Return the chi2 of several experiments less that at the best fit of their sum.

    Errors of different experiments are taken to be independent; where they share some, see
    `cevnslib.studies.spectral`. Moments have the shape (..., 3).

    Examples
    --------
    >>> from cevnslib import experiments
    >>> from cevnslib.studies.moments import constraint
    >>> csi = constraint(experiments.load("coherent-csi"))
    >>> bool(combined_delta_chi2([csi, csi], [5e-9, 0, 0]) == 2 * csi.delta_chi2([5e-9, 0, 0]))
    True
    """
    given = checked_tuple("constraints", constraints, Constraint)
    return _summed_chi2(given, complex_moments(moments)) - _least_sum(given)


def _summed_chi2(
    constraints: Sequence[Constraint], moments: NDArray[np.complex128]
) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.sum(
        [c.chi2._at(c.signal + c._magnetic_counts(moments)) for c in constraints], axis=0
    )
    return total


def _least_sum(constraints: Sequence[Constraint]) -> float:
    """Return the least chi2 of a sum over all moments."""
    at_zero = [float(c.chi2._at(np.array(c.signal))) for c in constraints]
    if all(c.least_chi2 == least for c, least in zip(constraints, at_zero, strict=True)):
        return sum(at_zero)  # no experiment sees more than the Standard Model gives
    from scipy.optimize import minimize

    def chi2(x: NDArray[np.float64]) -> float:
        moments = np.array(size * (x[:3] + 1j * x[3:]), dtype=np.complex128)
        return float(_summed_chi2(constraints, moments))

    K = sum((c.matrix / c.matrix.trace().real for c in constraints), np.zeros((3, 3)))
    least = sum(at_zero)
    for direction in (*np.linalg.eigh(K)[1].T, *np.eye(3)):
        # The most that any experiment allows along a direction sets the size of the moments.
        counts = [float(c._magnetic_counts(direction + 0j)) for c in constraints]
        excess = [abs(float(c.chi2.observed) - c.chi2.background - c.signal) for c in constraints]
        sizes = [(e / n) ** 0.5 for e, n in zip(excess, counts, strict=True) if n > 0]
        size = max(sizes, default=0.0)
        start = 0.7 * np.concatenate([direction.real, direction.imag])
        least = min(least, float(minimize(chi2, start, method="BFGS", tol=1e-12).fun))
    return least
