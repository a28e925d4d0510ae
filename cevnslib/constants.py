"""Constants of nature and unit factors, in one place."""

from dataclasses import dataclass

from .checks import checked_number, keep

__all__ = [
    "AVOGADRO",
    "CODATA_2018",
    "CODATA_2022",
    "DAY",
    "ELEMENTARY_CHARGE",
    "KEV",
    "YEAR",
    "Constants",
]
#: Avogadro constant in 1/mol, exact in the SI.
AVOGADRO = 6.02214076e23
#: Elementary charge in C, and so one eV in J, exact in the SI.
ELEMENTARY_CHARGE = 1.602176634e-19
#: One keV in MeV.
KEV = 1e-3
#: One day in s.
DAY = 86400.0
#: One year of 365 days in s.
YEAR = 365 * DAY


@dataclass(frozen=True)
class Constants:
    """A consistent set of measured constants.

    Parameters
    ----------
    hbar_c : float
        Reduced Planck constant times the speed of light, in MeV fm.
    fine_structure : float
        Fine-structure constant at zero momentum transfer.
    fermi : float
        Fermi constant over (hbar c)^3, in 1/MeV^2.
    atomic_mass, electron_mass, muon_mass, pion_mass : float
        Atomic mass constant, and the masses of the electron, the muon and the charged pion, in MeV.

    Examples
    --------
    >>> f"{CODATA_2022.square_centimetres:.4e}"
    '3.8938e-22'
    """

    hbar_c: float
    fine_structure: float
    fermi: float
    atomic_mass: float
    electron_mass: float
    muon_mass: float
    pion_mass: float

    def __post_init__(self) -> None:
        """Refuse what is no constant of nature."""
        keep(self, **{key: checked_number(key, x, above=0) for key, x in vars(self).items()})

    @property
    def square_centimetres(self) -> float:
        """One MeV^-2 as an area in cm^2: (hbar c)^2."""
        return (self.hbar_c * 1e-13) ** 2


#: CODATA 2022; the pion mass from the Review of Particle Physics 2024. The default everywhere.
CODATA_2022 = Constants(
    hbar_c=197.3269804593,
    fine_structure=7.2973525643e-3,
    fermi=1.1663787e-11,
    atomic_mass=931.49410372,
    electron_mass=0.51099895069,
    muon_mass=105.6583755,
    pion_mass=139.57039,
)
#: CODATA 2018, rounded as in most tables; the pion mass from the Review of Particle Physics 2020.
CODATA_2018 = Constants(
    hbar_c=197.3269804,
    fine_structure=1 / 137.035999084,
    fermi=1.1663787e-11,
    atomic_mass=931.49410242,
    electron_mass=0.51099895,
    muon_mass=105.6583755,
    pion_mass=139.57039,
)
