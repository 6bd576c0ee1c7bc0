#!/usr/bin/python3
"""What a request costs when no quota holds it back: releve beside two peers that do the same work, and beside the floors.

    RELEVE_BIN=BUILD/adapters/cli/releve bench/pipeline.py [--quick] [--rounds N] [--main] [--beside PROGRAM] [--only NAMES] \\
        [--json FILE]

All in one run, in turns, on the same two cores, with the simulator (no quota, no latency) and a private redis-server (Unix
socket, nothing on disk) on them too. A figure is the median of the rounds, a ratio the median of the ratios within each
round. bench/README.md says what each figure means.
"""
import argparse
import dataclasses
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys

from contenders import Floor, NodePeer, PythonPeer, Releve, Row
from figures import show
from world import TODAY, World

CURVE, ENERGY = "consumption_load_curve", "daily_consumption"
CPU_MAX_US = 150  # of the program, a request of the main row; issue 9
REDIS_MAX_US = 45  # of Redis's commands; issue 9
NODE_MIN, PYTHON_MIN = 2, 3.5  # times the peers' requests/s; issue 9
CORES = 2
COMPARED = 20  # usage points whose days are compared, value by value
POPULATION = 1000
MAIN = Row("2026", CURVE, 64, 40, 106, TODAY)
COLUMNS = {"requests_per_s": "requests/s", "days_per_s": "days/s", "cpu_us": "CPU", "redis_commands_us": "Redis: commands",
           "redis_cpu_us": "Redis: CPU", "simulator_cpu_us": "simulator: CPU", "peak_mb": "peak memory"}
UNITS = {"requests_per_s": "", "days_per_s": "", "peak_mb": " MB"}  # the others: microseconds a request


def rows(options):
    """The main one first."""
    if options.quick:
        return [Row(api, kind, 16, 9, windows, TODAY, all_intervals=True)
                for api in ("2026", "v5") for kind, windows in ((CURVE, 37), (ENERGY, 2))]
    found = [MAIN]
    if not options.main:
        found += [dataclasses.replace(MAIN, in_flight=in_flight, points=20) for in_flight in (16, 1)]
        found += [Row("v5", CURVE, in_flight, 20, 106, TODAY) for in_flight in (64, 16, 1)]
        found += [Row(api, ENERGY, in_flight, 200, 3, TODAY) for api in ("2026", "v5") for in_flight in (64, 16, 1)]
    return found


def available(contenders):
    """Those that can run here, and {name: why not} of the others."""
    missing = {one.name: one.missing() for one in contenders}
    return [one for one in contenders if missing[one.name] is None], {name: why for name, why in missing.items() if why}


class Measured:
    """All samples of one row, round after round."""

    def __init__(self, row, contenders, rounds):
        self.row, self.contenders, self.rounds = row, contenders, rounds
        self.samples = {one.name: [] for one in contenders}
        self.compared = {}  # contender -> days that are equal to those of the first one

    def measure(self, world, points):
        for number in range(self.rounds):
            stored = None
            for one in self.contenders:
                self.samples[one.name].append(one.run(world, self.row))
                if number == 0 and one.stores:
                    days = one.days(world, self.row, points)
                    stored = stored or days
                    self.compare(one.name, days, stored)

    def compare(self, name, days, stored):
        for place, day in stored.items():
            assert days[place] == day, f"{name} has {days[place]} where {self.contenders[0].name} has {day}"
        self.compared[name] = len(days)

    def figures(self, name):
        return [sample.figures for sample in self.samples[name]]

    def median(self, name, figure):
        return statistics.median(one[figure] for one in self.figures(name))

    def best(self, name, figure):
        better = max if figure.endswith("_per_s") else min
        return better(one[figure] for one in self.figures(name))

    def ratio(self, name, other, figure):
        """Of the first to the second, round by round: the machine was the same then."""
        pairs = zip(self.figures(name), self.figures(other))
        return statistics.median(one[figure] / two[figure] for one, two in pairs)

    def lines(self):
        """The lines of the table."""
        for one in self.contenders:
            cells = [self.row.title, one.name]
            for figure in COLUMNS:
                if "redis" in figure and not one.stores:
                    cells.append("")
                    continue
                cells.append(f"{self.median(one.name, figure):.0f} ({self.best(one.name, figure):.0f})"
                             f"{UNITS.get(figure, ' µs')}")
            yield f"| {' | '.join(cells)} |"

    def json(self):
        return {**dataclasses.asdict(self.row), "requests": self.row.requests, "days": self.row.points * self.row.days,
                "compared": self.compared,
                "programs": {name: {"median": {figure: self.median(name, figure) for figure in COLUMNS},
                                    "best": {figure: self.best(name, figure) for figure in COLUMNS},
                                    "rounds": self.figures(name)} for name in self.samples}}


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    server = subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout.split("v=")[1].split()[0]
    return {"when": datetime.datetime.now().isoformat(timespec="minutes"), "processor": model,
            "cores": len(os.sched_getaffinity(0)), "system": f"{platform.system()} {platform.release()}",
            "redis": server, "load": round(os.getloadavg()[0], 2)}


