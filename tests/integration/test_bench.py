"""The programs of bench/ run and print every figure; how large the figures are is no matter here, but for those that no
machine may change: no violation of the quota, and no day lost."""
import json
import os
import re
import subprocess

import pytest
from sandbox import releve_bin

SANITIZED = b"__asan_init" in open(releve_bin(), "rb").read()
# Figures are of the release build; that it is slower with sanitizers is no news.
pytestmark = [pytest.mark.long, pytest.mark.single("figures are of one Redis"), pytest.mark.skipif(SANITIZED, reason="measured in the release build")]

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench")
BUILD = os.path.join(os.path.dirname(os.path.realpath(releve_bin())), "..", "..")
RUN_S = 110


def figures(text):
    """{what: figure} of lines such as "what     12.5 unit   <= 100 unit   ok"."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"(.+?) {2,}([\d.e+-]+)(?: |$)", line)
        if match is None:
            assert re.search(r"\d requests$|:$", line), line  # a title
            continue
        found[match.group(1)] = float(match.group(2))
    return found


def run(*command):
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_S)
    assert ended.returncode in (0, 1) and ended.stderr == "", ended  # 1: a bound was missed
    return figures(ended.stdout)


def test_bodies_are_parsed_in_both_generations():
    found = run(os.path.join(BUILD, "bench", "bodies"), "5")
    assert sum("v5" in what for what in found) == sum("2026" in what for what in found) == 3
    assert all(figure > 0 for figure in found.values())


def test_the_price_of_a_permit_is_measured_with_a_full_hour_in_the_ledger():
    found = run("/usr/bin/python3", os.path.join(BENCH, "ledger.py"), "--permits", "20")
    for hourly in ("1000", "10000"):
        assert sum(what.startswith(f"{hourly} in the ledger") for what in found) == 3


def test_the_way_of_a_job_and_the_memory_of_a_worker_are_measured():
    found = run("/usr/bin/python3", os.path.join(BENCH, "worker.py"), "--jobs", "10", "--queued", "2000",
                "--backlog", "100")
    assert sum(what.startswith("LPUSH to result") for what in found) == 4
    assert sum(what.startswith("an urgent job") for what in found) == 9
    assert sum("memory" in what for what in found) == 2


def test_the_pipeline_and_its_peers_store_the_same_days(tmp_path):
    found = tmp_path / "pipeline.json"
    ended = subprocess.run(["/usr/bin/python3", os.path.join(BENCH, "pipeline.py"), "--quick", "--json", found],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_S)
    assert ended.returncode == 0 and ended.stderr == "", ended
    found = json.loads(found.read_text())
    peers = {"node", "python"} - set(found["missing"])
    assert {(row["api"], row["kind"]) for row in found["rows"]} == {
        (api, kind) for api in ("2026", "v5") for kind in ("consumption_load_curve", "daily_consumption")}
    for row in found["rows"]:
        assert row["compared"] == dict.fromkeys({"releve"} | peers, row["days"]), row["compared"]
        assert {"transfer floor", "parse floor"} < set(row["programs"])
    if found["missing"]:
        pytest.skip(f"only among those that are there: {found['missing']}")


def test_growth_is_measured_at_three_sizes():
    found = run("/usr/bin/python3", os.path.join(BENCH, "growth.py"), "--points", "2")
    assert sum(what.endswith("200 usage points: time") for what in found) == 3
    assert sum("exponent" in what for what in found) == 9


def test_waiting_is_measured_and_violates_nothing():
    found = run("/usr/bin/python3", os.path.join(BENCH, "idle.py"), "--seconds", "1", "--starts", "2")
    assert sum("waits for the quota" in what for what in found) == 4
    assert sum(what.startswith("exec to the first byte") for what in found) == 2
    assert found["violations"] == 0


def test_a_day_takes_memory_in_redis():
    found = run("/usr/bin/python3", os.path.join(BENCH, "bytes.py"), "--points", "1")
    assert len(found) == 10 and min(found.values()) > 100  # the value alone is longer


def test_answers_and_garbage_are_measured_beside_a_worker():
    found = run("/usr/bin/python3", os.path.join(BENCH, "serve.py"), "--requests", "500")
    assert sum(what.endswith(": requests") for what in found) == 4 and found["status: requests"] > 0


def test_a_history_with_gaps_costs_the_fewest_requests():
    found = run(os.path.join(BUILD, "tests", "simulation", "simulate"), "--backfill", "100")
    assert [figure for what, figure in found.items() if "beyond those" in what] == [0, 0]
    assert sum("of the safe optimum" in what for what in found) == 2


@pytest.mark.slow
def test_four_processes_against_one_violate_nothing_and_lose_nothing():
    found = run("/usr/bin/python3", os.path.join(BENCH, "throughput.py"), "--requests", "400", "--quota",
                "100/1s,1000/20s", "--latency", "0:100", "--processes", "4")
    assert [figure for what, figure in found.items() if "violations" in what] == [0]
    assert [figure for what, figure in found.items() if "not stored" in what] == [0]
