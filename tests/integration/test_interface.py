"""The interface of releve serve under /v1: what it answers is what /openapi.json says and what the commands print; it is read
in turns, told once, and nothing that anybody has written into Redis breaks it."""
import collections
import json
import pathlib
import re
import signal
import socket
import threading

import jsonschema
import pytest
from test_serve import ANSWER_S, Served, until
from world import World

CLIENT_0, HOLES, PRODUCER, REVOKED = "22516914714270", "42900589957123", "24880057139941", "26584978546985"
ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENAPI = json.loads((ROOT / "adapters/web/openapi.json").read_text())
START = "2026-09-01"


class Interface(Served):
    """A service, and what it should answer."""

    def get(self, path, **headers):
        """As `get_once`, for whoever comes again when told to: five seconds are not long on a busy machine."""
        answers = []
        until(lambda: answers.append(self.get_once(path, **headers)) or answers[-1][0] != 503)
        return answers[-1]

    def get_once(self, path, **headers):
        """The answer's status, headers and body; what the description does not allow fails."""
        status, given, text = self.ask(path, **headers)
        described = self.operation(path)["responses"]
        as_described = str(status) if str(status) in described else f"{status // 100}XX"
        assert as_described in described, f"{path}: {status} is not described: {text}"
        schema = described[as_described]
        if "$ref" in schema:
            schema = OPENAPI["components"]["responses"][schema["$ref"].rsplit("/", 1)[1]]
        if status == 304:
            assert text == "" and "content" not in schema
            return status, given, None
        kind = given["content-type"].split(";")[0]
        assert kind in schema["content"], f"{path}: {kind}"
        lines = text.splitlines() if kind == "application/x-ndjson" else [text]
        documents = [json.loads(line) for line in lines if kind.endswith("json")]
        for document in documents:
            check(document, schema["content"][kind]["schema"])
        assert ("etag" in given) == (status == 200 and "ETag" in schema.get("headers", {})), path
        return status, given, documents if kind == "application/x-ndjson" else documents[0]

    def operation(self, path):
        for known, item in OPENAPI["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path.split("?")[0]):
                return item["get"]
        raise AssertionError(f"{path} is not described")


def check(document, schema):
    resolver = jsonschema.RefResolver("", OPENAPI)
    jsonschema.Draft202012Validator(schema, resolver=resolver).validate(document)


@pytest.fixture(scope="module")
def world():
    with World("--population", "25", quota="100/1s,5000/1h") as world:
        points = [word for i in range(23) for word in ("--prm", f"{30000000000000 + i}")]
        assert world.run("backfill", *points, "--kind", "daily_consumption", "--start", "2026-11-01").code == 0
        named = [word for prm in (CLIENT_0, HOLES, PRODUCER, REVOKED) for word in ("--prm", prm)]
        world.run("backfill", *named, "--kind", "all,contracts", "--start", START)
        yield world


@pytest.fixture(scope="module")
def served(world):
    served = Interface(world)
    yield served
    assert world.interrupt(served.running).code == 0


def printed(world, *words):
    return [json.loads(line) for line in world.run(*words, "--json").out.splitlines()]


def test_the_description_is_sound_and_has_every_route():
    for name, schema in OPENAPI["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert json.dumps(OPENAPI).count(f"#/components/schemas/{name}\"") > 0, f"nobody refers to {name}"
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(OPENAPI)):
        found = OPENAPI
        for step in reference.split("/"):
            found = found[step]
    routes = re.findall(r'^    \{"(/[^"]*)"', (ROOT / "adapters/cli/portal/portal.c").read_text(), re.MULTILINE)
    described = {re.sub(r"\{\w+\}", "{}", path) for path in OPENAPI["paths"]}
    assert {*routes, "/openapi.json"} == described


def test_the_description_is_served_as_it_is_in_the_tree(served):
    status, given, described = served.get("/openapi.json")
    assert described == OPENAPI and given["cache-control"] == "no-cache"


def test_a_usage_point_is_what_the_command_prints(world, served):
    for prm in (CLIENT_0, HOLES, PRODUCER, REVOKED, "99999999999999"):
        assert served.get(f"/v1/points/{prm}")[2] == printed(world, "points", "--prm", prm)[0]


def test_coverage_is_what_the_command_prints_with_a_letter_a_day(world, served):
    for prm in (HOLES, PRODUCER, REVOKED):
        for line in printed(world, "coverage", "--prm", prm, "--start", "2026-08-01"):
            got = served.get(f"/v1/points/{prm}/coverage/{line['kind']}?start=2026-08-01")[2]
            states = collections.Counter(got.pop("states"))
            assert got == line
            names = {"c": "complete", "p": "partial", "h": "holes", "w": "pending", "m": "missing", "x": "cut"}
            assert {names[letter]: count for letter, count in states.items()} == {name: line[name] for name in names.values() if line[name]}


def test_days_are_the_bytes_that_redis_holds(world, served):
    for prm, kind in ((CLIENT_0, "consumption_load_curve"), (HOLES, "daily_consumption"), (PRODUCER, "production_load_curve")):
        held = [day.decode() for _, day in sorted(world.redis.days(prm, kind).items())]
        assert served.ask(f"/v1/points/{prm}/days/{kind}?start={START}")[2].splitlines() == held != []
        assert served.get(f"/v1/points/{prm}/days/{kind}?start={START}")[0] == 200
        date = json.loads(held[3])["date"]
        assert served.ask(f"/v1/points/{prm}/days/{kind}/{date}")[2] == held[3] + "\n"
        assert served.ask(f"/v1/points/{prm}/days/{kind}?start={date}&end={date}")[2] == held[3] + "\n"
    assert len(json.loads(served.ask(f"/v1/points/{CLIENT_0}/days/consumption_load_curve/2026-10-25")[2])["values"]) == 50


def test_days_come_in_pages_that_lead_on(world, served):
    for i in range(900):
        day = f"{2023 + i // 365}-{1 + i % 365 // 31:02}-{1 + i % 365 % 31:02}"
        if i % 365 % 31 < 28:
            world.redis.command("SET", f"releve:day:{{{{30000000000024}}}}:daily_production:{day}",
                                json.dumps({"prm": "30000000000024", "kind": "daily_production", "date": day, "state": "complete", "value": i}))
    path, dates, pages = "/v1/points/30000000000024/days/daily_production?start=2023-01-01&end=2025-12-31", [], 0
    while path:
        _, given, days = served.get(path)
        dates += [day["date"] for day in days]
        link = re.fullmatch(r'<(.+)>; rel="next"', given.get("link", ""))
        path, pages = link and link[1], pages + 1
    held = world.redis.keys("releve:day:{30000000000024}:daily_production:*")
    assert dates == sorted(key.rsplit(":", 1)[1] for key in held) and pages == 3


def test_documents_are_as_they_are_stored(world, served):
    held = json.loads(world.redis.command("GET", f"releve:doc:{{{CLIENT_0}}}:contracts"))
    assert served.get(f"/v1/points/{CLIENT_0}/documents/contracts")[2] == held
    assert served.get("/v1/points/30000000000000/documents/identity")[0] == 404


def test_usage_points_come_in_pages_and_are_searched_by_their_digits(world, served):
    everyone = [point["prm"] for point in printed(world, "points")]
    for limit in (7, 20):
        path, found = f"/v1/points?limit={limit}", []
        while path:
            _, given, page = served.get(path)
            assert page["count"] >= len(everyone) - 1 and page["cut"] is False
            found += [point["prm"] for point in page["points"]]
            link = re.fullmatch(r'<(.+)>; rel="next"', given.get("link", ""))
            path = link and link[1]
            assert (page["next"] is None) == (path is None)
        assert found == sorted(found) and set(everyone) >= set(found) >= {CLIENT_0, HOLES, PRODUCER, "30000000000022"}
    _, _, page = served.get("/v1/points?search=0000000002&limit=20")
    assert [point["prm"] for point in page["points"]] == [prm for prm in sorted(found) if "0000000002" in prm]
    assert page["count"] == len(page["points"]) >= 3 and page["next"] is None
    assert served.get("/v1/points?search=77777")[2] == {"points": [], "count": 0, "cut": False, "next": None}


def test_the_last_day_is_told_in_slots(world, served):
    _, _, history = served.get("/v1/history")
    assert [slot["at"] for slot in history["slots"]] == sorted(slot["at"] for slot in history["slots"])
    granted, jobs = collections.Counter(), collections.Counter()
    for slot in history["slots"]:
        granted.update(slot["granted"])
        jobs.update(slot["jobs"])
    counted = {name: int(count) for name, count in world.redis.hash("{releve}:counters").items()}
    assert dict(granted) == {name[8:].split("@")[0]: count for name, count in counted.items() if name.startswith("granted:")}
    ended = collections.Counter()
    for name, count in counted.items():
        if name.startswith("jobs:"):
            ended[name.split(":")[2]] += count
    assert jobs == ended and jobs["done"] > 20


@pytest.mark.parametrize("path", [
    "/v1/points?limit=3", f"/v1/points/{CLIENT_0}", f"/v1/points/{CLIENT_0}/coverage/daily_consumption",
    f"/v1/points/{CLIENT_0}/days/daily_consumption?start=2026-10-01", f"/v1/points/{CLIENT_0}/documents/contracts", "/openapi.json", "/"])
def test_who_has_it_already_is_not_sent_it_again(served, path):
    etag = served.ask(path)[1]["etag"]
    for had in (etag, f'"0", {etag}', f"W/{etag}", "*"):
        status, given, text = served.ask(path, If_None_Match=had)
        assert (status, text, given["etag"]) == (304, "", etag)
    assert served.ask(path, If_None_Match='"0"')[0] == 200


@pytest.mark.parametrize("path, status, said", [
    ("/v1/nothing", 404, "openapi.json"), ("/v1/points/", 404, "openapi.json"), (f"/v1/points/{CLIENT_0}/", 404, "openapi.json"),
    ("/v1/points/123", 400, "14 digits"), (f"/v1/points/{CLIENT_0}/days/contracts?start={START}", 404, "no kind that has days"),
    (f"/v1/points/{CLIENT_0}/days/nothing/2026-10-01", 404, "no kind"), (f"/v1/points/{CLIENT_0}/documents/daily_consumption", 404, "no document"),
    (f"/v1/points/{CLIENT_0}/days/daily_consumption", 400, "start is missing"),
    (f"/v1/points/{CLIENT_0}/days/daily_consumption?start=2026-13-01", 400, "YYYY-MM-DD"),
    (f"/v1/points/{CLIENT_0}/days/daily_consumption?start=2026-10-02&end=2026-10-01", 400, "behind end"),
    (f"/v1/points/{CLIENT_0}/days/daily_consumption?start={START}&start={START}", 400, "each once"),
    (f"/v1/points/{CLIENT_0}/days/daily_consumption?begin={START}", 400, "start, end"),
    (f"/v1/points/{CLIENT_0}/days/daily_consumption?start=1990-01-01", 400, "at most"),
    (f"/v1/points/{CLIENT_0}/days/daily_consumption?start=%00{START}", 400, "YYYY-MM-DD"), ("/v1/status%00x", 404, "openapi.json"), ("/metrics%00", 404, "openapi.json"),
    ("/v1/points?limit%00=5", 400, "each once"),
    (f"/v1/points/{CLIENT_0}/days/daily_consumption/yesterday", 400, "YYYY-MM-DD"),
    (f"/v1/points/{CLIENT_0}/days/daily_consumption/2019-10-01", 404, "Nothing is stored"),
    (f"/v1/points/{CLIENT_0}/coverage/daily_consumption?start=2020-01-01", 400, "at most 1128"),
    ("/v1/points?limit=0", 400, "1 to 20"), ("/v1/points?limit=21", 400, "1 to 20"), ("/v1/points?limit=1e1", 400, "1 to 20"),
    ("/v1/points?search=x", 400, "digits"), ("/v1/points?search=123456789012345", 400, "digits"), ("/v1/points?after=5", 400, "14 digits"),
    ("/v1/status?verbose", 400, "nothing"), (f"/v1/points/{'1' * 300}", 404, "openapi.json"), ("/page/../password", 404, "openapi.json")])
def test_what_is_wrong_is_told_in_one_line(served, path, status, said):
    got, given, text = served.ask(path)
    problem = json.loads(text)
    assert (got, problem["status"], given["content-type"]) == (status, status, "application/problem+json")
    check(problem, {"$ref": "#/components/schemas/Problem"})
    assert said in problem["detail"] and "\n" not in problem["detail"], problem


def test_what_is_stored_and_is_no_day_is_said_so(world, served):
    prm, kind = "30000000000023", "daily_consumption"
    for day, text in (("01", "{"), ("02", "[1]"), ("03", '{"state":"complete","value":1,\n"x":"\x7f"}'), ("04", "\xff")):
        world.redis.command("SET", f"releve:day:{{{prm}}}:{kind}:2026-10-{day}", text)
    lines = served.ask(f"/v1/points/{prm}/days/{kind}?start=2026-10-01&end=2026-10-05")[2].splitlines()
    days = [json.loads(line) for line in lines]
    assert [day["state"] for day in days] == ["unreadable", "unreadable", "complete", "unreadable"]
    assert served.get(f"/v1/points/{prm}/days/{kind}/2026-10-01")[0] == 500
    world.redis.command("SET", f"releve:doc:{{{prm}}}:contracts", "nonsense")
    assert served.get(f"/v1/points/{prm}/documents/contracts")[0] == 500
    said = served.running.so_far()
    assert "releve show names it" in said and prm not in said


def test_data_of_another_upstream_are_not_shown(world):
    other = Interface(world, RELEVE_UPSTREAM="http://127.0.0.1:1")
    for path in (f"/v1/points/{CLIENT_0}", f"/v1/points/{CLIENT_0}/days/daily_consumption?start={START}", "/v1/points"):
        assert other.get(path)[0] == 409
    assert other.get("/v1/status")[0] == 200
    world.interrupt(other.running)


class Stream:
    """A reader of server-sent events."""

    def __init__(self, served):
        self.socket = socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S)
        self.socket.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.file = self.socket.makefile("rb")
        self.status = self.file.readline().split()[1]
        while self.file.readline() not in (b"\r\n", b""):
            pass
        self.text = b""

    def event(self):
        """The next event, (name, data); None when the stream ends."""
        while True:
            whole, found, rest = self.text.partition(b"\n\n")
            if found:
                self.text = rest
                fields = dict(line.split(b": ", 1) for line in whole.splitlines() if b": " in line)
                if b"event" in fields:
                    return fields[b"event"].decode(), json.loads(fields[b"data"])
                continue
            size = int(self.file.readline() or b"0", 16)
            self.text += self.file.read(size)
            self.file.readline()
            if size == 0:
                return None

    def close(self):
        self.file.close()
        self.socket.close()