def print_table(measured):
    print("Median of the rounds (the best one); CPU and commands a request:\n")
    print(f"| what | program | {' | '.join(COLUMNS.values())} |")
    print("|---|---|" + "---:|" * len(COLUMNS))
    for one in measured:
        for line in one.lines():
            print(line)
    print("", flush=True)


def judge(main, bounded):
    """Prints the main row's figures beside their bounds, and its ratios; (whether all hold, the ratios)."""
    def bound(figure):
        return figure if bounded else None

    names, ours = list(main.samples), main.contenders[0].name
    held = show("CPU of the program", main.median(ours, "cpu_us"), "us/request", bound(CPU_MAX_US))
    held &= show("Redis's commands", main.median(ours, "redis_commands_us"), "us/request", bound(REDIS_MAX_US))
    ratios = {}
    for name, least in (("node", NODE_MIN), ("python", PYTHON_MIN)):
        if name in names:
            ratios[name] = main.ratio(ours, name, "requests_per_s")
            held &= show(f"requests/s of {ours} to those of {name}", ratios[name], "times", bound(least), False)
    for name in [name for name in names if name not in (ours, *ratios)]:
        ratios[name] = main.ratio(ours, name, "cpu_us")
        show(f"CPU of {ours} to that of {name}", ratios[name], "times")
    return held, ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some hundred requests: it shows that all store the same days")
    parser.add_argument("--rounds", type=int, help="5 of the main row and 3 of the others, unless told")
    parser.add_argument("--main", action="store_true", help="only the main row")
    parser.add_argument("--beside", metavar="PROGRAM", help="another build of releve, in turns with the others")
    parser.add_argument("--only", metavar="NAMES", help="of the table's programs, with commas between them")
    parser.add_argument("--json", metavar="FILE", help="all figures of all rounds")
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # and so of all that is started
    contenders = [Releve(), *([Releve("beside", options.beside)] if options.beside else []), NodePeer("node"),
                  PythonPeer("python"), Floor("fetch"), Floor("parse")]
    if options.only:
        contenders = [one for one in contenders if one.name in options.only.split(",")]
        if "releve" not in [one.name for one in contenders]:
            parser.error("--only: releve has to be among them: the others are compared with it")
    here = machine()
    print("; ".join(f"{name} {value}" for name, value in here.items()))
    contenders, missing = available(contenders)
    for name, why in missing.items():
        print(f"without {name}: {why}")
    measured = []
    with World("--population", str(POPULATION)) as world:
        world.redis.command("CONFIG", "SET", "appendonly", "no")
        for row in rows(options):
            alone = row.in_flight != MAIN.in_flight and not options.quick
            rounds = options.rounds or (1 if options.quick else 5 if row == MAIN else 3)
            measured.append(Measured(row, [one for one in contenders if isinstance(one, Releve)] if alone else contenders, rounds))
            measured[-1].measure(world, COMPARED)
    print_table(measured)
    held, ratios = judge(measured[0], not options.quick)
    if options.json:
        here["load_after"] = round(os.getloadavg()[0], 2)
        with open(options.json, "w") as file:
            json.dump({"machine": here, "missing": missing, "ratios": ratios, "rows": [one.json() for one in measured]},
                      file, indent=1)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
