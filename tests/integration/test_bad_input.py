"""Bad input: one line that says what is wrong, where and what is allowed; exit 2; nothing sent, no Redis started."""
import os
import re

import pytest
from sandbox import Sandbox
from server import Connection, Redis, free_port
from world import TODAY, Running, World, clean_environment

PRM = "22516914714270"
SELECT = ("--prm", PRM)
COMMANDS = ("backfill", "plan")
NO_REDIS = "unix:///nowhere/redis.sock"
SECRET, PASSWORD = "a-very-secret-secret", "a-very-secret-password"

pytestmark = pytest.mark.single("an embedded one, or of its own")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox("--quota", "none", "--today", TODAY) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def a_redis():
    with Redis() as redis:
        yield redis


class Place:
    """An empty current directory, and an embedded Redis that nobody may start."""

    def __init__(self, sandbox, path):
        self.sandbox, self.path = sandbox, path
        self.redis = path / "redis"
        self.settings = {**clean_environment(), "RELEVE_UPSTREAM": sandbox.url, "RELEVE_REDIS": f"embedded:{self.redis}",
                         "RELEVE_TODAY": TODAY, "CLIENT_ID": "client", "CLIENT_SECRET": SECRET}

    def run(self, *arguments, stdin=None, **settings):
        """Runs it where it must send nothing and start nothing."""
        env = {name: value for name, value in {**self.settings, **settings}.items() if value is not None}
        before = self.sandbox.stats()["requests"]
        ended = Running(arguments, env, self.path, stdin).end()
        assert self.sandbox.stats()["requests"] == before
        assert not self.redis.exists()
        return ended

    def refused(self, *arguments, says, code=2, **settings):
        """Runs it and returns the one line on stderr, in which all of `says` must stand."""
        ended = self.run(*arguments, **settings)
        assert ended.code == code and ended.out == "", ended
        assert ended.err.endswith("\n") and ended.err.count("\n") == 1, ended
        for words in says:
            assert words in ended.err, ended
        return ended.err


@pytest.fixture
def place(sandbox, tmp_path):
    return Place(sandbox, tmp_path)


# --- selections --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("prm", ["123", "2251691471427a", "225169147142700", "", "-1", "22516914714270 ", "２２５１６９"])
def test_a_prm_that_is_not_14_digits_is_named(place, command, prm):
    place.refused(command, "--prm", PRM, f"--prm={prm}", says=["--prm", f'"{prm}"', "14 digits"])


@pytest.mark.parametrize("lines, number, shown", [
    (f"{PRM}\n2251691471427\n", 2, "2251691471427"),
    (f"prm;name\n{PRM};a\n\n# no more\n12 34;b\n", 5, "12 34"),
    (f"\ufeff{PRM}\r\n7\r\n", 2, "7"),
    (f"{PRM}\nprm\n", 2, "prm"),
    (f"{PRM}\n;{PRM}\n", 2, ""),
    ("name\n", 1, "name"),
    (f"{PRM}\n{PRM}x", 2, f"{PRM}x"),
])
def test_a_prm_in_a_file_is_named_with_file_and_line(place, lines, number, shown):
    path = place.path / "points.csv"
    path.write_bytes(lines.encode())
    place.refused("backfill", "--prms", "points.csv", says=["points.csv", f"line {number}:", f'"{shown}"', "14 digits"])
    place.refused("backfill", "--prms", "-", stdin=path, says=["standard input", f"line {number}:", "14 digits"])


def test_a_line_with_bytes_that_are_no_text_is_refused_and_printed_harmlessly(place):
    (place.path / "binary").write_bytes(PRM.encode() + b"\n\x1b[31m\x07\xff\n")
    line = place.refused("backfill", "--prms", "binary", says=["binary", "line 2:"])
    assert line.rstrip("\n").isprintable()


@pytest.mark.parametrize("tail", [b"\0\0\n", b"\0" + PRM.encode() + b"\n", PRM.encode() + b"\0\n", b"\0"])
def test_a_nul_hides_nothing(place, tail):
    (place.path / "binary").write_bytes(PRM.encode() + b"\n" + tail)
    place.refused("backfill", "--prms", "binary", says=["binary", "line 2:"])


