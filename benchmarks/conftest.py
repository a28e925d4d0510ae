"""How often each benchmark is run."""

import pytest


def pytest_addoption(parser):
    """Offer the number of rounds."""
    parser.addoption("--rounds", type=int, default=1, help="rounds of each quick benchmark")


@pytest.fixture
def rounds(request):
    """Return how often to run a quick benchmark; the least time counts."""
    return request.config.getoption("--rounds")
