r"""Regions of two transition moments, exactly from the moment matrices.

With the third moment and the phases zero or profiled, the fewest magnetic events that two moduli
can cause grow as the square of their size along any direction. So the boundary of a region is a
closed form in that direction; nothing is scanned at random.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import (
    DomainError,
    checked,
    checked_choice,
    checked_integer,
    checked_kind,
    checked_shapes,
    checked_tuple,
    quoted,
)
from .limits import TREATMENTS, Constraint, checked_moment_matrix

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

    Raises
    ------
    UnknownNameError
        If a treatment is not one of the two.
    DomainError
        If the pair is none, a modulus negative or not finite, their shapes do not broadcast, or
        the matrix is not Hermitian and positive semidefinite.

    Notes
    -----
    A profiled phase turns the cross term to minus the modulus of K_ij. A profiled third moment k
    takes the square of the k-th component of K Lambda, over K_kk, off: always if its phase is free,
    and with zero phases if that component is negative.

    Examples
    --------
    >>> K = np.array([[2, 1j, 0], [-1j, 2, 0], [0, 0, 1]])
    >>> least_counts(K, (1, 2), 1.0, [0.0, 1.0], phases="profiled")
    array([2., 2.])
    """
    for name, value in (("third", third), ("phases", phases)):
        checked_choice(f"treatment of the {name}", value, TREATMENTS)
    if not isinstance(pair, tuple | list) or len(pair) != 2 or pair[0] == pair[1]:
        raise DomainError(f"pair: got {quoted(pair)}; allowed: two different numbers of 1, 2 and 3")
    i, j = (checked_integer("one of the pair", one, at_least=1, at_most=3) - 1 for one in pair)
    x = checked("first modulus", x, "mu_B", at_least=0)
    y = checked("second modulus", y, "mu_B", at_least=0)
    k = 3 - i - j
    checked_shapes(x=x, y=y)
    K = checked_moment_matrix(matrix)
    seen = K[k, k].real or np.inf  # what is not seen of the third hides nothing
    if third == phases == "profiled":
        # A free complex third moment: the Schur complement of K on the other two.
        K = K - np.outer(K[:, k], K[k, :]) / seen
    cross = -np.abs(K[i, j]) if phases == "profiled" else K[i, j].real
    counts = K[i, i].real * x**2 + 2 * cross * x * y + K[j, j].real * y**2
    if third == "profiled" and phases == "zero":
        pull = np.minimum(K[k, i].real * x + K[k, j].real * y, 0.0)
        counts = counts - pull**2 / seen
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
    pair : (int, int)
        Which two moments, of 1, 2 and 3.
    third, phases : {"zero", "profiled"}, optional
        See `least_counts`.
    confidence : float, optional
        Confidence level for two parameters: Delta chi2 = 4.61 at 90%.
    points : int, optional
        Number of directions between the two axes, from 2 to 1 000 000.

    Returns
    -------
    ndarray, shape (2, points)
        The two moduli in Bohr magnetons, from the first axis to the second; infinite in a direction
        to which the experiment is blind.

    Raises
    ------
    UnknownNameError
        If a treatment is not one of the two.
    DomainError
        If the pair is none, or there are fewer than two points.
    NoLimitError
        If the systematic pull absorbs any signal.

    Examples
    --------
    >>> from cevnslib import experiments, limits
    >>> csi = limits.constraint(experiments.load("coherent-csi"), "prompt")
    >>> ends = boundary(csi, (1, 2), points=2) / 1e-10
    >>> ends.round(1)
    array([[98.2,  0. ],
           [ 0. , 99.6]])
    """
    checked_kind("constraint", constraint, Constraint)
    checked_integer("points", points, at_least=2, at_most=1_000_000)
    allowed = constraint.allowed_counts(confidence, parameters=2)
    angle = np.linspace(0, np.pi / 2, points)
    direction = np.stack([np.cos(angle), np.sin(angle)])
    direction[0, -1] = 0.0
    fewest = least_counts(
        constraint.matrix, pair, direction[0], direction[1], third=third, phases=phases
    )
    seen = fewest > 1e-12 * constraint.matrix.diagonal().real.max()
    radius = np.sqrt(allowed / np.where(seen, fewest, 1.0))
    return np.where(seen, radius * direction, np.where(direction > 0, np.inf, 0.0))


def combined_delta_chi2(
    constraints: Sequence[Constraint], moments: ArrayLike
) -> NDArray[np.float64]:
    """Return the summed Delta chi2 of several experiments.

    Parameters
    ----------
    constraints : sequence of Constraint
        What each experiment says; at least one.
    moments : array_like, shape (..., 3)
        Lambda_1, Lambda_2, Lambda_3, complex, in Bohr magnetons.

    Returns
    -------
    ndarray, shape (...)
        The sum of chi2, each less its own least value over mu^2 >= 0. That is the least value of
        the sum where all experiments are best fitted without a moment, as projections are.

    Raises
    ------
    DomainError
        If there is no constraint, or the last axis does not hold three finite numbers.

    Examples
    --------
    >>> from cevnslib import experiments, limits
    >>> names = ("coherent-hpge", "coherent-lar")
    >>> both = [limits.constraint(experiments.load(name)) for name in names]
    >>> combined_delta_chi2(both, [[0, 0, 0], [50e-10, 0, 0]]).round(2)
    array([ 0.  , 15.14])
    """
    each = checked_tuple("constraints", constraints, Constraint)
    total: NDArray[np.float64] = np.sum([one.delta_chi2(moments) for one in each], axis=0)
    return total