def test_a_file_that_cannot_be_read_is_named_with_the_reason(place):
    place.refused("backfill", "--prms", "nowhere.csv", says=["nowhere.csv", "No such file"])
    place.refused("backfill", "--prms", str(place.path), says=[str(place.path), "directory"])


def test_a_line_without_end_is_no_list(place):
    (place.path / "long").write_bytes(b"1" * 100000)
    place.refused("backfill", "--prms", "long", says=["long", "line 1:"])


def test_no_usage_point_at_all(place):
    place.refused("backfill", says=["no usage point", "--prm"])
    (place.path / "empty").write_bytes(b"# nobody\n")
    place.refused("backfill", "--prms", "empty", says=["empty", "no usage point", "14 digits"])


@pytest.mark.parametrize("kinds, wrong", [("gas", "gas"), ("daily_consumption,gas", "gas"), ("", ""),
                                          ("daily_consumption,", ""), ("DAILY_CONSUMPTION", "DAILY_CONSUMPTION")])
def test_an_unknown_kind_is_named_and_all_known_ones_are(place, kinds, wrong):
    place.refused("backfill", *SELECT, "--kind", kinds,
                  says=["--kind", f'"{wrong}"', "daily_consumption", "consumption_load_curve",
                        "daily_consumption_max_power", "daily_production", "production_load_curve", "all"])


@pytest.mark.parametrize("words", [["gas", *SELECT], ["daily_consumption,gas", *SELECT]])
def test_show_names_all_kinds(place, words):
    line = place.refused("show", *words, says=['KIND "gas": unknown', "daily_consumption", "consumption_load_curve", "all",
                                               "daily_consumption_max_power", "daily_production", "production_load_curve"])
    assert "--kind" not in line


@pytest.mark.parametrize("option", ["--start", "--end"])
@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "2025-02-29", "20260201", "2026-2-1", "tomorrow", "",
                                 "2026-02-01T00:00", " 2026-02-01", "0000-01-01"])
def test_a_day_that_does_not_exist_is_named(place, option, day):
    place.refused("backfill", *SELECT, option, day, says=[option, f'"{day}"', "YYYY-MM-DD"])


@pytest.mark.parametrize("command", COMMANDS)
def test_start_after_end_is_refused(place, command):
    place.refused(command, *SELECT, "--start", "2026-02-20", "--end", "2026-02-10",
                  says=["--start 2026-02-20", "--end 2026-02-10", "after"])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kinds, oldest", [("daily_consumption", "2023-11-04"), ("consumption_load_curve", "2024-11-04"),
                                           ("all", "2023-11-04")])
def test_a_range_that_is_wholly_too_old_is_refused_in_one_line(place, command, kinds, oldest):
    place.refused(command, *SELECT, "--kind", kinds, "--start", "2020-01-01", "--end", "2020-02-01",
                  says=["2020-02-01", oldest])


@pytest.mark.hour
def test_a_range_in_the_future_is_refused(place):
    place.refused("backfill", *SELECT, "--start", "2026-11-20", says=["--start 2026-11-20", "future", "yesterday"])


@pytest.mark.hour
@pytest.mark.parametrize("days", [["--start", TODAY], ["--start", TODAY, "--end", TODAY],
                                  ["--start", TODAY, "--end", "2026-11-25"]])
def test_nothing_new_is_said_and_is_no_error(place, days):
    ended = place.run("backfill", *SELECT, *days)
    assert ended.code == 0 and ended.err.count("\n") == 1 and "nothing to do" in ended.err, ended


