"""releve doctor: everything that would go wrong later is found now, each with what to do; it is 0 only where all is well."""
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest
import terminal
from cluster import QUIET_TIMEOUT_MS, Cluster
from sentinels import Sentinels
from server import free_port
from world import World, is_sanitized

CLIENT_0, REVOKED = "22516914714270", "26584978546985"
ROOT = pathlib.Path(__file__).resolve().parents[2]
WINDOWS = "100/1s,1000/1h"
REAL = {"RELEVE_TODAY": None}


def look(world, *words, **settings):
    """(exit code, [(finding, area, text)])"""
    ended = world.run("doctor", "--json", *words, **{**REAL, **settings})
    assert re.sub("^releve: RELEVE_FOREIGN.*\n", "", ended.err) == "" and len(ended.out.splitlines()) == 1, ended
    shown = json.loads(ended.out)
    assert shown["well"] == (ended.code == 0)
    return ended.code, [(one["finding"], one["area"], one["text"]) for one in shown["findings"]]


def wrong(findings):
    return [(finding, area, text) for finding, area, text in findings if finding != "ok"]


def test_where_all_is_well_it_is_0_and_one_request_was_sent():
    with World(quota=WINDOWS, today=None) as world:
        code, findings = look(world)
        assert code == 0 and wrong(findings) == [], findings
        assert {area for _, area, _ in findings} == {"program", "settings", "Redis", "clock", "data", "quota", "upstream", "API"}
        stats = world.sandbox.stats()
        assert stats["requests"] == stats["tokens"] == 1
        assert world.redis.keys("{releve}:upstream") == set()  # the prefix is nobody's yet
        assert any(re.match(r"releve \S+, libuv \S+, libcurl/\S+ \S+, cJSON \S+, hiredis \S+$", text) for _, _, text in findings)


def test_each_finding_is_a_line_on_a_terminal_of_any_kind():
    with World(quota=WINDOWS) as world:
        code, text = terminal.run(world, "doctor", columns=80)
        assert code == 1 and "\x1b[32mok      \x1b[0m" in text and "\x1b[33mdoubtful\x1b[0m" in text
        ended = world.run("doctor", NO_COLOR="1")
        found = re.findall(r"^(ok|doubtful|bad) +(\S+) +(.+)$", ended.out, re.MULTILINE)
        assert [(finding, area) for finding, area, _ in found] == [(finding, area) for finding, area, _ in look(world, RELEVE_TODAY=world.settings["RELEVE_TODAY"])[1]]
        assert [text for finding, _, text in found if finding == "doubtful"] == ["RELEVE_TODAY pretends another day, for tests: unset it"]


@pytest.mark.parametrize("columns", [60, 80])
def test_a_finding_that_is_too_long_for_the_terminal_goes_on_below_itself(columns):
    with World(quota=WINDOWS) as world:
        world.run("doctor")  # what is used of a quota is shown from now on
        _, text = terminal.run(world, "doctor", columns=columns)
        lines = [line for line in terminal.ESCAPE.sub("", text).splitlines() if not re.match(r" {10}\S", line)]  # settings
        assert all(len(line) <= columns or " " not in line.strip() for line in lines), lines  # a path may be longer
        assert any(line.startswith(" ") for line in lines), lines
        assert all(re.match(r"(ok|doubtful|bad) |" + " " * 21 + r"\S", line) for line in lines), lines
        whole = re.sub(r"^ {10}.*\n", "", world.run("doctor").out, flags=re.MULTILINE)
        joined = re.sub(r"\n {21}(?=\S)", " ", "\n".join(lines)) + "\n"
        assert re.sub(r"\d+", "N", joined) == re.sub(r"\d+", "N", whole)  # what is used of a quota grows meanwhile


