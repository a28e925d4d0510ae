"""Property tests draw the same examples every time; what bad input was tried is printed."""

from collections import Counter

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


def pytest_terminal_summary(terminalreporter):
    """Print the table of bad input: what was tried, how often, and how often it was refused."""
    tried = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, rows in report.user_properties:
            if name == "tried":
                for what, outcome, number in rows:
                    tried[what, outcome] += number
    if not tried:
        return
    terminalreporter.section("bad input that was tried")
    terminalreporter.write_line(f"{'':44}{'refused':>9}{'finite answer':>15}")
    for what in dict.fromkeys(what for what, _ in tried):
        refused, answered = (tried[what, outcome] for outcome in ("refused", "answered"))
        terminalreporter.write_line(f"{what:44}{refused:9d}{answered:15d}")