def test_a_stream_tells_the_status_when_it_changes(world, served):
    first, second = Stream(served), Stream(served)
    for stream in (first, second):
        name, status = stream.event()
        assert name == "status"
        check(status, {"$ref": "#/components/schemas/Status"})
        waiting = status["queues"]["low"]
    world.redis.command("LPUSH", "{releve}:jobs:low", "x")
    for stream in (first, second):
        while stream.event()[1]["queues"]["low"] != waiting + 1:
            pass
    world.redis.command("LPOP", "{releve}:jobs:low")
    first.close()
    while second.event()[1]["queues"]["low"] != waiting:
        pass
    second.close()


@pytest.mark.slow
def test_a_stream_tells_that_redis_is_away_and_back():
    with World(quota="none") as world:
        served = Interface(world)
        stream = Stream(served)
        assert stream.event()[0] == "status"
        world.redis.kill()
        while stream.event()[0] != "away":
            pass
        world.redis.start()
        while stream.event()[0] != "status":
            pass
        served.running.signal(signal.SIGTERM)
        while stream.event() is not None:
            pass
        assert served.running.end().code == 0


def test_streams_have_a_limit_and_who_has_gone_makes_room(served):
    streams = [Stream(served) for _ in range(64)]
    assert {stream.status for stream in streams} == {b"200"}
    assert served.get_once("/v1/events")[0] == 503
    for stream in streams:
        stream.close()
    stream = Stream(served)
    while stream.status != b"200":
        stream = Stream(served)
    stream.close()


