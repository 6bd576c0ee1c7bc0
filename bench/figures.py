"""How the programs of bench/ print what they measured: one figure a line, its bound beside it."""
import os
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "integration")
sys.path.insert(0, TESTS)  # servers and processes are started as the tests start them


def show(what, figure, unit, bound=None, at_most=True):
    """Prints one line; returns whether the figure is within its bound (None: there is none)."""
    held = bound is None or (figure <= bound if at_most else figure >= bound)
    said = "" if bound is None else f"{'<=' if at_most else '>='} {bound:g} {unit}"
    verdict = "" if bound is None else "ok" if held else "MISSED"
    print(f"{what:<58} {figure:>10.6g} {unit:<8} {said:<16} {verdict}".rstrip(), flush=True)
    return held