def test_each_setting_says_where_it_comes_from_and_no_secret_is_shown():
    with World(quota=WINDOWS) as world:
        world.write(".env", "RELEVE_PREFIX=mine\nCLIENT_SECRET=geheim-in-env\nRELEVE_LOG=warn\n")
        settings = {"CLIENT_ID": "an-application-id", "CLIENT_SECRET": None, "RELEVE_LOG": "debug", "RELEVE_QUOTA": None,
                    "RELEVE_REDIS": world.redis.url}
        for words in (("doctor",), ("doctor", "--json")):
            ended = world.run(*words, **settings)
            assert "geheim" not in ended.out + ended.err and "an-application-id" not in ended.out + ended.err
        shown = {one["name"]: (one["value"], one["source"]) for one in json.loads(ended.out)["settings"]}
        assert shown == {
            "CLIENT_ID": ("an-a... (17 characters)", "environment"), "CLIENT_SECRET": ("set", ".env"), "CLIENT_SECRET_FILE": ("", "not set"),
            "CONSO_TOKEN": ("", "not set"), "RELEVE_UPSTREAM": (world.sandbox.url, "environment"), "RELEVE_API": ("2026", "environment"),
            "RELEVE_QUOTA": ("5/1s,1000/1h", "default"), "RELEVE_REDIS": (world.redis.url, "environment"), "RELEVE_PREFIX": ("mine", ".env"), "RELEVE_KEEP": ("", "not set"),
            "RELEVE_TODAY": (world.settings["RELEVE_TODAY"], "environment"), "RELEVE_LOG": ("debug", "environment")}


@pytest.mark.single("its password")
def test_no_password_of_redis_is_shown():
    with World(quota=WINDOWS) as protected:
        protected.redis.command("CONFIG", "SET", "requirepass", "sesam")
        world_url = f"unix://:sesam@{protected.redis.socket}"
        ended = protected.run("doctor", RELEVE_REDIS=world_url, **REAL)
        assert ended.code == 0 and "sesam" not in ended.out + ended.err, ended


@pytest.mark.parametrize("settings, code, said", [
    ({"CLIENT_SECRET": None}, 2, "CLIENT_SECRET is not set"), ({"RELEVE_UPSTREAM": None}, 2, "RELEVE_UPSTREAM is not set"),
    ({"RELEVE_QUOTA": "5 per second"}, 2, "RELEVE_QUOTA: "), ({"RELEVE_REDIS": "unix:///nowhere/redis.sock"}, 4, "/nowhere/redis.sock"),
    ({"CLIENT_SECRET": "wrong"}, 3, "check CLIENT_ID and CLIENT_SECRET"), ({"RELEVE_UPSTREAM": "http://127.0.0.1:9"}, 1, "gives no token"),
    ({"RELEVE_QUOTA": "none"}, 1, "nothing keeps requests back"), ({"RELEVE_FOREIGN": "x"}, 1, "RELEVE_FOREIGN in the environment is no setting")])
def test_what_is_wrong_is_said_with_its_exit_code(settings, code, said):
    with World(quota=WINDOWS) as world:
        ended, findings = look(world, **settings)
        text, = [text for _, _, text in wrong(findings)]
        assert ended == code and said in text, findings
        looked_at_redis = any(area == "Redis" and finding == "ok" for finding, area, _ in findings)
        assert looked_at_redis == ("RELEVE_REDIS" not in settings and settings.get("RELEVE_QUOTA") != "5 per second")
        assert world.sandbox.stats()["requests"] == {3: 2}.get(code, int(settings == {"RELEVE_QUOTA": "none"} or "RELEVE_FOREIGN" in settings))  # both forms of the credentials


@pytest.mark.parametrize("commands, code, said", [
    ((("maxmemory-policy", "allkeys-lru"), ("maxmemory", "1gb")), 4, "maxmemory-policy is allkeys-lru"),
    pytest.param((("maxmemory", "almost full"),), 1, "of its maxmemory is used", marks=pytest.mark.single("the memory of one server")),
    ((("appendonly", "no"),), 4, "keeps nothing on disk"),
    ((("save", "3600 1"), ("appendonly", "no")), 1, "keeps snapshots only")])
def test_a_redis_that_endangers_the_ledger_is_found(commands, code, said):
    with World(quota=WINDOWS) as world:
        for name, value in commands:
            if value == "almost full":
                for i in range(300):  # in pieces: what a connection's buffers take is given back
                    world.redis.command("SET", f"something:{i}", b"x" * 100000)
                used = re.search(rb"^used_memory:(\d+)", world.redis.command("INFO", "memory"), re.MULTILINE)
                value = int(used[1]) * 10 // 9
            world.redis.command("CONFIG", "SET", name, value)
        ended, findings = look(world)
        assert ended == code and said in wrong(findings)[0][2] and wrong(findings)[0][1] == "Redis", findings


def used_by(redis):
    return int(re.search(rb"^used_memory:(\d+)", redis.command("INFO", "memory"), re.MULTILINE)[1])


