"""The public client of the Conso API, the npm package linky, asks `releve serve` as if it were the original: the package as it is,
in one exact version, with the address that is fixed in its source, over TLS. What it gets is what the simulator's own v5 says,
and what Redis holds. Nothing leaves this machine but npm's download."""
import contextlib
import json
import pathlib
import shutil
import subprocess

import node
import pytest
import tls
from sandbox import CURVES
from test_serve import Served
from world import World, clean_environment, is_sanitized

LINKY = pathlib.Path(__file__).resolve().parents[1] / "linky"
HOST = "conso.boris.sh"
RUN_S = 100
BOTH, CLIENT_0, REVOKED, OTHER = "12655648759651", "22516914714270", "26584978546985", "42900589957123"
DAYS = ("2026-09-01", "2026-11-01")
NIGHT = ("2026-10-22", "2026-10-29")  # the night in which summer time ends is in it
SPRING = ("2026-03-26", "2026-04-02")
METHODS = {"daily_consumption": "getDailyConsumption", "consumption_load_curve": "getLoadCurve",
           "daily_consumption_max_power": "getMaxPower", "daily_production": "getDailyProduction",
           "production_load_curve": "getProductionLoadCurve"}
COMMANDS = {"daily_consumption": "daily", "consumption_load_curve": "loadcurve", "daily_consumption_max_power": "maxpower",
            "daily_production": "dailyprod", "production_load_curve": "loadcurveprod"}

pytestmark = [pytest.mark.long, pytest.mark.skipif(is_sanitized(), reason="it runs in one build: most of it is no C")]


def node_version():
    return int(subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout[1:].split(".")[0])


def span_of(kind):
    return NIGHT if kind in CURVES else DAYS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder where `npm install linky` was done, with what the test runs there."""
    folder = node.install(LINKY / "package.json", tmp_path_factory.mktemp("linky"))
    for name in ("ask.mjs", "redirect.cjs"):
        shutil.copy(LINKY / name, folder)
    return folder


class Client:
    """The package, with a token, and a service at its address."""

    def __init__(self, folder, port, certificate, token):
        self.folder, self.token = folder, token
        kept = {name: value for name, value in clean_environment().items() if not name.lower().endswith("_proxy")}
        self.env = {**kept, "NODE_OPTIONS": f"--require={folder}/redirect.cjs", "NODE_EXTRA_CA_CERTS": str(certificate),
                    "CONSO_TEST_PORT": str(port), "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "NO_UPDATE_NOTIFIER": "1"}

    def run(self, *words, **settings):
        return subprocess.run(words, cwd=self.folder, env={**self.env, **settings}, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=RUN_S)

    def ask(self, prm, *calls, token=None):
        """What each call of the module, (method, start, end), came to."""
        ended = self.run("node", "ask.mjs", CONSO_TEST_TOKEN=token or self.token, CONSO_TEST_PRM=prm, CONSO_TEST_CALLS=json.dumps(calls))
        assert ended.returncode == 0, ended
        return json.loads(ended.stdout)

    def command(self, *words):
        return self.run(str(self.folder / "node_modules/.bin/linky"), *words, "--token", self.token)


@contextlib.contextmanager
def client_of(world, folder, tmp_path, *prms):
    """Gives a token for these usage points, starts the service and what ends TLS for it."""
    file = tmp_path / "tokens"
    made = world.run("token", *(word for prm in prms for word in ("--prm", prm)), "--token-file", str(file))
    assert made.code == 0, made
    served = Served(world, "--token-file", str(file), "--host", HOST)
    certificate, context = tls.self_signed(tmp_path, HOST)
    with tls.reverse_proxy(context, served.port) as port:
        yield Client(folder, port, certificate, made.out.strip())
    ended = served.end()
    assert made.out.strip() not in ended.out + ended.err


def meter_reading(world, kind, start, end):
    """What the simulator's v5 says, and what the Conso API passes on of it."""
    answer = world.sandbox.measure(kind, BOTH, start, end, api="v5")
    assert answer.status == 200, answer
    return answer.json["meter_reading"]


@pytest.fixture(scope="module")
def filled():
    """Redis with the days that are asked for, and what v5 says of them; no worker."""
    with World() as world:
        for kinds, (start, end) in (("daily", DAYS), ("curves", NIGHT), ("curves", SPRING)):
            ended = world.run("backfill", "--prm", BOTH, "--kind", kinds, "--start", start, "--end", end)
            assert ended.code == 0, ended
        world.run("backfill", "--prm", CLIENT_0, "--prm", REVOKED, "--kind", "daily", "--start", "2026-11-01", "--end", "2026-11-05")
        world.expected = {(kind, *span): meter_reading(world, kind, *span) for kind in METHODS
                          for span in ((NIGHT, SPRING) if kind in CURVES else (DAYS,))}
        yield world


@pytest.fixture(scope="module")
def client(filled, folder, tmp_path_factory):
    before = filled.sandbox.stats()["requests"]
    with client_of(filled, folder, tmp_path_factory.mktemp("served"), BOTH, CLIENT_0, REVOKED) as client:
        yield client
    assert filled.sandbox.stats()["requests"] == before, "what Redis holds was asked for again"


def stored_values(world, kind, start, end):
    """Every value that Redis holds of these days, in order."""
    days = [json.loads(text) for _, text in sorted(world.redis.days(BOTH, kind).items())]
    return [value for day in days if start <= day["date"] < end
            for value in ([day["value"]] if "value" in day else day.get("values", []))]


# --- from what Redis holds -------------------------------------------------------------------------


