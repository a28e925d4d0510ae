r"""Nuclear form factors F(q), normalised to F(0) = 1.

Each takes the momentum transfer :math:`q=\sqrt{2 m_A T}/\hbar c` in 1/fm, any shape, at least 0,
and a nuclide, and returns F in the shape of q; lengths are in fm, at least 0. Any of them can be
handed to an interaction; a reader's own function of the same two arguments works too, and
`ProtonNeutron` holds one for each kind of nucleon.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import checked, checked_fields, checked_kind, checked_number
from .targets import Nuclide

__all__ = [
    "FormFactor",
    "ProtonNeutron",
    "helm",
    "klein_nystrand",
    "point_like",
    "symmetrized_fermi",
]
#: Momentum transfers in 1/fm below this count as 0.
_LEAST = 1e-30
FormFactor = Callable[[NDArray[np.float64], Nuclide], NDArray[np.float64]]


def _momentum(q: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
    checked_kind("nuclide", nuclide, Nuclide)
    return checked("momentum transfer q", q, "1/fm", at_least=0)


#: The power series of 3 j_1(x)/x in x^2, last term first; they reach rounding below x = 1/2.
_SERIES = [(-1) ** k * 6 * (k + 1) / math.factorial(2 * k + 3) for k in range(6, -1, -1)]


def _sphere(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Form factor 3 j_1(x)/x of a uniform sphere, 1 at x = 0."""
    if np.max(x, initial=0.0) < 0.5:
        return _near_zero(x)
    y = np.maximum(x, 0.5)
    values: NDArray[np.float64] = 3 * (np.sin(y) / y - np.cos(y)) / y**2
    return np.where(x < 0.5, _near_zero(np.minimum(x, 0.5)), values)


def _near_zero(x: NDArray[np.float64]) -> NDArray[np.float64]:
    square = x**2
    series = np.full(x.shape, _SERIES[0])
    for term in _SERIES[1:]:
        series *= square
        series += term
    return series


def helm(q: ArrayLike, nuclide: Nuclide, *, a: float = 0.52, s: float = 0.9) -> NDArray[np.float64]:
    r"""Helm form factor: a uniform sphere folded with a Gaussian skin.

    .. math:: F = \frac{3 j_1(qR)}{qR} e^{-q^2 s^2/2}, \quad
              R^2 = c^2 + \tfrac73 \pi^2 a^2 - 5 s^2, \quad c = 1.23 A^{1/3} - 0.60\ \mathrm{fm}

    Parameters
    ----------
    q, nuclide
        See the module.
    a, s : float, optional
        Diffuseness and skin thickness.

    References
    ----------
    R. H. Helm, Phys. Rev. 104 (1956) 1466; J. D. Lewin and P. F. Smith, Astropart. Phys. 6 (1996)
    87, eqs. 4.7 and 4.11.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> helm([0.0, 0.5, 1.0], nuclide("Cs133")).round(4)
    array([ 1.    ,  0.3304, -0.0572])
    """
    q = _momentum(q, nuclide)
    a, s = checked_number("a", a, "fm", at_least=0), checked_number("s", s, "fm", at_least=0)
    checked_number("s", s, "fm", at_most=np.sqrt(_edge(nuclide, a) / 5))
    return _helm(q, nuclide, a, s)


def _edge(nuclide: Nuclide, a: float) -> float:
    c = 1.23 * nuclide.nucleons ** (1 / 3) - 0.60
    edge: float = c**2 + 7 / 3 * np.pi**2 * a**2
    return edge


def _helm(
    q: NDArray[np.float64], nuclide: Nuclide, a: float = 0.52, s: float = 0.9
) -> NDArray[np.float64]:
    radius = np.sqrt(_edge(nuclide, a) - 5 * s**2)
    return _sphere(q * radius) * np.exp(q**2 * (-(s**2) / 2))


def klein_nystrand(q: ArrayLike, nuclide: Nuclide, *, a: float = 0.7) -> NDArray[np.float64]:
    r"""Klein-Nystrand form factor: a uniform sphere folded with a Yukawa potential.

    .. math:: F = \frac{3 j_1(qR)}{qR} \frac{1}{1 + q^2 a^2}, \quad R = 1.23 A^{1/3}\ \mathrm{fm}

    Parameters
    ----------
    q, nuclide
        See the module.
    a : float, optional
        Range of the Yukawa potential.

    References
    ----------
    S. Klein and J. Nystrand, Phys. Rev. C 60 (1999) 014903, hep-ph/9902259.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> klein_nystrand([0.0, 0.5], nuclide("Cs133")).round(4)
    array([1.    , 0.2714])
    """
    return _klein_nystrand(_momentum(q, nuclide), nuclide, checked_number("a", a, "fm", at_least=0))


