"""Writes docs/screens.md: what commands show on a terminal of 80 columns, run for real against the simulator.

    RELEVE_BIN=build/release/adapters/cli/releve python3 tools/screens.py >docs/screens.md

The day is pretended and the simulator's values are a function of its seed, so that the same commands show the same anywhere;
tests/integration/test_screens.py compares. What runs by the clock (progress, status) is not here.
"""
import pathlib
import shlex
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests/integration"))
import terminal  # noqa: E402
from world import World  # noqa: E402

COLUMNS = 80
HEAD = """# Screens

What commands show on a terminal of 80 columns (there in colour, where it has some). Written by `tools/screens.py`: the commands ran, against
the [simulator](sandbox.md); it is 19 November 2026 there.
"""
CONSUMER, PROSUMER, HOLES = "22516914714270", "12655648759651", "42900589957123"
SCREENS = [
    ("What a backfill would cost", f"plan --prm {CONSUMER} --prm {PROSUMER}"),
    ("One answer now", f"get consumption_load_curve --prm {CONSUMER} --start yesterday"),
    ("Daily energy", f"show daily_consumption --prm {CONSUMER} --start 2026-11-05"),
    ("Load curves, on days of 24 and 25 hours", f"show curves --prm {PROSUMER} --start 2026-10-23 --end 2026-10-28"),
    ("Maximum power", f"show daily_consumption_max_power --prm {CONSUMER} --start 2026-11-12"),
    ("Which days are there", f"coverage --prm {HOLES} --kind consumption_load_curve --start 2026-01-01"),
    ("... of several usage points", "coverage --kind consumption"),
    ("Curves against daily energy", "verify"),
]
BEFORE = {  # what was run before a screen, without being shown
    "Daily energy": [f"backfill --prm {CONSUMER} --prm {PROSUMER} --prm {HOLES} --start 2025-11-19"],
}
GONE = [f"releve:day:{{{HOLES}}}:consumption_load_curve:2026-0{day}" for day in ("3-02", "3-05", "3-06", "7-24")]


def screens():
    """(title, command, what it shows), each in its turn."""
    with World(quota="none") as world:
        for title, command in SCREENS:
            for before in BEFORE.get(title, []):
                ended = world.run(*shlex.split(before))
                assert ended.code == 0, ended
            if title == "Which days are there":
                world.redis.command("DEL", *GONE)
            quota = {"RELEVE_QUOTA": "5/1s,1000/1h"} if command.startswith("plan") else {}
            code, text = terminal.run(world, *shlex.split(command), columns=COLUMNS, **quota)
            assert code == 0, text
            yield title, command, terminal.ESCAPE.sub("", text)


def page():
    parts = [HEAD]
    for title, command, text in screens():
        lines = "\n".join(line.rstrip() for line in text.splitlines())
        parts.append(f"## {title}\n\n```\n$ releve {command}\n{lines}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