def test_its_five_calls_get_what_enedis_would_have_said_and_what_redis_holds(client, filled):
    cases = list(filled.expected)
    answers = client.ask(BOTH, *([METHODS[kind], start, end] for kind, start, end in cases))
    for (kind, start, end), answer in zip(cases, answers):
        assert answer.get("result") == filled.expected[kind, start, end], (kind, start, answer)
        values = [int(point["value"]) for point in answer["result"]["interval_reading"]]
        assert values == stored_values(filled, kind, start, end) and len(values) > 50, (kind, start)


def test_the_autumn_night_has_its_doubled_hour(client):
    answer, = client.ask(BOTH, [METHODS["consumption_load_curve"], "2026-10-25", "2026-10-26"])
    stamps = [point["date"] for point in answer["result"]["interval_reading"]]
    assert len(stamps) == 50 and stamps.count("2026-10-25 02:00:00") == stamps.count("2026-10-25 02:30:00") == 2
    assert stamps[-1] == "2026-10-26 00:00:00"


@pytest.mark.skipif(node_version() >= 22, reason="the command of linky 2.0.2 says `assert`, which newer Node does not take")
@pytest.mark.parametrize("kind", METHODS)
def test_its_five_commands_print_the_same(client, filled, kind):
    start, end = span_of(kind)
    ended = client.command(COMMANDS[kind], "--prm", BOTH, "--start", start, "--end", end, "--format", "json", "--quiet")
    assert ended.stderr == "" and json.loads(ended.stdout) == filled.expected[kind, start, end], ended
    ended = client.command(COMMANDS[kind], "--prm", BOTH, "--start", start, "--end", end, "--format", "csv", "--quiet")
    assert len(ended.stdout.strip().splitlines()) == 1 + len(filled.expected[kind, start, end]["interval_reading"])


def test_without_a_usage_point_it_asks_for_the_first_one_of_its_token(client, filled):
    answer, = client.ask("", [METHODS["daily_production"], *DAYS])
    assert answer["result"] == filled.expected["daily_production", *DAYS]


def test_refusals_are_those_of_enedis_in_the_words_of_the_gateway(client):
    wrong = client.ask(BOTH, [METHODS["daily_consumption"], "2026-10-02", "2026-10-01"],
                       [METHODS["daily_consumption"], "2026-11-01", "2026-12-01"],
                       [METHODS["consumption_load_curve"], "2026-10-01", "2026-10-09"], [METHODS["daily_consumption"], "yesterday", "x"])
    assert [answer["code"] for answer in wrong] == [400] * 4 and all(answer["response"]["status"] == 400 for answer in wrong)
    assert wrong[0]["response"] == {"status": 400, "message": "The Enedis API returned an error",
                                    "error": {"error": "Invalid_request", "error_description": "Start date should be before end date."}}
    assert wrong[2]["response"]["error"]["error"] == "ADAM-ERR0126"
    assert [issue["path"] for issue in wrong[3]["response"]["error"]["issues"]] == [["start"], ["end"]]


def test_what_is_remembered_of_a_usage_point_is_said(client):
    refused, = client.ask(REVOKED, [METHODS["daily_consumption"], "2026-11-01", "2026-11-05"])
    assert refused["code"] == 403 and refused["response"]["error"]["error"] == "ADAM-DC-0008", refused
    absent, = client.ask(CLIENT_0, [METHODS["daily_production"], "2026-11-01", "2026-11-05"])
    assert absent["code"] == 400 and absent["response"]["error"]["error"] == "ADAM-ERR0069", absent


def test_another_token_gets_nothing(client):
    head, payload, signature = client.token.split(".")
    for token in (f"{head}.{payload}.{'A' * len(signature)}", f"{head}.{payload}."):
        answer, = client.ask(BOTH, [METHODS["daily_consumption"], *DAYS], token=token)
        assert answer["code"] == 401 and answer["response"]["status"] == 401, answer


def test_a_token_that_names_more_than_its_line_gets_no_more(client, filled, tmp_path, folder):
    made = filled.run("token", "--prm", BOTH, "--prm", OTHER)
    line = made.err.splitlines()[-1].split()
    file = tmp_path / "tokens"
    file.write_text(" ".join(line[:2]) + "\n")
    file.chmod(0o600)
    served = Served(filled, "--token-file", str(file), "--host", HOST)
    certificate, context = tls.self_signed(tmp_path, HOST)
    with tls.reverse_proxy(context, served.port) as port:
        mine = Client(folder, port, certificate, made.out.strip())
        answer, = mine.ask(BOTH, [METHODS["daily_consumption"], *DAYS])
        other, = mine.ask(OTHER, [METHODS["daily_consumption"], *DAYS])
    assert "result" in answer and other["code"] == 401, other
    served.end()


# --- from Enedis -----------------------------------------------------------------------------------


def test_what_redis_does_not_hold_a_worker_gets(folder, tmp_path):
    with World() as world:
        worker = world.start("worker")
        with client_of(world, folder, tmp_path, BOTH, REVOKED) as client:
            answers = client.ask(BOTH, *([METHODS[kind], *span_of(kind)] for kind in METHODS))
            for kind, answer in zip(METHODS, answers):
                assert answer.get("result") == meter_reading(world, kind, *span_of(kind)), (kind, answer)
            refused, = client.ask(REVOKED, [METHODS["daily_consumption"], "2026-11-01", "2026-11-05"])
            assert refused["code"] == 403 and refused["response"]["error"]["error"] == "ADAM-DC-0008", refused
        assert not worker.has_ended(0)
