"""What docs/redis.md and README.md tell people to type is run here as it stands there, against a real Redis, the
simulator and a real worker, and what comes out is compared with what the simulator says by the oracle's own way."""
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import node
import pytest

from oracle import Upstream, expected_days, paris_day_of
from sandbox import releve_bin
from server import Redis, free_port
from world import TODAY, World, clean_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/redis.md").read_text()
READMES = ["README.md", "README.fr.md"]
FENCE = re.compile(r"(?:^<!-- example: (\S+) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = {name: text for name, _, text in FENCE.findall(PAGE) if name}
RUNNERS = {".sh": "bash", ".py": sys.executable, ".mjs": "node"}
EXAMPLE_S = 100  # one that does not end by then is a failed test
PRM = "22516914714270"
numbers = itertools.count(1)

pytestmark = [pytest.mark.long, pytest.mark.single("the page's own clients speak to one server")]


class TcpRedis(Redis):
    """On a port, as the page's readers have theirs, and without a password."""

    def __init__(self):
        super().__init__()
        self.port = free_port()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def world():
    world = World("--population", "10")
    world.redis = TcpRedis()
    with world:
        world.worker = world.start("worker")
        yield world


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory):
    """A folder where `npm install redis` was done, in the one version of tests/docs/package.json."""
    return node.install(ROOT / "tests/docs/package.json", tmp_path_factory.mktemp("node"))


def run_example(name, folder, url):
    """Its standard output, after it ended well."""
    path = folder / name
    path.write_text(EXAMPLES[name])
    ended = subprocess.run([RUNNERS[path.suffix], name], cwd=folder, env={**clean_environment(), "REDIS_URL": url},
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=EXAMPLE_S)
    assert ended.returncode == 0, f"{name}: {ended.stdout}\n{ended.stderr}"
    return ended.stdout


def oracle_days(world, prm, kind, first, end):
    upstream = Upstream(world.sandbox, "2026")
    try:
        return {str(day): fields for day, fields in expected_days(upstream, kind, prm, TODAY, first, end).items()}
    finally:
        upstream.close()


def daily_lines(world):
    """The lines that examples print of three days of daily consumption: date, value, unit."""
    days = oracle_days(world, PRM, "daily_consumption", "2026-09-28", "2026-10-01")
    assert len(days) == 3
    return [f"{day} {fields['value']} {fields['unit']}" for day, fields in days.items()]


def ask(world, prm, kind, first, end):
    """Runs a job through the queue; its result."""
    job = {"prm": prm, "kind": kind, "start": first, "end": end, "reply_to": f"test:reply:{next(numbers)}"}
    world.redis.command("LPUSH", "{releve}:jobs", json.dumps(job))
    answer = world.redis.command("BLPOP", job["reply_to"], 20)
    assert answer is not None, world.worker.so_far()
    return json.loads(answer[1])


def samples():
    """The JSON objects that the page shows."""
    decoder, found = json.JSONDecoder(), []
    for _, language, text in FENCE.findall(PAGE):
        while language == "json" and text.strip():
            value, end = decoder.raw_decode(text.strip())
            found.append(value)
            text = text.strip()[end:]
    return found


# --- docs/redis.md ---------------------------------------------------------------------------------


def test_every_program_on_the_page_is_run_by_a_test():
    programs = [text for _, language, text in FENCE.findall(PAGE) if language not in ("", "json")]
    assert sorted(programs) == sorted(EXAMPLES.values())
    assert set(EXAMPLES) == {"reply.sh", "stream.sh", "reply.py", "stream.py", "reply.mjs", "stream.mjs", "access.sh", "push.sh", "push.py"}


@pytest.mark.parametrize("name", ["reply.sh", "stream.sh"])
def test_with_redis_cli_a_job_is_pushed_and_its_days_are_read(world, tmp_path, name):
    days = [json.loads(line) for line in run_example(name, tmp_path, world.redis.url).splitlines()]
    assert [f"{day['date']} {day['value']} {day['unit']}" for day in days] == daily_lines(world)


def test_with_python_a_job_is_pushed_and_its_days_are_read(world, tmp_path):
    assert run_example("reply.py", tmp_path, world.redis.url).splitlines() == daily_lines(world)


