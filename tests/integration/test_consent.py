"""releve consent: what came back from the consent page of 2026 becomes usage points, which a backfill can take at once."""
import json

import pytest

from server import prm_of_key
from world import World

SERVICES = "subscribed_services"
BOTH, PRODUCER, REVOKED = "12655648759651", "24880057139941", "26584978546985"
CONSUMED = ["daily_consumption", "consumption_load_curve", "daily_consumption_max_power", "index_consumption"]
PRODUCED = ["daily_production", "production_load_curve", "index_production"]
EVERYTHING = [*CONSUMED[:3], *PRODUCED[:2], CONSUMED[3], PRODUCED[2]]  # in the program's order


def authorization_of(world, prm):
    """As the simulator tells it in the services of the usage point; of the one that revoked, its neighbour's and one."""
    services = world.sandbox.services({"pointId": [prm], "comptage": False}).json["serviceSouscrit"]
    return services[0]["autorisation"]["autorisationId"]


def consent(world, authorization, *more, **settings):
    return world.run("consent", "--authorization", str(authorization), *more, **settings)


@pytest.mark.parametrize("prm, kinds", [(BOTH, EVERYTHING), (PRODUCER, PRODUCED), ("30000000000003", CONSUMED)])
def test_an_authorization_becomes_a_usage_point_and_its_kinds(prm, kinds):
    with World("--population", "5") as world:
        authorization = authorization_of(world, prm)
        before = world.sandbox.stats()["requests"]
        ended = consent(world, authorization)
        assert (ended.code, ended.err) == (0, "") and ended.out == f"{prm},{' '.join(kinds)}\n", ended
        assert world.sandbox.stats()["requests"] - before == 2  # the token, and it
        assert json.loads(consent(world, authorization, "--json").out) == {"prm": prm, "kinds": kinds}


def test_what_it_prints_is_what_a_backfill_takes():
    with World() as world:
        printed = consent(world, authorization_of(world, PRODUCER)).out.encode()
        ended = world.run("backfill", "--prms", world.write("prms", printed), "--start", "2026-11-01")
        assert ended.code == 0 and {prm_of_key(key) for key in world.redis.days()} == {PRODUCER}, ended
        known = json.loads(world.run("points", "--prm", PRODUCER, "--json").out)["kinds"]
        assert {kind for kind in known if known[kind]["unserved"]} == set(CONSUMED)


@pytest.mark.single("an embedded one")
def test_it_works_with_a_redis_of_ones_own(tmp_path):
    with World() as world:
        ended = consent(world, authorization_of(world, PRODUCER), RELEVE_REDIS=f"embedded:{tmp_path}")
        assert ended.code == 0 and ended.out.startswith(PRODUCER), ended


def test_pages_are_read_to_the_end():
    with World() as world:
        authorization = authorization_of(world, BOTH)
        world.sandbox.control(services_page=2)
        before = world.sandbox.stats()["by_api"][SERVICES]["requests"]
        assert consent(world, authorization).out.split(",")[1].split() == EVERYTHING
        assert world.sandbox.stats()["by_api"][SERVICES]["requests"] - before == 4  # seven services


def test_one_that_nobody_has_is_said_and_ends_with_1():
    with World() as world:
        ended = consent(world, 7)
        assert (ended.code, ended.out) == (1, "") and "authorization 7 is of no usage point" in ended.err, ended


def test_an_api_that_is_not_subscribed_is_said_and_ends_with_1():
    with World("--unsubscribed", SERVICES) as world:
        ended = consent(world, 7)
        assert (ended.code, ended.out) == (1, "") and "900908" in ended.err and "did not tell" in ended.err, ended


def test_credentials_that_are_refused_end_it_with_3():
    with World() as world:
        assert consent(world, 7, CLIENT_SECRET="wrong").code == 3


@pytest.mark.parametrize("words, says", [
    ((), "--authorization"), (("--authorization", ""), "autorisation_id"), (("--authorization", "12a"), "autorisation_id"),
    (("--authorization", "0"), "autorisation_id"), (("--authorization", "-5"), "autorisation_id"),
    (("--authorization", "9" * 16), "autorisation_id"), (("--authorization", "7", "more"), "more")])
def test_a_wrong_command_line_gets_one_line_and_2(words, says):
    with World() as world:
        ended = world.run("consent", *words)
        assert (ended.code, ended.out) == (2, "") and ended.err.count("\n") == 1 and says in ended.err, ended


def test_v5_has_none():
    with World(api="v5") as world:
        ended = consent(world, 7)
        assert (ended.code, ended.out) == (2, "") and "usage_point_id" in ended.err, ended
