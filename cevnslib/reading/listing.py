"""All keys of a file, by the headings of their tables: for the page of keys and new files."""

from collections.abc import Mapping
from types import MappingProxyType

from . import data, detectors, interactions, mixing, response, sources
from .keys import Key

_FILE = (
    Key("title", "name of the file", "what it is called, on one line"),
    Key("exposure_days", "", "live time"),
    Key("exposure_years", "", "the same in years of 365 days"),
    Key("exposure_kg_days", "", "the same times the mass"),
    Key("baseline_m", "", "distance from the source, here or in its table"),
    Key("source", "needed", "a table as below, or a list of them, whose fluxes add up"),
    Key("window_us", "", "begin and end of the window of time that counts, after a pulse"),
    Key("oscillation", "", "mixing of three neutrinos, a table as below"),
    Key("sterile", "", "a fourth neutrino, a table as below"),
    Key("interactions", "", "what scatters neutrinos, a table as below"),
    Key("data", "", "what was counted, a table as below"),
    Key("nuisances", "", "a list of tables as below: errors with names"),
    Key("statistics", "", "what was counted, in files of the first edition"),
    Key("confidence", "0.90", "confidence level of limits"),
    Key("references", "", "a table of texts: where each number comes from"),
)


def listing() -> Mapping[str, tuple[Key, ...]]:
    """Return the keys of each table, by its heading, in the order of a file.

    Examples
    --------
    >>> for key in listing()["[oscillation]"][:2]:
    ...     print(f"{key.name} = {key.default}  # {key.meaning}")
    sin2_theta12 = 0.320  # sin^2 of the mixing angle
    sin2_theta13 = 0.0216  # sin^2 of the mixing angle
    """
    return MappingProxyType(
        {
            "the file": _FILE,
            **detectors.KEYS,
            **sources.KEYS,
            **response.KEYS,
            **mixing.KEYS,
            **interactions.KEYS,
            **data.KEYS,
        }
    )
