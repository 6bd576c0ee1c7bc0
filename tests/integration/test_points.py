"""releve points: what is known of each usage point, from Redis only. What it says is compared with what stands there, read
by another client, and with what the simulator was told to refuse."""
import collections
import json

import pytest
from sandbox import DOCUMENTS, MEASURES
from test_wrong_types import names, spoil
from world import TODAY, World

CLIENT_0, HOLES, REVOKED, BOTH = "22516914714270", "42900589957123", "26584978546985", "12655648759651"
DAILY, CURVE, PRODUCTION = "daily_consumption", "consumption_load_curve", "daily_production"
START = "2026-09-01"
COUNTS = {"complete": "complete", "partial": "partial", "hole": "holes", "pending": "pending"}
MANY = 500  # usage points: 4500 keys are several steps of SCAN
LONG = "2027-11-19"  # a year later nothing of what upstream refused is believed any more


def backfill(world, prm, kinds=DAILY, **settings):
    ended = world.run("backfill", "--prm", prm, "--kind", kinds, "--start", START, **settings)
    assert ended.code in (0, 1), ended


def points(world, *words, code=0, **settings):
    """{prm: document}, in the order in which they came; no request was sent for it."""
    ended, requests = world.requests_of("points", *words, "--json", **settings)
    assert ended.code == code and requests == 0, ended
    documents = [json.loads(line) for line in ended.out.splitlines()]
    assert all(document["prm"].isdigit() for document in documents)
    return {document["prm"]: document for document in documents}


def one(world, prm, **settings):
    return points(world, "--prm", prm, **settings)[prm]


def stored(world, prm, kind):
    """The counts of what stands in Redis, and its first and last day."""
    days = {key[-10:]: json.loads(text)["state"] for key, text in world.redis.days(prm, kind).items()}
    states = collections.Counter(days.values())
    counts = {name: states[state] for state, name in COUNTS.items()}
    return {**counts, "first": min(days, default=None), "last": max(days, default=None)}


def check_coverage(world, document):
    for kind in MEASURES:
        said = document["kinds"][kind]
        expected = stored(world, document["prm"], kind)
        assert {name: said[name] for name in expected} == expected, (kind, said)


def fields(world, prm):
    return world.redis.hash(f"releve:point:{{{prm}}}")


# --- coverage ---------------------------------------------------------------------------------------------


@pytest.mark.hour
def test_coverage_is_what_stands_in_redis():
    with World() as world:
        backfill(world, HOLES, f"{DAILY},{CURVE}")
        document = one(world, HOLES)
        check_coverage(world, document)
        daily = document["kinds"][DAILY]
        assert daily["complete"] > 0 and daily["holes"] > 0 and daily["pending"] > 0, daily
        assert daily["end"] == TODAY and daily["first"] == START, daily
        assert document["kinds"][PRODUCTION] == {
            "absent": None, "unserved": None, "start": daily["start"], "end": TODAY, "complete": 0, "partial": 0, "holes": 0, "pending": 0,
            "missing": daily["complete"] + daily["holes"] + daily["pending"] + daily["missing"], "first": None, "last": None,
            "error": None}


def test_a_day_that_is_due_again_still_counts_as_what_is_stored():
    with World() as world:
        backfill(world, HOLES)
        before = one(world, HOLES)["kinds"][DAILY]
        later = one(world, HOLES, RELEVE_TODAY="2026-11-22")["kinds"][DAILY]
        assert later["pending"] == before["pending"] > 0, (before, later)


def test_what_lies_before_upstreams_history_is_not_counted_and_the_document_says_from_where():
    with World() as world:
        backfill(world, CLIENT_0)
        document = one(world, CLIENT_0, RELEVE_TODAY="2029-10-20")["kinds"][DAILY]
        assert document["start"] == document["first"] == "2026-10-05", document