# --- words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, says", [
    (["frobnicate"], ['"frobnicate"', "--help"]),
    (["backfill", *SELECT, "--frob"], ["--frob", "--help"]),
    (["backfill", *SELECT, "--frob=1"], ["--frob", "--help"]),
    (["backfill", *SELECT, "-x"], ["-x", "--help"]),
    (["backfill", *SELECT, "more"], ['"more"', "--help"]),
    (["backfill", "--prm"], ["--prm", "needs a value"]),
    (["plan", *SELECT, "--start"], ["--start", "needs a value"]),
    (["plan", *SELECT, "--refresh-all"], ["--refresh-all"]),
    (["backfill", *SELECT, "--concurrency", "0"], ["--concurrency", "1 to 256"]),
    (["backfill", *SELECT, "--concurrency", "257"], ["--concurrency", "1 to 256"]),
    (["backfill", *SELECT, "--concurrency", "4x"], ["--concurrency", "1 to 256"]),
    (["backfill", *SELECT, "--priority", "urgent"], ["--priority", "high, normal or low"]),
    (["backfill", *SELECT, "--progress", "maybe"], ["--progress", "auto, always or never"]),
])
def test_unknown_words_are_named(place, words, says):
    place.refused(*words, says=says)


# --- configuration -----------------------------------------------------------------------------------


@pytest.mark.parametrize("settings, says", [
    ({"CLIENT_ID": None}, ["CLIENT_ID", "not set"]),
    ({"CLIENT_ID": ""}, ["CLIENT_ID", "not set"]),
    ({"CLIENT_SECRET": None}, ["CLIENT_SECRET", "not set", "CLIENT_SECRET_FILE"]),
    ({"CLIENT_SECRET": None, "CLIENT_SECRET_FILE": "/nowhere/secret"}, ["CLIENT_SECRET_FILE", "/nowhere/secret",
                                                                       "No such file"]),
    ({"RELEVE_UPSTREAM": None}, ["RELEVE_UPSTREAM", "not set", "production", "sandbox"]),
    ({"RELEVE_UPSTREAM": "prod"}, ["RELEVE_UPSTREAM", '"prod"', "production"]),
    ({"RELEVE_UPSTREAM": "ftp://enedis"}, ["RELEVE_UPSTREAM", '"ftp://enedis"', "https://"]),
    ({"RELEVE_UPSTREAM": "http://"}, ["RELEVE_UPSTREAM", "host"]),
    ({"RELEVE_UPSTREAM": "http://[::1"}, ["RELEVE_UPSTREAM", "host"]),
    ({"RELEVE_UPSTREAM": "http://host:0"}, ["RELEVE_UPSTREAM", '"http://host:0"', "port"]),
    ({"RELEVE_UPSTREAM": "http://host:65536"}, ["RELEVE_UPSTREAM", '"http://host:65536"', "port"]),
    ({"RELEVE_UPSTREAM": "http://host:80x"}, ["RELEVE_UPSTREAM", '"http://host:80x"', "port"]),
    ({"RELEVE_UPSTREAM": "https://host/" + "x" * 300}, ["RELEVE_UPSTREAM", "256"]),
    ({"CLIENT_SECRET_FILE": "/nowhere/secret"}, ["CLIENT_SECRET ", "CLIENT_SECRET_FILE", "both", "one of them"]),
    ({"RELEVE_API": "v6"}, ["RELEVE_API", '"v6"', "2026, v5 or conso"]),
    ({"RELEVE_TODAY": "2026-02-30"}, ["RELEVE_TODAY", '"2026-02-30"', "YYYY-MM-DD"]),
    ({"RELEVE_LOG": "loud"}, ["RELEVE_LOG", '"loud"', "error, warn, info or debug"]),
    ({"RELEVE_PREFIX": "a b"}, ["RELEVE_PREFIX", '"a b"', "letters"]),
    ({"RELEVE_PREFIX": "x" * 49}, ["RELEVE_PREFIX", "48"]),
])
def test_a_wrong_setting_is_named_with_what_is_allowed(place, settings, says):
    place.refused("backfill", *SELECT, says=says, **settings)


@pytest.mark.parametrize("quota", ["5", "5/1", "0/1s", "5/0s", "5/1s,", ",5/1s", "5/1s,x", "5/2d", "-1/1s", "5/1s/2s",
                                   "1/1s,2/2s,3/3s,4/4s,5/5s", "99999999/1s", "NONE", "5 / 1s"])