def test_with_python_a_load_curve_is_read_on_the_day_that_has_25_hours(world, tmp_path):
    curves = oracle_days(world, PRM, "consumption_load_curve", "2026-10-24", "2026-10-27")
    lengths = {"2026-10-24": 48, "2026-10-25": 50, "2026-10-26": 48}
    begins = {"2026-10-24": "2026-10-23T22:00:00+00:00", "2026-10-25": "2026-10-24T22:00:00+00:00",
              "2026-10-26": "2026-10-25T23:00:00+00:00"}
    expected = [f"{day} {sum(curves[day]['values']) // 2} Wh {lengths[day]} intervals from {begins[day]}"
                for day in lengths]
    assert run_example("stream.py", tmp_path, world.redis.url).splitlines() == expected


@pytest.mark.parametrize("name", ["reply.mjs", "stream.mjs"])
def test_with_node_a_job_is_pushed_and_its_days_are_read(world, node_folder, name):
    assert run_example(name, node_folder, world.redis.url).splitlines() == daily_lines(world)


@pytest.mark.parametrize("name, job", [("push.sh", "myapp-7"), ("push.py", "myapp-8")])
def test_a_message_counts_as_pushed_when_a_replica_has_it(world, tmp_path, name, job):
    path = tmp_path / name
    path.write_text(EXAMPLES[name])
    command = [RUNNERS[path.suffix], name]
    env = {**clean_environment(), "REDIS_URL": world.redis.url}
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=EXAMPLE_S)
    assert ended.returncode == 1 and "no replica has it: push it again" in ended.stderr, ended
    with TcpRedis() as replica:
        replica.command("REPLICAOF", "127.0.0.1", world.redis.port)
        # It is called online while it reads what it was sent: it is there when it has what is written now.
        assert any(world.redis.command("SET", "here", 1) and world.redis.command("WAIT", 1, 1000) for _ in range(EXAMPLE_S)), "no replica"
        assert run_example(name, tmp_path, world.redis.url) == ""
        service = world.redis.url.replace("redis://", "redis://myapp:choose-a-password@")
        run_example("access.sh", tmp_path, world.redis.url)
        assert run_example(name, tmp_path, service) == ""
    world.worker.wait_until(lambda: world.redis.command("HGET", f"{{releve}}:job:{job}", "state") == b"done")
    ended = [json.loads(fields[1])["id"] for _, fields in world.redis.command("XRANGE", "{releve}:results", "-", "+")]
    assert ended.count(job) == 1  # pushed three times


def test_a_service_with_the_access_of_the_page_can_push_and_read_and_no_more(world, tmp_path):
    run_example("access.sh", tmp_path, world.redis.url)
    url = world.redis.url.replace("redis://", "redis://myapp:choose-a-password@")
    for name in ("reply.sh", "stream.sh"):
        assert len(run_example(name, tmp_path, url).splitlines()) == 3
    for command in (["RPOP", "{releve}:jobs"], ["LRANGE", "{releve}:jobs", "0", "-1"], ["DEL", "{releve}:results"],
                    ["SET", f"releve:day:{{{PRM}}}:daily_consumption:2026-09-28", "x"], ["LPUSH", "{releve}:workers", "x"],
                    ["ZRANGE", "{releve}:workers", "0", "-1"], ["KEYS", "*"]):
        ended = subprocess.run(["redis-cli", "-u", url, "--no-auth-warning", *command], capture_output=True, text=True)
        assert ended.stdout.startswith("NOPERM"), f"{command}: {ended.stdout}"


@pytest.mark.hour
def test_the_days_on_the_page_are_what_is_stored(world):
    shown = [sample for sample in samples() if "date" in sample]
    assert {day["state"] for day in shown} == {"complete", "hole", "pending"}
    for day in shown:
        prm, kind, date = day["prm"], day["kind"], day["date"]
        ask(world, prm, kind, date, date)
        stored = json.loads(world.redis.command("GET", f"releve:day:{{{prm}}}:{kind}:{date}"))
        assert list(stored) == list(day), "the same fields in the same order"
        for text in (day, stored):
            text.pop("fetched_at")
            text.pop("recheck_after", None)
        if "points" in day:  # the page shows some of them
            points = stored.pop("points")
            assert all(point in points for point in day.pop("points"))
        assert stored == day


