"""How often each benchmark is run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the number of rounds."""
    parser.addoption("--rounds", type=int, default=1, help="rounds of each quick benchmark")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """Return how often to run a quick benchmark; the least time counts."""
    number: int = request.config.getoption("--rounds")
    return number