def test_a_malformed_quota_is_quoted_with_its_form(place, quota):
    place.refused("backfill", *SELECT, RELEVE_QUOTA=quota, says=["RELEVE_QUOTA", f'"{quota}"', "N/DURATION", "none"])


@pytest.mark.parametrize("url", ["localhost", "http://localhost", "redis://", "redis://h:0", "redis://h:99999",
                                 "redis://h/db", f"redis://:{PASSWORD}@h:port", f"redis://:{PASSWORD}@", "redis://u@h",
                                 "unix://relative", "unix:///" + "x" * 120, "embeddedDIR", "redis://h,g", "redis://h?replicas=9",
                                 f"redis+cluster://:{PASSWORD}@h,g/1", f"redis+sentinel://:{PASSWORD}@h,g",
                                 f"redis+sentinel://h/m?sentinel-password={PASSWORD}%", f"rediss+cluster://:{PASSWORD}@h"])
def test_a_malformed_redis_address_is_refused_without_its_password(place, url):
    line = place.refused("backfill", *SELECT, RELEVE_REDIS=url, says=["RELEVE_REDIS: ", "; releve --help has all forms"])
    assert PASSWORD not in line


def test_a_password_in_the_upstream_address_is_refused_and_not_repeated(place):
    line = place.refused("backfill", *SELECT, RELEVE_UPSTREAM=f"https://user:{PASSWORD}@host", says=["RELEVE_UPSTREAM"])
    assert PASSWORD not in line


def test_a_query_in_the_upstream_address_is_refused_and_not_repeated(place):
    for mark in "?#":
        line = place.refused("backfill", *SELECT, RELEVE_UPSTREAM=f"https://host/{mark}key={PASSWORD}",
                             says=["RELEVE_UPSTREAM", "https://host/", "no query"])
        assert PASSWORD not in line


def test_two_secrets_are_refused_wherever_they_stand_and_neither_is_shown(place):
    (place.path / ".env").write_text(f"CLIENT_SECRET_FILE={place.path}/secret\n")
    (place.path / "secret").write_text(PASSWORD)
    line = place.refused("backfill", *SELECT, says=["CLIENT_SECRET ", "CLIENT_SECRET_FILE", "both"])
    assert SECRET not in line and PASSWORD not in line
    # An empty one counts as none, and who needs no secret does not mind.
    place.refused("backfill", *SELECT, CLIENT_SECRET="", RELEVE_REDIS=NO_REDIS, code=4, says=["unix:///nowhere"])
    place.refused("plan", *SELECT, RELEVE_REDIS=NO_REDIS, code=4, says=["unix:///nowhere"])


@pytest.mark.parametrize("content, says", [
    (b"", "is empty"), (b"\n", "white space"), (b"\r\n  \t \n", "white space"),
    (b"\n" + SECRET.encode(), "first line"), (b"  \n" + SECRET.encode(), "first line"), (SECRET.encode() + b"\0\n", "NUL"), (b"x" * 5000, "longer")])
def test_a_secret_file_that_holds_no_secret_is_named_and_not_called_unset(place, content, says):
    (place.path / "secret").write_bytes(content)
    line = place.refused("backfill", *SELECT, CLIENT_SECRET=None, CLIENT_SECRET_FILE="secret",
                         says=["CLIENT_SECRET_FILE secret:", says])
    assert "not set" not in line and SECRET not in line


def test_a_secret_file_that_is_a_directory_is_named_with_the_reason(place):
    place.refused("backfill", *SELECT, CLIENT_SECRET=None, CLIENT_SECRET_FILE=str(place.path),
                  says=[f"CLIENT_SECRET_FILE {place.path}:", "cannot be read", "directory"])


@pytest.mark.parametrize("content", ["wrong", "wrong\n", "wrong\r\n", "wrong\n\n"])
def test_a_line_end_behind_the_secret_in_a_file_is_not_part_of_it(content):
    with World() as world:
        world.write("secret", content)
        ended = world.run("backfill", *SELECT, CLIENT_SECRET=None, CLIENT_SECRET_FILE="secret")
        assert ended.code == 3, ended  # the simulator refuses this very one