@pytest.mark.short
def test_the_document_on_the_page_is_what_is_stored():
    shown, = (sample for sample in samples() if "raw" in sample and "data" in sample)
    with World(api=shown["source"]) as world:
        assert world.run("get", shown["kind"], "--prm", shown["prm"]).code == 0
        stored = json.loads(world.redis.command("GET", f"releve:doc:{{{shown['prm']}}}:{shown['kind']}"))
    assert list(stored) == list(shown), "the same members in the same order"
    assert {**stored, "fetched_at": None} == {**shown, "fetched_at": None}


def test_the_results_on_the_page_are_what_comes(world):
    shown = [sample for sample in samples() if "finished_at" in sample]
    assert {result["state"] for result in shown} == {"done", "failed"}
    for result in shown:
        came = ask(world, result["prm"], result["kind"], result["start"], result["end"])
        assert list(came) == list(result), "the same fields in the same order"
        for text in (result, came):
            for field in ("id", "created_at", "finished_at", "requests"):
                text.pop(field)
        assert came == result


@pytest.mark.hour
def test_the_dead_messages_on_the_page_are_what_is_buried(world):
    shown = [sample for sample in samples() if {"raw", "error"} <= sample.keys()]
    assert len(shown) == 2
    world.redis.command("DEL", "{releve}:jobs:dead")
    for message in shown:
        world.redis.command("LPUSH", "{releve}:jobs", message["raw"])
    world.worker.wait_until(lambda: world.redis.command("LLEN", "{releve}:jobs:dead") == len(shown))
    buried = world.redis.command("LRANGE", "{releve}:jobs:dead", 0, -1)
    found = [json.loads(text) for text in reversed(buried)]
    assert {str(paris_day_of(one.pop("at"))) for one in [*found, *shown]} == {TODAY}
    assert found == shown


# --- README.md, and its French counterpart ----------------------------------------------------------


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.short
def test_a_readme_has_each_command_in_its_table(readme):
    usage = subprocess.run([releve_bin(), "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z-]+) ", usage[usage.index("commands:"):usage.index("configuration ")], re.MULTILINE)
    table = re.search(r"^\| comman?de? \|.*?\n\n", (ROOT / readme).read_text(), re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", table[0], re.MULTILINE)
    assert sorted(re.findall(r"`([a-z-]+)`", " ".join(rows))) == sorted(commands) and len(commands) > 14


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.short
def test_what_a_readme_types_against_the_simulator_works(world, tmp_path, readme):
    """Each paragraph of the block is a terminal; the last one is run to its end while the others go on."""
    block, = (text for _, _, text in FENCE.findall((ROOT / readme).read_text()) if re.search(r"^releve sandbox", text, re.MULTILINE))
    port = free_port()
    assert "http://127.0.0.1:8750" in block
    block = block.replace("127.0.0.1:8750", f"127.0.0.1:{port}")  # where 8750 is somebody else's
    block = re.sub(r"^releve sandbox", rf"releve sandbox --listen 127.0.0.1:{port}", block, flags=re.MULTILINE)
    *others, last = (f"set -e\n{terminal}" for terminal in block.strip().split("\n\n"))
    env = {**clean_environment(), "PATH": f"{os.path.dirname(releve_bin())}:{os.environ['PATH']}",
           "XDG_DATA_HOME": str(tmp_path / "data"), "RELEVE_TODAY": TODAY}
    running = []
    try:
        for terminal in others:
            running.append(subprocess.Popen(["bash", "-c", terminal], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, text=True, process_group=0))
            assert "127.0.0.1" in running[-1].stdout.readline()
        ended = subprocess.run(["bash", "-c", last], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, timeout=EXAMPLE_S)
    finally:
        for terminal in running:
            os.killpg(terminal.pid, signal.SIGTERM)
            terminal.wait(EXAMPLE_S)
            terminal.stdout.close()
    assert ended.returncode == 0, ended.stderr
    shown = re.findall(r"^(\d{4}-\d\d-\d\d)  complete +(\d+) Wh  [#▏▎▍▌▋▊▉█]+$", ended.stdout, re.MULTILINE)
    days = oracle_days(world, PRM, "daily_consumption", "2026-09-01", TODAY)  # every simulator has the same values
    assert shown == [(day, str(fields["value"])) for day, fields in days.items()]