def about_memory(world, **settings):
    """(exit code, finding, text)"""
    code, findings = look(world, **settings)
    (finding, text), = ((finding, text) for finding, area, text in findings if area == "Redis" and " of its maxmemory" in text)
    return code, finding, text


@pytest.mark.single("its memory; of a cluster it is said node by node, below")
def test_a_redis_that_has_no_room_for_a_year_more_is_found():
    """A usage point takes 365 x (317 + 397 + 589) bytes: half a megabyte."""
    with World(quota=WINDOWS, today=None) as world:
        for i in range(100):
            world.redis.command("HSET", f"releve:point:{{{30000000000000 + i}}}", "point:note", "there is something of it")
        world.redis.command("CONFIG", "SET", "maxmemory", used_by(world.redis) + 60 * 10**6)
        code, finding, text = about_memory(world)
        assert (code, finding) == (0, "ok") and text.endswith("; a year more of the 100 usage points that it knows takes 48 MB"), text
        world.redis.command("CONFIG", "SET", "maxmemory", used_by(world.redis) + 30 * 10**6)
        code, finding, text = about_memory(world)
        assert (code, finding) == (1, "doubtful") and re.match(r"[\d.]+ MB of \d+ MB of its maxmemory is used, and a year more of the 100 usage points "
                                                               r"that it knows takes some 48 MB .*: raise maxmemory, or let days expire", text), text
        # Of days that expire no more than so many are there at once.
        _, finding, text = about_memory(world, RELEVE_KEEP="consumption:100d")
        assert finding == "ok" and text.endswith("; a year more of the 100 usage points that it knows takes 14 MB"), text


@pytest.mark.single("its memory; of a cluster it is said node by node, below")
def test_a_redis_without_a_limit_says_what_it_uses():
    with World(quota=WINDOWS, today=None) as world:
        assert any(re.fullmatch(r"evicts nothing \(it has no maxmemory\); it uses [\d.]+ MB", text) for _, _, text in look(world)[1])


@pytest.mark.single("REPLICAOF, which a cluster does not take")
def test_a_replica_is_found():
    with World(quota=WINDOWS) as world:
        world.redis.command("REPLICAOF", "127.0.0.1", "9")
        code, findings = look(world)
        assert code == 4 and any("is a replica" in text for finding, _, text in findings if finding == "bad"), findings


def test_days_of_another_upstream_are_found_and_nothing_is_asked():
    with World(quota=WINDOWS) as world:
        world.redis.command("SET", "{releve}:upstream", "production")
        code, findings = look(world)
        assert code == 2 and "its days are of production" in wrong(findings)[0][2] and len(wrong(findings)) == 1
        assert world.sandbox.stats()["requests"] == 0


def test_another_quota_of_the_same_ledger_and_a_closed_door_are_found():
    with World(quota=WINDOWS) as world:
        one_day = ("--kind", "daily_consumption", "--start", "2026-10-05", "--end", "2026-10-06")
        assert world.run("backfill", "--prm", CLIENT_0, *one_day, RELEVE_QUOTA="100/1s,500/1h").code == 0
        code, findings = look(world)
        assert code == 1 and [text for _, _, text in wrong(findings)] == [
            "RELEVE_QUOTA is 100/1s,1000/1h here, and others of this ledger keep to 500/1h: give all of them the same"]
        bucket, = (key for key in world.redis.keys("releve:quota:{mesure*") if key.count(":") == 2)
        seconds = int(world.redis.command("TIME")[0])
        world.redis.command("SET", f"{bucket}:closed", f"{seconds + 60}000000", "PX", "60000")
        assert any("closed by upstream for" in text for _, _, text in wrong(look(world)[1]))


@pytest.mark.parametrize("api", ["2026", "v5"])
def test_a_quota_that_is_used_up_is_not_waited_for(api):
    """In v5 it is that of the token too."""
    with World("--population", "40", quota="100/1s,12/1h", api=api, today=None) as world:
        prms = world.write("prms", "".join(f"{30000000000000 + i}\n" for i in range(40)))
        running = world.start("backfill", "--prms", prms, "--kind", "daily_consumption")
        world.wait_for(running, "requests", 12)
        running.wait_until(lambda: json.loads(world.run("status", "--json").out)["quota"][0]["next_ms"] > 60000)
        world.interrupt(running)
        requests = world.sandbox.stats()["requests"]
        code, findings = look(world, "--prm", CLIENT_0)
        (_, area, text), = wrong(findings)
        assert code == 1 and area == ("upstream" if api == "v5" else "API") and re.match("not asked, as the quota of .* is used up for (59 min|1 h 00)", text)
        assert world.sandbox.stats()["requests"] == requests + (api == "2026")


