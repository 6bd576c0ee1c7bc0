"""releve verify: the sum of a day's curve is its daily energy, in both directions; what differs is named."""
import json
import re

import pytest
from jobs import FIRST_PRM
from server import prm_of_key
from world import World, is_sanitized

CLIENT_0, BOTH, HOLES, PRODUCTION = "22516914714270", "12655648759651", "42900589957123", "24880057139941"
CLIENTS = (CLIENT_0, "11453290002823", "32320647321714", "12345678901234", "10284856584123", HOLES, PRODUCTION, BOTH,
           "64975835695673", "63695879465986", "22315546958763")
SPAN = ("--start", "2026-10-20", "--end", "2026-10-30")  # 25 hours among them
DAYS = 10
POPULATION = 60


@pytest.mark.slow
@pytest.mark.skipif(is_sanitized(), reason="much data; the sanitizers see the same code below")
@pytest.mark.parametrize("api, since", [("2026", ()), ("v5", ("--start", "2026-03-20"))])
def test_a_whole_population_agrees(api, since):
    """The whole history of every client of the simulator (of v5: both clock changes of one year), and a month of a population."""
    with World("--population", str(POPULATION), quota="2000/1s", api=api) as world:
        prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(POPULATION)))
        assert world.run("backfill", "--prms", prms, "--kind", "consumption", "--start", "2026-10-10").code == 0
        assert world.run("backfill", *(word for prm in CLIENTS for word in ("--prm", prm)), "--kind", "all", *since).code == 0
        requests = world.sandbox.stats()["requests"]
        ended = world.run("verify")
        assert ended.code == 0, ended
        rows = {row.split()[0]: list(map(int, row.split()[1:])) for row in ended.out.splitlines()[1:]}
        for direction, curve, daily in (("consumption", "consumption_load_curve", "daily_consumption"),
                                        ("production", "production_load_curve", "daily_production")):
            stored = [{(prm_of_key(key), key[-10:]): json.loads(day)["state"] for key, day in world.redis.days("*", kind).items()}
                      for kind in (curve, daily)]
            complete = [{day for day, state in kind.items() if state == "complete"} for kind in stored]
            points = {prm for kind in stored for (prm, _), state in kind.items() if state in ("complete", "partial")}
            assert rows[direction] == [len(points), len(complete[0] & complete[1]), 0, len(complete[0] - complete[1]),
                                       len(complete[1] - complete[0]), sum(state == "partial" for state in stored[0].values())]
            assert rows[direction][1] > 500
        assert world.sandbox.stats()["requests"] == requests


@pytest.fixture
def spoilt():
    """Two days that disagree, one curve that is not there, and one that is partial."""
    with World(quota="2000/1s") as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--prm", BOTH, *SPAN).code == 0

        def change(prm, kind, date, change):
            key = f"releve:day:{{{prm}}}:{kind}:{date}"
            day = json.loads(world.redis.command("GET", key))
            change(day)
            world.redis.command("SET", key, json.dumps(day, separators=(",", ":")))
        world.sums = {}

        def add(day, name, by):
            world.sums[day["prm"], day["date"]] = sum(day["values"]) / 2 if "values" in day else day["value"]
            day[name] = [day["values"][0] + by, *day["values"][1:]] if name == "values" else day[name] + by
        change(CLIENT_0, "consumption_load_curve", "2026-10-25", lambda day: add(day, "values", 2))  # the day of 25 hours
        change(BOTH, "daily_production", "2026-10-21", lambda day: add(day, "value", 7))
        change(BOTH, "consumption_load_curve", "2026-10-22", lambda day: day.update(state="partial", values=[None, *day["values"][1:]]))
        world.redis.command("DEL", f"releve:day:{{{CLIENT_0}}}:consumption_load_curve:2026-10-23", f"releve:day:{{{CLIENT_0}}}:daily_consumption:2026-10-24")
        yield world


def test_what_disagrees_is_named(spoilt):
    ended = spoilt.run("verify", "--prm", CLIENT_0, "--prm", BOTH)
    curve, daily = spoilt.sums[CLIENT_0, "2026-10-25"], spoilt.sums[BOTH, "2026-10-21"]
    assert ended.code == 1 and ended.err == "", ended
    assert ended.out.splitlines()[:2] == [
        f"{CLIENT_0}  consumption  2026-10-25  curve {curve + 1:g} Wh, daily {curve:g} Wh: +1",
        f"{BOTH}  production   2026-10-21  curve {daily:g} Wh, daily {daily + 7:g} Wh: -7"]
    rows = {row.split()[0]: row.split()[1:] for row in ended.out.splitlines()[-2:]}
    assert rows == {"consumption": ["2", str(2 * DAYS - 3), "1", "1", "2", "1"], "production": ["1", str(DAYS), "1", "0", "0", "0"]}
    assert max(map(len, ended.out.splitlines())) <= 80


def test_json_has_each_usage_point_and_direction(spoilt):
    ended = spoilt.run("verify", "--json", *SPAN)
    assert ended.code == 1
    lines = {(line["prm"], line["direction"]): line for line in map(json.loads, ended.out.splitlines())}
    assert sorted(lines) == sorted(((CLIENT_0, "consumption"), (BOTH, "consumption"), (BOTH, "production")))
    curve = spoilt.sums[CLIENT_0, "2026-10-25"]
    assert lines[CLIENT_0, "consumption"] == {
        "prm": CLIENT_0, "direction": "consumption", "start": SPAN[1], "end": SPAN[3], "compared": DAYS - 2, "only_curve": 1, "only_daily": 1,
        "partial_curves": 0, "disagreements": [{"date": "2026-10-25", "curve_wh": curve + 1, "daily_wh": curve}]}
    assert lines[BOTH, "consumption"]["partial_curves"] == 1 and lines[BOTH, "consumption"]["disagreements"] == []


def test_a_kind_stands_for_its_direction(spoilt):
    ended = spoilt.run("verify", "--kind", "production_load_curve")
    assert ended.code == 1 and "consumption" not in ended.out and re.search(r"^production +1 +10 +1 ", ended.out, re.MULTILINE), ended
    assert spoilt.run("verify", "--kind", "consumption", "--start", "2026-10-26").code == 0


def test_what_cannot_be_compared_is_said(spoilt):
    spoilt.redis.command("SET", f"releve:day:{{{BOTH}}}:daily_production:2026-10-28", "nonsense")
    ended = spoilt.run("verify", "--prm", BOTH, "--start", "2026-10-28")
    assert ended.code == 1 and f"{BOTH} daily_production 2026-10-28: what is stored is no day of this kind" in ended.err, ended
    for kind in ("daily_consumption_max_power", "contracts"):
        ended = spoilt.run("verify", "--kind", kind)
        assert ended.code == 2 and ended.out == "" and len(ended.err.splitlines()) == 1, ended
