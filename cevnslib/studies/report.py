"""A stand-in until the report of the data is merged: first-edition measurements only."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import NoLimitError
from ..experiments import Experiment
from ..physics.interactions import MagneticMoment, StandardModel
from ..rates import counts_by_beam, fold
from .moments import effective_limits, tmm_limits

__all__ = ["LimitsReport", "limits_report"]


@dataclass(frozen=True)
class LimitsReport:
    """What is said of some experiments."""

    found: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return dict(self.found)


def _finite(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None


def limits_report(
    experiments: Sequence[Experiment], confidence: float = 0.9, **_: Any
) -> LimitsReport:
    """Return what is said."""
    (e,) = experiments
    sm = counts_by_beam(e, StandardModel())
    mag = fold(e).events(MagneticMoment(1e-10)).sum()
    try:
        eff = {k: _finite(v) for k, v in effective_limits(e, confidence=confidence).items()}
        tmm = [_finite(v) for v in tmm_limits(e, confidence=confidence)]
    except NoLimitError:
        eff, tmm = {}, [None] * 3
    return LimitsReport(
        {
            "title": e.title,
            "confidence": confidence,
            "expected": {
                "standard_model": {
                    "total": sum(sm.values()),
                    "by_beam": sm,
                    "by_bin": [sum(sm.values())],
                },
                "magnetic_per_1e-10": {"total": float(mag), "nuclei": float(mag), "electrons": 0.0},
            },
            "limits": {"effective_moment": eff, "transition_moments": tmm},
            "warnings": [],
            "assumed": ["a year of 365 days"],
            "inputs": {"mass_kg": e.detector.mass, "target": e.detector.target.name},
        }
    )
