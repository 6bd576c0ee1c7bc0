"""The meter's registers (2026): every day byte for byte as a second reader makes it of the raw answers, what adds up, and
what an upstream without them is told."""
import datetime
import json

import oracle
import pytest
from sandbox import MEASURES, REGISTERS
from test_oracle import BOTH, CONSUMERS, HOLES, PRODUCERS, REFUSED
from world import TODAY, World

INDEX = ",".join(REGISTERS)
CLIENT_0, PRODUCER = "22516914714270", "24880057139941"
START = "2026-09-01"


def ask(world, *prms, kinds=INDEX, code=0, **settings):
    words = [word for prm in prms for word in ("--prm", prm)]
    ended = world.run("backfill", *words, "--kind", kinds, "--start", START, "--json", **settings)
    assert ended.code == code, ended
    return {(result["prm"], result["kind"]): result for result in map(json.loads, ended.out.splitlines()) if "kind" in result}


def days_of(world, prm, kind):
    return {day["date"]: day for day in map(json.loads, world.redis.days(prm, kind).values())}


def total_of(day):
    (total,) = [each["value"] for each in day["registers"] if each["calendar"] is None]
    return total


@pytest.fixture(scope="module")
def whole():
    """A backfill of the whole history of everybody's registers, and what its raw answers come to."""
    prms = sorted({*CONSUMERS, *PRODUCERS, REFUSED})
    with World("--population", "20", "--unsubscribed", "subscribed_services", quota="2000/1s") as world:
        ended = world.run("backfill", *[word for prm in prms for word in ("--prm", prm)], "--kind", INDEX)
        stats, days = world.sandbox.stats(), world.redis.days()
        upstream = oracle.Upstream(world.sandbox, "2026")
        truth = {(prm, kind): oracle.expected_days(upstream, kind, prm, TODAY) for prm in prms for kind in REGISTERS}
        upstream.close()
        yield ended, stats, days, truth


def test_redis_holds_every_day_byte_for_byte_and_no_other(whole):
    ended, stats, days, truth = whole
    assert ended.code == 1 and "ADAM-DC-0008" in ended.err  # client 8's consent is revoked
    for (prm, kind), expected in truth.items():
        prefix = f"releve:day:{{{prm}}}:{kind}:"
        oracle.check({key: value for key, value in days.items() if key.startswith(prefix)}, expected, prm, kind, "2026", TODAY)
        assert bool(expected) == (prm in (PRODUCERS if kind == "index_production" else CONSUMERS))
    assert len(days) == sum(len(expected) for expected in truth.values()) > 12000
    assert stats["violations"] == 0 and stats["days_served_twice"] == 0


def test_holes_stay_holes(whole):
    _, _, days, _ = whole
    states = {key[-10:]: json.loads(day)["state"] for key, day in days.items() if HOLES in key}
    for day, state in states.items():
        closed = datetime.date.fromisoformat(day).weekday() in (1, 2)
        assert state == ("complete" if not closed else "pending" if day >= "2026-11-04" else "hole"), day


def test_what_registers_show_adds_up_and_is_the_energy_of_the_days():
    with World(quota="2000/1s") as world:
        ask(world, BOTH, kinds=f"{INDEX},daily_consumption,daily_production")
        for kind, daily in (("index_consumption", "daily_consumption"), ("index_production", "daily_production")):
            shown, energy = days_of(world, BOTH, kind), days_of(world, BOTH, daily)
            assert len(shown) == len(energy) == 79
            for day, following in zip(sorted(shown), sorted(shown)[1:]):
                assert total_of(shown[following]) - total_of(shown[day]) == energy[day]["value"]
        for day in days_of(world, BOTH, "index_consumption").values():
            tariff = [each["value"] for each in day["registers"] if each["calendar"] == "FC000014"]
            assert len(tariff) == 2 and sum(tariff) == total_of(day)


def test_all_does_not_mean_registers():
    with World(quota="2000/1s") as world:
        assert {kind for _, kind in ask(world, CLIENT_0, kinds="all")} == set(MEASURES)


def test_a_preflight_tells_who_has_registers():
    with World(quota="2000/1s") as world:
        prms = [CLIENT_0, PRODUCER, *CONSUMERS[1:9]]
        ask(world, *prms)
        stats = world.sandbox.stats()
        assert stats["by_path"]["/subscribed_services/v1"] == 1 and not stats["errors"], stats
        assert set(days_of(world, PRODUCER, "index_consumption")) == set()


def test_a_generation_without_registers_is_never_asked_for_them():
    with World(quota="2000/1s", api="v5") as world:
        for words in (("backfill", "--kind", INDEX), ("get", "index_production"), ("plan", "--kind", "all,index_consumption"),
                      ("enqueue", "--kind", INDEX)):
            ended, requests = world.requests_of(*words, "--prm", CLIENT_0)
            assert (ended.code, ended.out, requests) == (2, "", 0) and "v5 has no registers" in ended.err, ended
        message = {"prm": CLIENT_0, "kind": ["index_consumption", "daily_consumption"], "start": START, "reply_to": "r", "id": "j"}
        world.redis.command("LPUSH", "{releve}:jobs", json.dumps(message))
        worker = world.start("worker")
        worker.wait_until(lambda: world.redis.command("LLEN", "r") == 2)
        world.interrupt(worker)
        results = {result["kind"]: result for result in map(json.loads, world.redis.command("LRANGE", "r", 0, -1))}
        assert results["daily_consumption"]["state"] == "done"
        refused = results["index_consumption"]
        assert refused["state"] == "failed" and refused["failures"][0]["code"] == "not-served", refused
        assert not any("index" in path for path in world.sandbox.stats()["by_path"])


def test_show_prints_a_line_a_register():
    with World(quota="2000/1s") as world:
        ask(world, HOLES)
        words = ("show", "index_consumption", "--prm", HOLES, "--start", "2026-10-19", "--end", "2026-10-21")
        pretty, csv = world.run(*words), world.run(*words, "--format", "csv")
        assert pretty.code == csv.code == 0
        lines = pretty.out.splitlines()[1:]
        assert lines[0] == "2026-10-19  complete  at 2026-10-19T00:00:00+02:00" and lines[5] == "2026-10-20  hole    "
        assert [line.split()[0] for line in lines[1:5]] == ["IDX_EAS_F1", "IDX_EAS_F2", "IDX_EAS_D1", "IDX_EAS_T"]
        assert "Heures Creuses" in lines[1]
        header, *rows = [line.split(",") for line in csv.out.splitlines()]
        assert header == ["prm", "kind", "start", "register", "calendar", "class", "value_wh", "state", "at"]
        stored = days_of(world, HOLES, "index_consumption")["2026-10-19"]["registers"]
        assert [row[3:7] for row in rows[:4]] == [[each["register"], each["calendar"] or "", each["class"] or "",
                                                   str(each["value"])] for each in stored]
        assert rows[4] == [HOLES, "index_consumption", "2026-10-20T00:00:00+02:00", "", "", "", "", "hole", ""]