@pytest.mark.single("an embedded one")
def test_settings_are_named_as_they_are_written(tmp_path):
    with World(quota=WINDOWS, today=None) as world:
        folder = str(tmp_path / "private")
        ended = world.run("doctor", "--json", RELEVE_REDIS=f"embedded:{folder}", RELEVE_API="conso", RELEVE_UPSTREAM="conso", CONSO_TOKEN=None,
                          CLIENT_ID=None, CLIENT_SECRET=None)
        shown = {one["name"]: one["value"] for one in json.loads(ended.out)["settings"]}
        assert ended.code == 2 and (shown["RELEVE_REDIS"], shown["RELEVE_API"]) == (f"embedded:{folder}", "conso")
        ended = world.run("doctor", "--json", RELEVE_QUOTA="x")
        sources = {one["name"]: (one["value"], one["source"]) for one in json.loads(ended.out)["settings"]}
        assert ended.code == 2 and sources["RELEVE_QUOTA"] == ("set", "environment") and "RELEVE_PREFIX" not in sources


def test_it_can_be_interrupted():
    with World("--latency", "60000", quota=WINDOWS, today=None) as world:
        running = world.start("doctor")
        world.wait_for(running, "in_flight_max", 1)
        running.signal(signal.SIGINT)
        running.signal(signal.SIGTERM)
        ended = running.end()
        assert ended.code == 130 and "bad" not in ended.out, ended


def test_with_a_usage_point_each_api_is_asked():
    with World("--unsubscribed", "comptage_auto,donnees_generales_auto", quota=WINDOWS, today=None) as world:
        code, findings = look(world, "--prm", CLIENT_0)
        apis = [(finding, text) for finding, area, text in findings if area == "API"]
        assert code == 1 and sorted(text.split()[0].rstrip(":") for _, text in apis if text[0] != "a" or "an API" not in text) == [
            "donnees_generales_auto", "mesure_synchrone_auto", "situation_contrat_auto"], apis
        assert ("ok", "mesure_synchrone_auto answers (daily_consumption)") in apis and ("ok", "situation_contrat_auto answers (contracts)") in apis
        bad, = (text for finding, text in apis if finding == "bad")
        assert "900908" in bad and "subscribe it" in bad
        doubtful, = (text for finding, text in apis if finding == "doubtful")
        assert "adds to contracts" in doubtful and "900908" in doubtful
        first = next(i for i, (_, area, _) in enumerate(findings) if area == "API")
        assert ("ok", "upstream") in [finding[:2] for finding in findings[:first]]


def test_a_refused_usage_point_is_doubtful():
    with World(quota=WINDOWS, today=None) as world:
        code, findings = look(world, "--prm", REVOKED)
        assert code == 1 and all("ADAM-DC-0008" in text for _, _, text in wrong(findings)) and len(wrong(findings)) == 3, findings
        ended = world.run("doctor", "--prm", "123")
        assert ended.code == 2 and "14 digits" in ended.err


@pytest.mark.single("its clock; of a cluster it is said node by node, below")
@pytest.mark.skipif(is_sanitized(), reason="nothing can be loaded in front of the sanitizer")
def test_clocks_that_disagree_are_found(tmp_path):
    """The program believes that it is two hours later."""
    with World(quota=WINDOWS, today=None) as world:
        code, findings = look(world, LD_PRELOAD=pretended_clock(tmp_path), PRETENDED_SHIFT_S="7200")
        apart = [text for finding, area, text in wrong(findings) if area == "clock"]
        assert code == 1 and len(apart) == len(wrong(findings)) == 2, findings
        assert re.match(r"Redis's clock is (2 h 00 min|1 h 59 min) behind this machine's", apart[0])
        assert re.match(r"upstream's clock is (2 h 00 min|1 h 59 min) behind this machine's", apart[1])


# --- a cluster: each master for itself ------------------------------------------------------------------------


class ClusterWorld(World):
    """Whatever RELEVE_TEST_REDIS says."""

    def __init__(self, **cluster):
        super().__init__(quota=WINDOWS, today=None)
        self.redis = Cluster(node_timeout_ms=QUIET_TIMEOUT_MS, **cluster)