# --- facts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["2026", "v5"])
def test_an_activation_is_told_with_when_and_from_what_it_was_learned(api):
    with World(api=api) as world:
        world.sandbox.control(activation={BOTH: {"production": "2026-10-20"}})
        backfill(world, BOTH, "all")
        document, hash_ = one(world, BOTH), fields(world, BOTH)
        activation = document["directions"]["production"]["activation"]
        origin = hash_["production:activation_from"].split()
        assert activation["after"] == hash_["production:activation_after"] == "2026-10-19"
        assert activation["first"] == hash_["production:activation_first"] == "2026-10-20"
        assert activation["since"] == hash_["production:activation_at"] and activation["believed"] is True
        assert activation["until"].startswith("2026-12-"), activation
        if api == "2026":  # told, and not found by asking for days
            assert origin == ["contracts"] and activation["asked"]["kind"] == "contracts", activation
        else:
            assert activation["asked"] == dict(zip(("kind", "start", "end"), origin)), activation
        consumption = document["directions"]["consumption"]
        assert consumption["refused"] is None and consumption["absent"] is None and consumption["consent"] is None
        text = world.run("points", "--prm", BOTH).out
        assert "first day accepted 2026-10-20" in text and "last day refused 2026-10-19" in text, text


def test_a_refusal_is_of_its_direction_and_is_believed_for_a_day():
    with World() as world:
        backfill(world, REVOKED)
        directions = one(world, REVOKED)["directions"]
        refused, hash_ = directions["consumption"]["refused"], fields(world, REVOKED)
        assert refused["code"] == hash_["consumption:refused_code"] == "ADAM-DC-0008"
        assert refused["message"] == hash_["consumption:refused_text"] and refused["believed"] is True
        assert refused["since"] == hash_["consumption:refused_at"] and refused["until"] > refused["since"]
        assert directions["production"]["refused"] is None
        said = world.run("points", "--prm", REVOKED).out
        assert "consumption is refused (ADAM-DC-0008" in " ".join(said.split()), said


def test_what_is_refused_of_documents_is_theirs():
    with World() as world:
        ended = world.run("backfill", "--prm", REVOKED, "--kind", "contracts")
        assert ended.code == 1, ended
        document, hash_ = one(world, REVOKED), fields(world, REVOKED)
        refused = document["documents"]["refused"]
        assert refused["code"] == hash_["documents:refused_code"] and refused["since"] == hash_["documents:refused_at"]
        assert refused["message"] == hash_["documents:refused_text"] and refused["believed"] is True
        assert refused["asked"] == {"kind": "contracts", "start": None, "end": None}, refused
        assert document["documents"]["absent"] == dict.fromkeys(DOCUMENTS), document
        assert document["directions"]["consumption"]["refused"] is None, document
        said = " ".join(world.run("points", "--prm", REVOKED).out.split())
        assert "documents are refused" in said and "when contracts was asked for," in said, said


def test_a_usage_point_without_documents_is_told_by_document():
    with World() as world:
        world.redis.command("HSET", f"releve:point:{{{CLIENT_0}}}", "identity:absent_at", "2026-11-20T10:00:00Z",
                         "identity:absent_from", "identity", "identity:absent_code", "ADAM-ERR0069",
                         "identity:absent_text", "none")
        absent = one(world, CLIENT_0)["documents"]["absent"]
        assert absent["identity"]["code"] == "ADAM-ERR0069" and absent["identity"]["asked"]["start"] is None, absent
        assert absent["contracts"] is None, absent
        said = " ".join(world.run("points", "--prm", CLIENT_0).out.split())
        assert "there is no identity (ADAM-ERR0069: none)" in said, said


def test_a_refusal_that_is_not_believed_any_more_is_told_as_such():
    with World() as world:
        backfill(world, REVOKED)
        refused = one(world, REVOKED, RELEVE_TODAY=LONG)["directions"]["consumption"]["refused"]
        assert refused["code"] == "ADAM-DC-0008" and refused["believed"] is False, refused
        said = world.run("points", "--prm", REVOKED, RELEVE_TODAY=LONG).out
        assert "no longer believed" in " ".join(said.split()), said


def test_a_direction_and_kinds_that_are_not_there():
    with World() as world:
        world.sandbox.control(activation={BOTH: {"production": "never"}})
        backfill(world, BOTH, PRODUCTION)
        backfill(world, HOLES, PRODUCTION)
        documents = points(world, "--prm", BOTH, "--prm", HOLES)
        absent = documents[BOTH]["directions"]["production"]["absent"]
        assert absent["code"] == "ADAM-ERR0123" and absent["believed"], absent
        kind = documents[HOLES]["kinds"][PRODUCTION]["absent"]
        assert kind["code"] == "ADAM-ERR0069" and kind["until"] > kind["since"], kind
        assert documents[HOLES]["kinds"]["production_load_curve"]["absent"] is None  # it was not asked for