@pytest.mark.parametrize("url, clear", [
    ("http://192.0.2.1", True), ("http://192.0.2.1:8750/gate", True), ("http://127.example.org", True),
    ("http://localhost.example.org", True), ("http://[2001:db8::1]:8750", True), ("HTTP://Example.org", True),
    ("http://127.0.0.1:8750", False), ("http://127.8.9.10", False), ("http://LOCALHOST:8750/", False),
    ("http://[::1]:8750", False), ("https://192.0.2.1", False), ("production", False)])
@pytest.mark.parametrize("command", [("backfill", *SELECT, "--start", TODAY, "--adopt"), ("worker", "--drain")])
def test_a_secret_that_will_travel_in_clear_is_said_once(place, a_redis, command, url, clear):
    a_redis.command("FLUSHALL")
    env = {**place.settings, "RELEVE_UPSTREAM": url, "RELEVE_REDIS": a_redis.url}
    ended = Running(command, env, place.path).end()  # there is nothing to do: in this test it goes nowhere
    assert ended.code == 0, ended
    lines = [line for line in ended.err.splitlines() if "in clear" in line]
    assert len(lines) == clear, ended
    for line in lines:
        assert "CLIENT_SECRET" in line and "https://" in line and SECRET not in line


@pytest.mark.parametrize("command", [("plan", *SELECT), ("enqueue", *SELECT), ("backfill", *SELECT)])
def test_who_sends_no_secret_says_nothing_of_it(place, a_redis, command):
    a_redis.command("SET", "{releve}:upstream", "production" if command[0] == "backfill" else "http://192.0.2.1")
    env = {**place.settings, "RELEVE_UPSTREAM": "http://192.0.2.1", "RELEVE_REDIS": a_redis.url}
    ended = Running(command, env, place.path).end()
    assert ended.code == (2 if command[0] == "backfill" else 0) and "in clear" not in ended.err, ended


@pytest.mark.parametrize("text, number", [("CLIENT_ID=x\nthis is not\n", 2), ("=x\n", 1), ("A='x\n", 1), ("1A=x\n", 1),
                                          ("# fine\n\nA B=1\n", 3)])
def test_a_malformed_env_file_is_named_with_its_line_and_without_its_text(place, text, number):
    (place.path / ".env").write_text(text)
    line = place.refused("backfill", *SELECT, says=[".env", f"line {number}:", "NAME=value"])
    assert "this is not" not in line  # it may have been meant as a secret


def test_a_nul_in_an_env_file_hides_nothing(place):
    (place.path / ".env").write_bytes(b"CLIENT_ID=x\nRELEVE_PREFIX=a\0b\n")
    place.refused("backfill", *SELECT, says=[".env", "line 2:", "NUL"])


def test_an_env_file_is_read_and_the_environment_wins(place):
    (place.path / ".env").write_text("RELEVE_API=v7\nRELEVE_LOG=loud\n")
    place.refused("backfill", *SELECT, RELEVE_LOG="info", says=["RELEVE_API", '"v7"'])


# --- who refuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unreachable_redis_is_exit_4_with_what_was_tried_and_why(place, command):
    place.refused(command, *SELECT, RELEVE_REDIS="unix:///nowhere/redis.sock", code=4,
                  says=["unix:///nowhere/redis.sock", "No such file", "RELEVE_REDIS"])
    address = f"127.0.0.1:{free_port()}"
    line = place.refused(command, *SELECT, RELEVE_REDIS=f"redis://:{PASSWORD}@{address}/3", code=4,
                         says=[f"redis://{address}/3", "refused", "RELEVE_REDIS"])
    assert PASSWORD not in line


def test_show_of_an_unreachable_redis_is_exit_4(place):
    place.refused("show", "daily_consumption", *SELECT, RELEVE_REDIS="unix:///nowhere/redis.sock", code=4,
                  says=["unix:///nowhere/redis.sock", "No such file"])


