"""Fluxes that are given as a table."""

import numpy as np
from numpy.typing import ArrayLike

from ..checks import checked_number
from .arrivals import Arrival, Unpulsed
from .flux import Component, Flux
from .spectra import TabulatedSpectrum

__all__ = [
    "tabulated_flux",
]


def tabulated_flux(
    energies: ArrayLike,
    values: ArrayLike,
    density: ArrayLike = "e",
    *,
    antineutrino: bool = False,
    seconds: float = 1.0,
    arrival: Arrival = Unpulsed(),  # noqa: B008, it is frozen
    timing: str = "continuous",
    baseline_m: float | None = None,
    name: str = "table",
    title: str = "",
) -> Flux:
    """Return a flux at the detector from a table, linear from one point to the next.

    Parameters
    ----------
    energies : array_like
        Energies in MeV, rising, at least 0.
    values : array_like
        Neutrinos per cm^2, s and MeV there, or per cm^2 and MeV in a time.
    density : {"e", "mu", "tau"} or array_like, optional
        Flavour or density matrix, see ``Component``.
    seconds : float, optional
        The time in s in which a fluence was collected; 1, the default, takes the values as a flux.
    antineutrino, arrival, timing, baseline_m
        See ``Component``.
    name, title : str, optional
        Short name, also of its one component, and what it is in words. Fluxes add up with ``+``.

    Examples
    --------
    >>> flux = tabulated_flux([0.0, 1.0, 3.0], [0.0, 2e6, 0.0]) + tabulated_flux(
    ...     [1.0, 2.0], [1e6, 1e6], "mu", antineutrino=True, name="more"
    ... )
    >>> [(part.name, part.intensity) for part in flux.components]
    [('table', 3000000.0), ('more', 1000000.0)]
    """
    table = TabulatedSpectrum(energies, values)  # type: ignore[arg-type]
    time = checked_number("seconds", seconds, "s", above=0)
    whole = float(np.trapezoid(table.values, table.energies))
    normalised = TabulatedSpectrum(table.energies, tuple((np.array(table.values) / whole).tolist()))
    component = Component(
        name, normalised, whole / time, density, antineutrino, arrival, timing, baseline_m
    )
    return Flux(name, (component,), title)
