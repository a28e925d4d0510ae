"""The keys of what was measured, or is assumed to be."""

from dataclasses import fields

from ..statistics.data import CountingMeasurement, Measurement, PoissonProjection, Projection
from .keys import Table


def read_measurement(table: Table) -> Measurement:
    """Return what the keys of ``statistics`` say was measured."""
    kinds: dict[str, type[Measurement]] = {
        "counting": CountingMeasurement,
        "projection": Projection,
        "poisson": PoissonProjection,
    }
    kind = table.choice("kind", tuple(kinds))
    numbers = {field.name: table.number(field.name) for field in fields(kinds[kind])}
    table.finish()
    return kinds[kind](**numbers)