def test_a_redis_that_wants_another_password_is_exit_4(place):
    with Redis(password="right-password") as redis:
        for user in ("", ":" + PASSWORD + "@"):
            line = place.refused("backfill", *SELECT, RELEVE_REDIS=f"redis://{user}127.0.0.1:{redis.port}", code=4,
                                 says=[f"redis://127.0.0.1:{redis.port}", "assword" if user else "uth"])
            assert PASSWORD not in line
        assert redis.keys("*") == set()


def test_a_machine_without_redis_server_is_exit_4(place):
    ended = place.run("backfill", *SELECT, PATH="/nowhere", RELEVE_REDIS=f"embedded:{place.path}/other")
    assert ended.code == 4 and ended.err.count("\n") == 1, ended
    assert "redis-server" in ended.err and "RELEVE_REDIS" in ended.err


@pytest.mark.parametrize("api", ["2026", "v5"])
def test_wrong_credentials_are_exit_3_after_one_attempt_in_each_form(api):
    with World(quota="5/1s,1000/1h", api=api) as world:
        ended = world.run("backfill", "--prm", PRM, "--prm", "11453290002823", CLIENT_SECRET="wrong")
        assert ended.code == 3
        assert "redential" in ended.err and "CLIENT_" in ended.err, ended
        stats = world.sandbox.stats()
        assert (stats["requests"], stats["errors"], stats["tokens"]) == (2, {"401": 2}, 0)
        assert world.redis.days() == {}


def test_the_simulator_says_which_secret_it_refuses_and_does():
    with World() as world:
        said = re.search(r'the secret "(\w+)" is refused', world.run("sandbox", "--help").out)
        assert said, world.run("sandbox", "--help").out
        assert world.run("backfill", *SELECT, CLIENT_SECRET=said.group(1)).code == 3


# --- what others wrote into Redis ------------------------------------------------------------------------

CURVE_DAY = '{{"prm":"22516914714270","date":"2026-11-01","state":"complete",{}}}'


@pytest.mark.parametrize("form", ["pretty", "csv"])
@pytest.mark.parametrize("day", ["", "[]", "nonsense", "[" * 5000, CURVE_DAY.format('"interval":"PT999999999M","values":[1,2,3]'),
                                 CURVE_DAY.format('"values":[1]'), CURVE_DAY.format('"points":[[99999999,30,1]]'),
                                 CURVE_DAY.format('"points":[[0]]'), CURVE_DAY.format('"points":[1]')], ids=range(9))
def test_a_stored_day_that_is_none_is_named_and_the_others_are_shown(place, form, day):
    with Redis() as redis:
        redis.command("SET", f"releve:day:{{{PRM}}}:consumption_load_curve:2026-11-01", day)
        redis.command("SET", f"releve:day:{{{PRM}}}:consumption_load_curve:2026-11-02",
                      CURVE_DAY.format('"interval":"PT30M","values":[7]').replace("-01", "-02"))
        ended = place.run("show", "consumption_load_curve", "--prm", PRM, "--start", "2026-11-01", "--end", "2026-11-03",
                          "--format", form, RELEVE_REDIS=redis.url)
        assert ended.code == 1
        assert ended.err == f"releve: {PRM} consumption_load_curve 2026-11-01: what is stored is no day of this kind\n"
        assert ended.out.count("\n") == (1 if form == "json" else 2) and "2026-11-02" in ended.out, ended


def test_a_stored_day_cannot_steer_the_terminal(place):
    with Redis() as redis:
        redis.command("SET", f"releve:day:{{{PRM}}}:daily_consumption:2026-11-01",
                      '{"date":"\\u001b[2J","state":"complete","value":1,"unit":"Wh"}')
        for form in ("pretty", "csv", "json"):
            ended = place.run("show", "daily_consumption", "--prm", PRM, "--start", "2026-11-01", "--end", "2026-11-01",
                              "--format", form, RELEVE_REDIS=redis.url)
            assert ended.code == 0 and "\x1b" not in ended.out and "complete" in ended.out, ended


