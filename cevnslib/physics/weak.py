r"""Amplitudes that add up: weak couplings, and charges that interfere with them.

A neutrino that keeps its helicity, on what has the vector and axial charges :math:`Q_V` and
:math:`Q_A`, is scattered by

.. math:: \frac{d\sigma}{dT} = \frac{G_F^2 m}{\pi} \left[Q_V^2 + Q_A^2
          - (Q_V - Q_A)^2 \left(\frac{T}{E} - \frac{T^2}{2 E^2}\right)
          - (Q_V^2 - Q_A^2) \frac{m T}{2 E^2}\right].

For an electron these are :math:`g_V = g_L + g_R` and :math:`g_A = g_L - g_R`, and the formula is
exact; for antineutrinos :math:`Q_A` changes its sign. Nuclei have many spins: for them the term in
T/E, at most 2E/m, is left out. Each ``Charge`` adds to :math:`Q_V` and :math:`Q_A`; one that
changes the flavour leads to another final state, whose rate is added.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import checked_fields, checked_kind, checked_number, checked_tuple, keep
from ..constants import CODATA_2022, Constants
from .charges import Charge, Couplings
from .form_factors import FormFactor, helm
from .neutrinos import Neutrino
from .scattering import Interaction, form_factors
from .targets import Electron, Nuclide, Struck

__all__ = [
    "RADIATIVE",
    "TREE_LEVEL",
    "StandardModel",
    "WeakCouplings",
    "WeakScattering",
]
#: sin^2 of the weak mixing angle at zero momentum transfer, MS-bar.
_LOW_ENERGY = 0.23857


@dataclass(frozen=True)
class WeakCouplings(Charge):
    """Weak couplings of the nucleons and the electron.

    Parameters
    ----------
    proton_vector, neutron_vector : float
        g_p^V and g_n^V, which multiply Z and N in the weak charge.
    proton_axial, neutron_axial : float
        g_p^A and g_n^A, which multiply the unpaired protons and neutrons.
    electron_vector, electron_axial : float, optional
        g_V = 2 sin^2 theta_W - 1/2 and g_A = -1/2 of Z exchange, by default at tree level with the
        angle at zero momentum transfer.
    charged_current : float, optional
        What W exchange adds to both on an electron, if an electron (anti)neutrino comes in.

    Examples
    --------
    >>> round(RADIATIVE.proton_vector, 4), round(RADIATIVE.neutron_vector, 4)
    (0.0304, -0.5122)
    >>> from cevnslib.physics.targets import electron
    >>> TREE_LEVEL.couplings(0.1, electron("Ge"), Neutrino("e"))
    array([0.97714, 0.5    ])
    """

    proton_vector: float
    neutron_vector: float
    proton_axial: float
    neutron_axial: float
    electron_vector: float = 2 * _LOW_ENERGY - 1 / 2
    electron_axial: float = -1 / 2
    charged_current: float = 1.0

    def __post_init__(self) -> None:
        """Refuse couplings that are not finite."""
        keep(self, **{key: checked_number(key, value) for key, value in vars(self).items()})

    def _flavour_blind(self, struck: Struck) -> bool:
        return not isinstance(struck, Electron)

    def _couplings(
        self, T: NDArray[np.float64], struck: Struck, neutrino: Neutrino | None = None
    ) -> Couplings:
        if isinstance(struck, Electron):
            assert neutrino is not None
            charged = self.charged_current if neutrino.flavour == "e" else 0.0
            return self.electron_vector + charged, self.electron_axial + charged
        return self.proton_vector, self.neutron_vector, self.proton_axial, self.neutron_axial

    @classmethod
    def from_quarks(
        cls, up_left: float, up_right: float, down_left: float, down_right: float
    ) -> "WeakCouplings":
        """Add the couplings of two up and one down quark (proton), one up and two down (neutron).

        Parameters
        ----------
        up_left, up_right, down_left, down_right : float
            The chiral couplings g_u^L, g_u^R, g_d^L, g_d^R.

        Returns
        -------
        WeakCouplings
            The nucleons' couplings; Barranco, Miranda, Rashba, hep-ph/0508299.
        """
        quarks = {"up_left": up_left, "up_right": up_right}
        quarks |= {"down_left": down_left, "down_right": down_right}
        left_up, right_up, left_down, right_down = (
            checked_number(name, value) for name, value in quarks.items()
        )
        up_vector, down_vector = left_up + right_up, left_down + right_down
        up_axial, down_axial = left_up - right_up, left_down - right_down
        return cls(
            proton_vector=2 * up_vector + down_vector,
            neutron_vector=up_vector + 2 * down_vector,
            proton_axial=2 * up_axial + down_axial,
            neutron_axial=up_axial + 2 * down_axial,
        )

    @classmethod
    def with_angle(
        cls,
        sin2_theta: float,
        *,
        rho: float = 1.0,
        kappa: float = 1.0,
        lambda_up_left: float = 0.0,
        lambda_down_left: float = 0.0,
        lambda_right: float = 0.0,
    ) -> "WeakCouplings":
        """Compute the couplings from the weak mixing angle and radiative corrections.

        Parameters
        ----------
        sin2_theta : float
            sin^2 of the weak mixing angle, from 0 to 1.
        rho, kappa : float, optional
            Multiplicative corrections to the couplings and to the mixing angle.
        lambda_up_left, lambda_down_left, lambda_right : float, optional
            Additive corrections; ``lambda_right`` is the up quark's, the down quark's is twice it.

        Returns
        -------
        WeakCouplings
            The nucleons' couplings; Barranco, Miranda, Rashba, hep-ph/0508299. The electron's are
            those of tree level, with this angle.
        """
        corrections = {"rho": rho, "kappa": kappa, "lambda_up_left": lambda_up_left}
        corrections |= {"lambda_down_left": lambda_down_left, "lambda_right": lambda_right}
        corrections = {name: checked_number(name, value) for name, value in corrections.items()}
        angle = checked_number("sin2_theta", sin2_theta, at_least=0, at_most=1)
        s2 = corrections["kappa"] * angle
        factor, right = corrections["rho"], corrections["lambda_right"]
        nucleons = cls.from_quarks(
            up_left=factor * (1 / 2 - 2 / 3 * s2) + corrections["lambda_up_left"],
            up_right=factor * (-2 / 3 * s2) + right,
            down_left=factor * (-1 / 2 + 1 / 3 * s2) + corrections["lambda_down_left"],
            down_right=factor * (1 / 3 * s2) + 2 * right,
        )
        return replace(nucleons, electron_vector=2 * angle - 1 / 2)


#: Tree level with the angle at zero momentum transfer, sin^2 theta_W = 0.23857.
TREE_LEVEL = WeakCouplings.with_angle(_LOW_ENERGY)
#: MS-bar angle at the Z mass with radiative corrections, as in hep-ph/0508299; the default. The
#: electron's couplings are those of `TREE_LEVEL`.
RADIATIVE = replace(
    WeakCouplings.with_angle(
        0.23120,
        rho=1.0086,
        kappa=0.9978,
        lambda_up_left=-0.0031,
        lambda_down_left=-0.0025,
        lambda_right=3.75e-5,
    ),
    electron_vector=TREE_LEVEL.electron_vector,
)


class _Amplitudes(Interaction):
    """Scattering by charges; subclasses say where these and the rest come from."""

    form_factor: FormFactor
    axial: bool
    constants: Constants

    def _charges(self) -> tuple[Charge, ...]:
        raise NotImplementedError

    def _check(self) -> None:
        checked_fields(self, form_factor=Callable, axial=bool, constants=Constants)

    def _flavour_blind(self, struck: Struck) -> bool:
        blind = all(charge._flavour_blind(struck) for charge in self._charges())
        return blind and not isinstance(struck, Electron)

    def _final_states(
        self, T: NDArray[np.float64], struck: Struck, neutrino: Neutrino | None
    ) -> list[tuple[NDArray[np.float64], Any]]:
        """Return vector and axial charge for each flavour that goes out."""
        seen, spins = self._structure(T, struck)
        same: list[Couplings] = []
        changed: dict[str, list[Couplings]] = {}
        for charge in self._charges():
            same.append(charge._couplings(T, struck, neutrino))
            for flavour, couplings in charge._changing(T, struck, neutrino).items():
                changed.setdefault(flavour, []).append(couplings)
        return [
            (
                sum(g * x for c in added for g, x in zip(c, seen, strict=False)),
                sum(g * x for c in added for g, x in zip(c[len(seen) :], spins, strict=False)),
            )
            for added in (same, *changed.values())
        ]

    def _structure(self, T: NDArray[np.float64], struck: Struck) -> tuple[Couplings, Couplings]:
        """Return what vector and axial couplings multiply: nucleons with form factors, or 1."""
        if isinstance(struck, Electron):
            return [np.ones_like(T)], [1.0]
        proton, neutron = form_factors(self.form_factor, T, struck, self.constants)
        seen = [struck.protons * proton, struck.neutrons * neutron]
        if not self.axial:
            return seen, []
        return seen, [struck.unpaired_protons * proton, struck.unpaired_neutrons * neutron]

    def _coefficients(
        self, T: NDArray[np.float64], struck: Struck, neutrino: Neutrino | None = None
    ) -> NDArray[np.float64]:
        scale = self.constants.fermi**2 * struck.mass / np.pi * self.constants.square_centimetres
        zeroth: Any = 0.0
        first: Any = 0.0
        second: Any = 0.0
        for vector, axial in self._final_states(T, struck, neutrino):
            left, right = vector**2, axial**2
            zeroth, second = zeroth + left + right, second + right - left
            if isinstance(struck, Electron):
                assert neutrino is not None
                flipped = (vector + axial if neutrino.antineutrino else vector - axial) ** 2
                first, second = first - T * flipped, second + T / struck.mass * flipped
        coefficients = np.zeros((3, *np.broadcast_shapes(T.shape, np.shape(zeroth))))
        coefficients[0], coefficients[1] = scale * zeroth, scale * first
        coefficients[2] = scale * (struck.mass / 2) * second * T
        return coefficients


@dataclass(frozen=True, init=False)
class WeakScattering(_Amplitudes):
    """Scattering by charges whose amplitudes add up; see the module for the cross section.

    Parameters
    ----------
    *charges : Charge
        At least one, for instance `RADIATIVE`, the Standard Model's, and a light vector mediator.
    form_factor : callable, optional
        F(q, nuclide), see `cevnslib.physics.form_factors`.
    axial : bool, optional
        Whether to add the axial term of a nucleus's unpaired nucleons.
    constants : Constants, optional
        Set of constants.

    Examples
    --------
    >>> from cevnslib.physics.charges import NSI
    >>> from cevnslib.physics.neutrinos import FLAVOURS
    >>> from cevnslib.physics.targets import nuclide
    >>> both = WeakScattering(TREE_LEVEL, NSI(down=(0.2, 0, 0)))
    >>> cs = nuclide("Cs133")
    >>> [f"{both.differential_cross_section(0.005, 30.0, cs, Neutrino(x)):.3e}" for x in FLAVOURS]
    ['2.123e-38', '1.522e-36', '1.522e-36']
    """

    charges: tuple[Charge, ...]
    form_factor: FormFactor = helm
    axial: bool = False
    constants: Constants = CODATA_2022

    def __init__(
        self,
        *more: Charge,
        charges: Sequence[Charge] = (),
        form_factor: FormFactor = helm,
        axial: bool = False,
        constants: Constants = CODATA_2022,
    ) -> None:
        """Take charges one by one; ``charges`` is the name by which `dataclasses.replace` does."""
        every = (*more, *checked_kind("charges", charges, Sequence))
        keep(self, charges=checked_tuple("charges", every, Charge))
        keep(self, form_factor=form_factor, axial=axial, constants=constants)
        self._check()

    def _charges(self) -> tuple[Charge, ...]:
        return self.charges


@dataclass(frozen=True)
class StandardModel(_Amplitudes):
    r"""Coherent elastic scattering by Z exchange; on electrons by Z and W exchange.

    .. math:: \frac{d\sigma}{dT} = \frac{G_F^2 m_A}{\pi} \left[
              Q_V^2 \left(1 - \frac{m_A T}{2 E^2}\right) +
              Q_A^2 \left(1 + \frac{m_A T}{2 E^2}\right)\right] F^2(q)

    Off an electron, with :math:`g_R = \sin^2\theta_W` and :math:`g_L = g_R + \frac12` for an
    electron neutrino, :math:`g_R - \frac12` for the others, the two exchanged for antineutrinos,

    .. math:: \frac{d\sigma}{dT} = \frac{2 G_F^2 m_e}{\pi} \left[g_L^2
              + g_R^2 \left(1 - \frac{T}{E}\right)^2 - g_L g_R \frac{m_e T}{E^2}\right].

    Parameters
    ----------
    couplings : WeakCouplings, optional
        The nucleons' and the electron's couplings.
    form_factor : callable, optional
        F(q, nuclide), see `cevnslib.physics.form_factors`.
    axial : bool, optional
        Whether to add the axial term of the unpaired nucleons, below 1% for the targets here.
    constants : Constants, optional
        Set of constants.

    References
    ----------
    D. K. Papoulias and T. S. Kosmas, Phys. Rev. D 97 (2018) 033003, arXiv:1711.09773; electrons: P.
    Vogel and J. Engel, Phys. Rev. D 39 (1989) 3378.

    Examples
    --------
    >>> from cevnslib.physics.targets import electron, nuclide
    >>> StandardModel().differential_cross_section(0.005, [10.0, 30.0], nuclide("Cs133"))
    array([0.00000000e+00, 1.56586479e-36])
    >>> [f"{StandardModel().differential_cross_section(0.1, 1.0, electron('Ge'), nu):.3e}"
    ...  for nu in (Neutrino("e"), Neutrino("e", antineutrino=True), Neutrino("mu"))]
    ['1.004e-44', '8.440e-45', '2.027e-45']
    """

    couplings: WeakCouplings = RADIATIVE
    form_factor: FormFactor = helm
    axial: bool = False
    constants: Constants = CODATA_2022

    def __post_init__(self) -> None:
        """Refuse what is neither couplings nor a form factor."""
        checked_fields(self, couplings=WeakCouplings)
        self._check()

    def _charges(self) -> tuple[Charge, ...]:
        return (self.couplings,)

    def weak_charge(self, nuclide: Nuclide) -> float:
        """Return the weak charge Q_V = g_p^V Z + g_n^V N; a neutron counts about -1/2."""
        g = self.couplings
        checked_kind("nuclide", nuclide, Nuclide)
        return g.proton_vector * nuclide.protons + g.neutron_vector * nuclide.neutrons

    def axial_charge(self, nuclide: Nuclide) -> float:
        """Return g_p^A (Z_up - Z_down) + g_n^A (N_up - N_down), 0 if the axial term is off."""
        checked_kind("nuclide", nuclide, Nuclide)
        if not self.axial:
            return 0.0
        g = self.couplings
        protons, neutrons = nuclide.unpaired_protons, nuclide.unpaired_neutrons
        return g.proton_axial * protons + g.neutron_axial * neutrons
