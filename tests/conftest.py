"""Property tests draw the same examples every time; what tests have measured is printed."""

from collections import Counter

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


def pytest_terminal_summary(terminalreporter):
    """Print what tests have measured."""
    bad_input(terminalreporter)
    wheels(terminalreporter)


def wheels(terminalreporter):
    """Print what the wheel takes of each Python; times are said, not tested."""
    for report in terminalreporter.stats.get("passed", []):
        for name, measured in report.user_properties:
            if name == "wheel":
                version, size, *times = measured
                words = [
                    f"{what} {took:.2f} s of CPU ({'' if took < goal else 'NOT '}below {goal})"
                    for what, (took, goal) in zip(
                        ("loading", "first limit", "`cevns limits`"), times, strict=True
                    )
                ]
                terminalreporter.write_line(f"Python {version}: {size:.0f} MB, {', '.join(words)}")


def bad_input(terminalreporter):
    """Print the table of bad input: what was tried, how often, and how often it was refused."""
    tried: Counter[tuple[str, str]] = Counter()
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