def of_node(findings, node):
    """What is said of it, without its name."""
    name = f"127.0.0.1:{node.port}: "
    return [(finding, area, text.removeprefix(name)) for finding, area, text in findings if text.startswith(name)]


def test_each_master_of_a_cluster_is_looked_at():
    with ClusterWorld() as world:
        code, findings = look(world)
        assert code == 0 and wrong(findings) == [], findings
        masters = world.redis.current_masters()
        for node in masters:
            said = [text for _, _, text in of_node(findings, node)]
            assert [re.sub(r"[\d.]+ MB", "N MB", re.sub(r"version \S+", "version N", text)) for text in said] == [
                "version N", "keeps what it is given (append-only file)", "1 replica connected, and 1 wanted (replicas=)",
                "Redis's clock agrees with this machine's within 5 s", "evicts nothing (it has no maxmemory); it uses N MB"], findings
        assert len(masters) == 3 and ("ok", "clock", "those of 3 masters and 3 replicas agree within 1 s") in findings
        assert any(re.match(r"a cluster at redis\+cluster://\S+, prefix releve; of its masters:$", text) for _, _, text in findings)


@pytest.mark.parametrize("name, value, code, said", [
    ("maxmemory-policy", "allkeys-lru", 4, "maxmemory-policy is allkeys-lru"),
    pytest.param("appendonly", "no", 4, "keeps nothing on disk", marks=pytest.mark.slow),
    pytest.param("maxmemory", "almost full", 1, "of its maxmemory is used", marks=pytest.mark.slow)])