def _klein_nystrand(
    q: NDArray[np.float64], nuclide: Nuclide, a: float = 0.7
) -> NDArray[np.float64]:
    radius = 1.23 * nuclide.nucleons ** (1 / 3)
    return _sphere(q * radius) / (1 + (q * a) ** 2)


def symmetrized_fermi(q: ArrayLike, nuclide: Nuclide, *, a: float = 0.52) -> NDArray[np.float64]:
    r"""Symmetrized Fermi form factor: a sphere with a diffuse edge.

    .. math:: F = \frac{3}{(qc)^2 + (\pi q a)^2} \frac{\pi q a}{\sinh \pi q a}
              \left[\frac{\pi q a}{\tanh \pi q a}\frac{\sin qc}{qc} - \cos qc\right],
              \quad c = 1.23 A^{1/3} - 0.60\ \mathrm{fm}

    Parameters
    ----------
    q, nuclide
        See the module.
    a : float, optional
        Surface diffuseness, above 0.

    References
    ----------
    D. W. L. Sprung and J. Martorell, J. Phys. A 30 (1997) 6525.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> symmetrized_fermi([0.0, 0.5], nuclide("Cs133")).round(4)
    array([1.    , 0.3335])
    """
    return _symmetrized_fermi(_momentum(q, nuclide), nuclide, checked_number("a", a, "fm", above=0))


def _symmetrized_fermi(
    q: NDArray[np.float64], nuclide: Nuclide, a: float = 0.52
) -> NDArray[np.float64]:
    c = 1.23 * nuclide.nucleons ** (1 / 3) - 0.60
    positive = np.where(q > _LEAST, q, 1.0)
    x, y = np.pi * positive * a, positive * c
    # The bracket is (x/tanh x - 1) sin(y)/y + y j_1(y); both terms keep their digits as q -> 0.
    edge = np.where(x > 0.02, x / np.tanh(x) - 1, x**2 / 3 - x**4 / 45 + 2 * x**6 / 945)
    bracket = edge * np.sinc(y / np.pi) + y**2 / 3 * _sphere(y)
    return np.where(
        q > _LEAST, 3 / (x**2 + y**2) * (2 * x * np.exp(-x) / -np.expm1(-2 * x)) * bracket, 1.0
    )


def point_like(q: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
    """Form factor of a point: 1 everywhere.

    Examples
    --------
    >>> from cevnslib.physics.targets import nuclide
    >>> point_like([0.0, 0.5], nuclide("Cs133"))
    array([1., 1.])
    """
    return _point_like(_momentum(q, nuclide), nuclide)


def _point_like(q: NDArray[np.float64], nuclide: Nuclide) -> NDArray[np.float64]:
    return np.ones_like(q)


@dataclass(frozen=True)
class ProtonNeutron:
    """Form factors of their own for protons and neutrons, as :math:`g_p Z F_p + g_n N F_n`.

    As a function of q and a nuclide it is that of the protons, which a photon sees.

    Parameters
    ----------
    proton, neutron : callable, optional
        F(q, nuclide).

    Examples
    --------
    >>> from functools import partial
    >>> from cevnslib.physics.targets import nuclide
    >>> both = ProtonNeutron(neutron=partial(helm, a=0.7))
    >>> cs = nuclide("Cs133")
    >>> [F(0.2, cs).round(4).item() for F in (both.proton, both.neutron, both)]
    [0.8549, 0.8371, 0.8549]
    """

    proton: FormFactor = helm
    neutron: FormFactor = helm

    def __post_init__(self) -> None:
        """Refuse what is no function."""
        checked_fields(self, proton=Callable, neutron=Callable)

    def __call__(self, q: ArrayLike, nuclide: Nuclide) -> NDArray[np.float64]:
        """Return the protons' form factor."""
        return self.proton(_momentum(q, nuclide), nuclide)


def of_nucleons(
    form_factor: FormFactor, q: NDArray[np.float64], nuclide: Nuclide
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return F of the protons and of the neutrons, without a check."""
    if isinstance(form_factor, ProtonNeutron):
        return bare(form_factor.proton)(q, nuclide), bare(form_factor.neutron)(q, nuclide)
    F = bare(form_factor)(q, nuclide)
    return F, F


def bare(form_factor: FormFactor) -> FormFactor:
    """Return the formula behind a form factor of this module; another is what it is."""
    return next((formula for door, formula in _FORMULAS if door is form_factor), form_factor)


_FORMULAS: tuple[tuple[FormFactor, FormFactor], ...] = (
    (helm, _helm),
    (klein_nystrand, _klein_nystrand),
    (symmetrized_fermi, _symmetrized_fermi),
    (point_like, _point_like),
)