def test_a_usage_point_that_upstream_does_not_know():
    with World() as world:
        world.sandbox.control(refuse={CLIENT_0: "no_such_point"})
        backfill(world, CLIENT_0)
        document = one(world, CLIENT_0)
        assert document["unknown"]["believed"] and document["unknown"]["code"], document
        said = world.run("points", "--prm", CLIENT_0).out
        assert "the usage point is refused" in said, said


def test_what_is_not_known_is_said_as_unknown():
    with World() as world:
        backfill(world, CLIENT_0)
        document = one(world, BOTH)
        assert document["unknown"] is None and document["error"] is None
        assert set(map(str, document["directions"]["consumption"].values())) == {"None"}
        ended = world.run("points", "--prm", BOTH)
        assert ended.code == 0 and ended.out.count("activation: unknown") == 2, ended
        assert "stored" not in ended.out.replace("nothing stored", ""), ended


def test_facts_that_somebody_else_wrote_are_unknown_or_told_as_they_stand():
    with World() as world:
        world.redis.command("HSET", f"releve:point:{{{BOTH}}}", "consumption:activation_at", "yesterday",
                            "consumption:activation_after", "2026-10-19", "production:activation_at", "2026-11-01T00:00:00Z",
                            "production:activation_from", "daily_production 2026-10-01", "production:activation_first", "x",
                            "production:refused_at", "2026-11-19T00:00:00Z", "production:refused_from", "x" * 500)
        directions = one(world, BOTH)["directions"]
        assert directions["consumption"]["activation"] is None and directions["production"]["activation"] is None
        refused = directions["production"]["refused"]
        assert refused["asked"] is None and refused["code"] == "" and refused["since"] == "2026-11-19T00:00:00Z"


# --- which usage points -----------------------------------------------------------------------------------


def test_without_a_selection_all_that_redis_knows_come_each_once_in_order():
    with World() as world:
        assert points(world) == {}
        backfill(world, CLIENT_0)
        backfill(world, REVOKED)
        world.redis.command("DEL", f"releve:point:{{{CLIENT_0}}}")  # known by its days only
        for key in (f"other:point:{{{BOTH}}}", "releve:point:{1}", "releve:day:nonsense", f"releve:point:{{{BOTH}x}}",
                    f"releve:point:{{{BOTH}}}:x", f"releve:claim:{{{BOTH}}}:{DAILY}"):
            world.redis.command("SET", key, "x")
        ended = world.run("points", "--json")
        assert [json.loads(line)["prm"] for line in ended.out.splitlines()] == [CLIENT_0, REVOKED]


def prms(count):
    return [f"300000{i:08d}" for i in range(count)]


def fill(redis, count):
    for prm in prms(count):
        redis.command("MSET", *[word for day in range(1, 10) for word in
                                (f"releve:day:{{{prm}}}:{DAILY}:2026-11-0{day}",
                                 json.dumps({"prm": prm, "kind": DAILY, "date": f"2026-11-0{day}", "state": "complete"},
                                            separators=(",", ":")))])


@pytest.mark.slow
def test_many_usage_points_have_a_line_each_within_eighty_columns():
    with World() as world:
        fill(world.redis, MANY)
        ended = world.run("points")
        lines = ended.out.splitlines()
        assert ended.code == 0 and max(map(len, lines)) <= 80
        rows = [line.split() for line in lines if line[:14].isdigit()]
        assert [row[0] for row in rows] == prms(MANY)
        assert all(row[-5:] == ["9", "0", "0", "0", "2026-11-09"] for row in rows), rows[0]
        documents = points(world)
        assert list(documents) == prms(MANY)
        assert {document["kinds"][DAILY]["complete"] for document in documents.values()} == {9}


def test_a_line_each_says_what_is_refused_and_what_is_unknown(tmp_path):
    with World() as world:
        backfill(world, CLIENT_0)
        backfill(world, REVOKED)
        backfill(world, HOLES, PRODUCTION)
        world.write("points.txt", "\n".join([CLIENT_0, REVOKED, HOLES, *prms(30)]))
        ended = world.run("points", "--prms", "points.txt")
        rows = {line[:14]: line for line in ended.out.splitlines() if line[:14].isdigit()}
        assert ended.code == 0 and len(rows) == 33 and max(map(len, ended.out.splitlines())) <= 80, ended
        assert rows[CLIENT_0].split()[1:4] == ["has", "days", "unknown"], rows[CLIENT_0]
        assert rows[REVOKED].split()[1:3] == ["refused", "unknown"], rows[REVOKED]
        assert rows[HOLES].split()[1:3] == ["unknown", "unknown"], rows[HOLES]  # one of two kinds of production
        assert rows[prms(1)[0]].split()[1:] == ["unknown", "unknown", "0", "0", "0", "0", "-"]