def test_what_is_wrong_with_one_master_is_said_with_its_name(name, value, code, said):
    with ClusterWorld() as world:
        node = world.redis.current_masters()[-1]
        for i in range(300):  # what a connection's buffers take is nothing beside it
            world.redis.command("SET", f"something:{i}", b"x" * 100000)
        if name.startswith("maxmemory"):
            node.command("CONFIG", "SET", "maxmemory", used_by(node) * 10 // 9 if value == "almost full" else 10**9)
        if value != "almost full":
            node.command("CONFIG", "SET", name, value)
        ended, findings = look(world)
        bad, = wrong(findings)
        assert ended == code and said in of_node([bad], node)[0][2], findings


@pytest.mark.slow
def test_what_a_year_more_takes_is_its_share_of_each_master():
    with ClusterWorld() as world:
        for i in range(300):
            world.redis.command("HSET", f"releve:point:{{{30000000000000 + i}}}", "point:note", "there is something of it")
        for node in world.redis.current_masters():
            node.command("CONFIG", "SET", "maxmemory", used_by(node) + 60 * 10**6)
        code, findings = look(world)
        said = [text for _, _, text in findings if " of its maxmemory" in text]
        assert code == 0 and len(said) == 3 and all(text.endswith("; a year more of the 100 usage points that it knows takes 48 MB") for text in said), findings


def test_a_master_whose_replica_is_away_is_found():
    with ClusterWorld() as world:
        node = world.redis.current_masters()[1]
        world.redis.kill(world.redis.replicas_of(node)[0])
        world.redis.wait_until(lambda: node.info("replication")["connected_slaves"] == "0", "a master alone")
        code, findings = look(world)
        assert code != 0 and ("doubtful", "Redis", "0 of the 1 replica that RELEVE_REDIS wants (replicas=) are connected: until then nothing is "
                              "granted or stored there, and upstream is not asked here: start what is missing, or lower replicas=") in of_node(findings, node), findings


@pytest.mark.single("replicas of its own")
def test_a_redis_without_the_replicas_that_are_wanted_is_found():
    with World(quota=WINDOWS, today=None) as world:
        code, findings = look(world, RELEVE_REDIS=world.redis.url + "?replicas=1")
        assert code != 0 and any(text.startswith("0 of the 1 replica that RELEVE_REDIS wants") for finding, _, text in findings if finding == "doubtful"), findings


@pytest.mark.slow
@pytest.mark.parametrize("wanted, said", [
    (1, "2 replicas connected, and 1 wanted (replicas=): a permit that only 1 of them has is lost where another one takes over; "
        "with replicas=2 it is not, and work waits while one of them is away"),
    (2, "2 replicas connected, and 2 wanted (replicas=)")])
def test_more_replicas_than_are_waited_for_are_said_with_what_that_means(wanted, said):
    with ClusterWorld(replicas=2) as world:
        code, findings = look(world, RELEVE_REDIS=world.redis.url.replace("replicas=1", f"replicas={wanted}"))
        assert code == 0 and sum(text.endswith(": " + said) for _, _, text in findings) == 3, findings


@pytest.mark.single("its appendfsync; of a cluster it is said node by node, below")
def test_one_redis_that_may_lose_its_last_second_is_a_remark():
    with World(quota=WINDOWS, today=None) as world:
        world.redis.command("CONFIG", "SET", "appendfsync", "everysec")
        code, findings = look(world)
        assert code == 0 and ("ok", "Redis", "keeps what it is given (append-only file; as appendfsync is everysec, a crash of its machine loses "
                              "its last second, permits too)") in findings, findings


@pytest.mark.parametrize("of_a_replica", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_node_of_a_cluster_that_may_lose_its_last_second_is_doubtful(of_a_replica):
    with ClusterWorld() as world:
        master = world.redis.current_masters()[1]
        node = world.redis.replicas_of(master)[0] if of_a_replica else master
        node.command("CONFIG", "SET", "appendfsync", "everysec")
        code, findings = look(world)
        said = wrong(findings)
        assert code == 1 and len(said) == 1 and said[0][:2] == ("doubtful", "Redis"), findings
        assert said[0][2].startswith(f"127.0.0.1:{node.port}: ") and "appendfsync" in said[0][2] and "everysec" in said[0][2]
        assert said[0][2].endswith("CONFIG SET appendfsync always, and in redis.conf")


def test_a_node_that_is_named_and_does_not_answer_is_found():
    with ClusterWorld() as world:
        dead = free_port()
        code, findings = look(world, RELEVE_REDIS=world.redis.url.replace("cluster://", f"cluster://127.0.0.1:{dead},"))
        said = wrong(findings)
        assert code == 1 and len(said) == 1, findings
        assert said[0][2].startswith(f"127.0.0.1:{dead}, which RELEVE_REDIS names, does not answer: "), findings


@pytest.mark.single("sentinels of its own")
def test_sentinels_are_asked_which_master_they_name_and_one_that_is_silent_is_found():
    world = World(quota=WINDOWS, today=None)
    sentinels = world.redis = Sentinels()
    with world:
        named = f"the master is 127.0.0.1:{sentinels.master().port} now, as"
        code, findings = look(world)
        assert code == 0 and wrong(findings) == [], findings
        assert ("ok", "Redis", f"{named} 3 of the 3 sentinels say") in findings
        assert ("ok", "clock", "those of 1 master and 1 replica agree within 1 s") in findings
        lost = sentinels.watchers[0]
        lost.signal(signal.SIGKILL)
        code, findings = look(world)
        said = wrong(findings)
        assert code == 1 and len(said) == 1, findings
        assert said[0][2].startswith(f"the sentinel 127.0.0.1:{lost.port} does not say where the master is: "), findings
        assert ("ok", "Redis", f"{named} 2 of the 3 sentinels say") in findings


def pretended_clock(tmp_path):
    library = tmp_path / "pretended_clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", ROOT / "tools/pretended_clock.c", "-o", library], check=True)
    return os.fspath(library)


@pytest.mark.parametrize("shift_s, is_found, of_a_replica", [
    ("3", True, False), *(pytest.param(*others, marks=pytest.mark.slow) for others in (("0", False, False), ("3", True, True)))])
def test_nodes_whose_clocks_disagree_are_found(tmp_path, monkeypatch, shift_s, is_found, of_a_replica):
    """Each agrees well enough with this machine's."""
    with ClusterWorld() as world:
        node = world.redis.current_masters()[1]
        node = world.redis.replicas_of(node)[0] if of_a_replica else node
        world.redis.kill(node)
        with monkeypatch.context() as patch:
            patch.setenv("LD_PRELOAD", pretended_clock(tmp_path))
            patch.setenv("PRETENDED_SHIFT_S", shift_s)
            world.redis.start(node)
        world.redis.wait_until_whole()
        code, findings = look(world)
        apart = [text for _, area, text in wrong(findings) if area == "clock"]
        assert code == int(is_found) and len(apart) == int(is_found), findings
        assert not is_found or re.match(rf"127.0.0.1:{node.port}'s clock is [1-9] s ahead of 127.0.0.1:\d+'s: where nodes differ by 1 s or more", apart[0])
