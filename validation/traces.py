"""Cross sections of neutrinos on a fermion at rest, from matrices of Dirac multiplied out.

No closed form enters: an interaction is a list of pairs of vertices, of the neutrino and of what is
struck, whose products are summed in the amplitude.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.complex128]
#: Vertices of the neutrino and of what is struck.
Vertices = list[tuple[Matrix, Matrix]]

_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
#: The matrices of Dirac in the chiral representation.
GAMMA = np.zeros((4, 4, 4), dtype=np.complex128)
GAMMA[0, :2, 2:] = GAMMA[0, 2:, :2] = np.eye(2)
GAMMA[1:, :2, 2:], GAMMA[1:, 2:, :2] = _PAULI, -_PAULI
ONE = np.eye(4, dtype=np.complex128)
GAMMA_5 = np.diag([-1.0, -1.0, 1.0, 1.0]).astype(np.complex128)
LEFT = (ONE - GAMMA_5) / 2
METRIC = np.diag([1.0, -1.0, -1.0, -1.0])


def slash(vector: Iterable[float]) -> Matrix:
    """Return a vector times the matrices of Dirac."""
    slashed: Matrix = np.einsum("a,ab,bij->ij", np.array(vector), METRIC, GAMMA)
    return slashed


def vector(g_vector: float, g_axial: float = 0.0) -> Vertices:
    """Return the vertices of (nu gamma^a P_L nu)(f gamma_a (g_V - g_A gamma_5) f)."""
    right = g_vector * ONE - g_axial * GAMMA_5
    return [(METRIC[a, a] * GAMMA[a] @ LEFT, GAMMA[a] @ right) for a in range(4)]


def scalar(strength: float) -> Vertices:
    """Return the vertices of (chi P_L nu)(f f)."""
    return [(strength * LEFT, ONE)]


def dipole(strength: float, q: NDArray[np.float64]) -> Vertices:
    """Return the vertices of (chi i sigma^ab q_b P_L nu)(f gamma_a f)."""
    commutators = [(g @ slash(q) - slash(q) @ g) / 2 for g in GAMMA]
    return [(strength * METRIC[a, a] * commutators[a] @ LEFT, GAMMA[a]) for a in range(4)]


def momenta(T: float, E: float, M: float, m: float = 0.0) -> tuple[NDArray[np.float64], ...]:
    """Return the momenta of neutrino and struck fermion before and after."""
    k, p = np.array([E, 0, 0, E]), np.array([M, 0, 0, 0])
    along = E - T - (m**2 + 2 * M * T) / (2 * E)
    k_out = np.array([E - T, math.sqrt((E - T) ** 2 - m**2 - along**2), 0, along])
    p_out = p + k - k_out
    assert abs(p_out @ METRIC @ p_out - M**2) < 1e-12 * (E + M) ** 2
    return k, p, k_out, p_out


def cross_section(
    vertices: Vertices, T: float, E: float, M: float, m: float = 0.0, antineutrino: bool = False
) -> float:
    """Return dsigma/dT in 1/MeV^3: the squared amplitude over 32 pi M E^2."""
    k, p, k_out, p_out = momenta(T, E, M, m)
    before, after = slash(p) + M * ONE, slash(p_out) + M * ONE
    total = 0j
    for lepton, struck in vertices:
        for other_lepton, other_struck in vertices:
            bar_lepton, bar_struck = (
                GAMMA[0] @ x.conj().T @ GAMMA[0] for x in (other_lepton, other_struck)
            )
            if antineutrino:
                leptons = slash(k) @ lepton @ (slash(k_out) - m * ONE) @ bar_lepton
            else:
                leptons = (slash(k_out) + m * ONE) @ lepton @ slash(k) @ bar_lepton
            nucleus = after @ struck @ before @ bar_struck
            total += np.trace(leptons) * np.trace(nucleus) / 2
    assert abs(total.imag) < 1e-9 * abs(total.real)
    return float(total.real) / (32 * math.pi * M * E**2)