@pytest.mark.slow
def test_who_reads_no_stream_costs_nobody_anything(world, served):
    """A hundred clients open streams and never read; who asks beside them is answered."""
    lazy = [socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S) for _ in range(100)]
    for peer in lazy:
        peer.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for _ in range(20):
        assert served.get(f"/v1/points/{CLIENT_0}")[0] == 200
    for peer in lazy:
        peer.close()


@pytest.mark.slow
def test_many_who_ask_at_once_are_answered_or_told_to_come_again(served):
    """Usage points cost Redis some: what is too much for five seconds is refused, and later it is answered."""
    answers = []

    def ask():
        answers.append(served.ask("/v1/points?limit=20"))

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 40 and {status for status, _, _ in answers} <= {200, 503}
    assert all(given["retry-after"] == "5" for status, given, _ in answers if status == 503)
    assert served.get("/v1/points?limit=20")[0] == 200


@pytest.mark.slow
def test_redis_that_does_not_answer_is_said_so_and_at_once_where_it_is_known():
    with World() as world:
        served = Interface(world)
        world.redis.partition()
        for _ in range(12):  # more than are read at once
            status, _, problem = served.get_once(f"/v1/points/{CLIENT_0}")
            assert (status, problem["detail"]) == (503, "Redis does not answer.")
        world.redis.heal()
        assert served.get(f"/v1/points/{CLIENT_0}")[0] == 200
        assert world.interrupt(served.running).code == 0


def test_who_comes_while_it_ends_does_not_break_the_end():
    """Requests that are there when the signal is taken, while another one waits for Redis."""
    with World() as world:
        served = Interface(world)
        world.redis.partition()
        waiting = socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S)
        waiting.sendall(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        served.running.signal(signal.SIGSTOP)
        peers = [socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S) for _ in range(30)]
        for peer in peers:
            peer.sendall(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        served.running.signal(signal.SIGTERM)
        served.running.signal(signal.SIGCONT)
        assert served.running.end().code == 0
        world.redis.heal()
        for peer in (waiting, *peers):
            peer.close()