def test_each_line_of_a_csv_has_the_columns_of_its_header(place):
    with Redis() as redis:
        redis.command("SET", f"releve:day:{{{PRM}}}:daily_consumption_max_power:2026-11-01", '{"prm":"22516914714270",'
                      '"date":"2026-11-01","state":"pending","recheck_after":"2026-11-21T12:00:00Z"}')
        ended = place.run("show", "daily_consumption_max_power", "--prm", PRM, "--start", "2026-11-01", "--end",
                          "2026-11-01", "--format", "csv", RELEVE_REDIS=redis.url)
        assert ended.out == ("prm,kind,start,minutes,value_va,state,at\n"
                             f"{PRM},daily_consumption_max_power,2026-11-01T00:00:00+01:00,1440,,pending,\n"), ended


# --- secrets -----------------------------------------------------------------------------------------


def ancestry(pid):
    """The command lines of a process and of what it started."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        found = [file.read()]
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        for child in file.read().split():
            found += ancestry(child)
    return found


@pytest.mark.slow
def test_no_secret_and_no_token_is_ever_shown():
    flags = ("--fault", "error500=0.2", "--fault", "garbage=0.1", "--latency", "20")
    with World(*flags, password=PASSWORD) as world, Sandbox("--quota", "none", "--today", TODAY) as twin:
        world.write(".env", f"CLIENT_SECRET={SECRET}\n")
        running = world.start("backfill", "--prm", PRM, "--prm", "26584978546985", "--kind", "daily_consumption",
                              "--progress", "always", CLIENT_SECRET=None, RELEVE_LOG="debug")
        world.wait_for(running, "requests", 2)
        lines = b" ".join(ancestry(running.process.pid))
        ended = running.end()
        assert ended.code == 1 and "ADAM_DC_0008" in ended.err.replace("-", "_"), ended
        # Tokens are made from the seed: the twin's first is the one that was used.
        token = twin.token
        assert world.sandbox.get("/mesure_synchrone_auto/v2/consommation_quotidienne", token=token).status != 401
        assert b"backfill" in lines
        kept = b" ".join(world.redis.command("GET", key) or b"" for key in world.redis.keys("releve:day:*"))
        for text in (ended.out, ended.err, os.fsdecode(lines), kept.decode()):
            for secret in (SECRET, PASSWORD, token):
                assert secret not in text


def of_process(pid, name):
    with open(f"/proc/{pid}/{name}") as file:
        return file.read()


def test_the_secret_is_in_no_environment_and_no_memory_is_dumped(tmp_path):
    """Of the program, of the Redis that it starts, and of that one's keeper."""
    with World("--latency", "20") as world:
        running = world.start("backfill", "--prm", PRM, CLIENT_SECRET=SECRET, RELEVE_REDIS=f"embedded:{tmp_path}")
        world.wait_for(running, "requests", 2)
        connection = Connection(str(tmp_path / "redis.sock"))
        redis_pid = int(re.search(rb"process_id:(\d+)", connection.command("INFO", "server")).group(1))
        connection.close()
        keeper_pid = int(re.search(r"PPid:\s+(\d+)", of_process(redis_pid, "status")).group(1))
        assert "CLIENT_ID=client" in of_process(running.process.pid, "environ")
        for pid in (running.process.pid, keeper_pid, redis_pid):
            assert SECRET not in of_process(pid, "environ")
            assert re.search(r"Max core file size +1 +1 ", of_process(pid, "limits"))
        world.interrupt(running)


def test_refused_credentials_are_not_repeated_in_the_complaint(place):
    with Sandbox("--today", TODAY) as sandbox, Redis() as redis:
        env = {**place.settings, "RELEVE_UPSTREAM": sandbox.url, "RELEVE_REDIS": redis.url, "RELEVE_LOG": "debug",
               "CLIENT_ID": "the-id-of-somebody", "CLIENT_SECRET": "wrong"}
        ended = Running(["backfill", *SELECT], env, place.path).end()
        assert ended.code == 3 and "the-id-of-somebody" not in ended.err and "wrong" not in ended.err, ended