def test_a_block_fits_eighty_columns_also_where_upstreams_text_does_not():
    with World() as world:
        backfill(world, REVOKED, "all")
        world.redis.command("HSET", f"releve:point:{{{REVOKED}}}", "consumption:refused_text", "long \x1b[2J " * 16)
        ended = world.run("points", "--prm", REVOKED)
        assert ended.code == 0 and max(map(len, ended.out.splitlines())) <= 80, ended
        assert "\x1b" not in ended.out


def test_a_usage_point_that_is_named_twice_comes_once_and_in_the_order_of_the_selection():
    with World() as world:
        world.write("points.txt", f"{REVOKED}\n{CLIENT_0}\n")
        assert list(points(world, "--prm", REVOKED, "--prms", "points.txt")) == [REVOKED, CLIENT_0]


# --- what goes wrong --------------------------------------------------------------------------------------


def test_a_key_of_a_wrong_type_is_named_and_the_rest_goes_on():
    with World() as world:
        for prm in (CLIENT_0, HOLES):
            backfill(world, prm)
        key = f"releve:point:{{{CLIENT_0}}}"
        held = spoil(world.redis, key)
        ended = world.run("points", "--json")
        assert ended.code == 4 and names(ended.err, key, held), ended
        documents = {document["prm"]: document for document in map(json.loads, ended.out.splitlines())}
        assert list(documents) == [CLIENT_0, HOLES]
        wrong = documents[CLIENT_0]
        assert names(wrong["error"], key, held) and wrong["directions"] is None and wrong["unknown"] is None, wrong
        check_coverage(world, wrong)
        check_coverage(world, documents[HOLES])
        plain = world.run("points", "--prm", CLIENT_0)
        assert plain.code == 4 and "unknown" in plain.out and key in " ".join(plain.err.split()), plain


def test_a_day_of_a_wrong_type_among_those_that_are_stored_is_named_and_the_rest_goes_on():
    with World() as world:
        for prm in (CLIENT_0, HOLES):
            backfill(world, prm)
        keys = [f"releve:day:{{{CLIENT_0}}}:{DAILY}:2026-10-{day}" for day in ("07", "05")]
        world.redis.command("DEL", *keys, f"releve:day:{{{CLIENT_0}}}:{DAILY}:2026-10-01")  # which is only missing
        for key in keys:
            world.redis.command("RPUSH", key, "x")
        ended = world.run("points", "--json")
        assert ended.code == 4 and names(ended.err, keys[1], "list") and ended.err.count("\n") == 1, ended
        wrong, right = map(json.loads, ended.out.splitlines())
        assert names(wrong["kinds"][DAILY]["error"], keys[1], "list") and wrong["error"] is None, wrong
        assert wrong["kinds"][DAILY]["complete"] == 79 - 3, wrong
        assert right["kinds"][DAILY]["error"] is None and wrong["kinds"][CURVE]["error"] is None
        world.redis.command("DEL", *keys)
        assert points(world)[CLIENT_0]["kinds"][DAILY]["error"] is None


def test_a_prefix_of_another_upstream_is_refused_and_without_an_upstream_it_is_not_compared():
    with World() as world:
        backfill(world, CLIENT_0)
        assert world.run("points", RELEVE_UPSTREAM="http://127.0.0.1:1").code == 2
        assert world.run("points", RELEVE_UPSTREAM=None, CLIENT_ID=None, CLIENT_SECRET=None).code == 0


def test_no_redis_is_code_4_and_a_wrong_word_is_code_2():
    with World() as world:
        assert world.run("points", RELEVE_REDIS="unix:///nowhere/redis.sock").code == 4
        assert world.run("points", "--kind", DAILY).code == 2
        assert world.run("points", "--prm", "12").code == 2
        assert "a line each" in " ".join(world.run("points", "--help").out.split())
