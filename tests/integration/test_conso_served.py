"""The Conso API of releve serve: days from Redis cost no request, others are one job whoever asks, and who waits is told."""
import json
import pathlib
import threading

import pytest
from jobs import Results, start_worker
from test_interface import Interface
from test_serve import Served
from world import World

CLIENT_0, OTHER, PRODUCER, REVOKED = "22516914714270", "11453290002823", "24880057139941", "26584978546985"
WEEK = "prm={}&start=2026-11-01&end=2026-11-08"


class Conso(Interface):
    """A service with one token, for all usage points of Enedis's sandbox."""

    def __init__(self, world, *prms, **settings):
        self.file = pathlib.Path(world.write("tokens", b""))
        self.file.chmod(0o600)
        made = world.run("token", *(word for prm in prms or (CLIENT_0, OTHER, PRODUCER, REVOKED) for word in ("--prm", prm)), "--token-file", self.file)
        assert made.code == 0, made
        self.token = made.out.strip()
        super().__init__(world, "--token-file", self.file, **settings)

    def get(self, kind, query, token=None):
        """(status, headers, body)"""
        return super().get_once(f"/api/{kind}?{query}", Authorization=f"Bearer {token or self.token}")


def test_days_of_redis_cost_no_request():
    with World(quota="100/1s") as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", "consumption", "--start", "2026-11-01").code == 0
        before = world.sandbox.stats()["requests"]
        served = Conso(world)
        for kind, count in (("daily_consumption", 7), ("consumption_load_curve", 336), ("consumption_max_power", 7)):
            status, _, body = served.get(kind, WEEK.format(CLIENT_0))
            assert (status, len(body["interval_reading"]), body["usage_point_id"]) == (200, count, CLIENT_0)
        status, _, body = served.get("consommation_quotidienne", f"pointId={CLIENT_0}&dateDebut=2026-11-01&dateFin=2026-11-08")
        stored = {day.split(":")[-1]: json.loads(text)["value"] for day, text in world.redis.days(CLIENT_0, "daily_consumption").items()}
        assert [(point["d"], int(point["v"])) for point in body["grandeur"][0]["points"]] == sorted(stored.items())[:7]
        assert world.sandbox.stats()["requests"] == before
        assert not world.redis.keys("{releve}:job:conso-*")


def test_what_is_not_there_is_one_job_of_class_high_whoever_asks():
    with World(quota="100/1s") as world, Results(world.redis) as results:
        served, answers = Conso(world), []

        def ask():
            answers.append(served.get("daily_consumption", WEEK.format(CLIENT_0)))
        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        while not world.redis.command("LLEN", "{releve}:jobs:high"):
            pass
        message = json.loads(world.redis.command("LINDEX", "{releve}:jobs:high", 0))
        assert (message["prm"], message["kind"], message["priority"]) == (CLIENT_0, "daily_consumption", "high")
        assert CLIENT_0 not in message["id"]
        worker = start_worker(world, "w")
        for thread in threads:
            thread.join()
        assert [status for status, _, _ in answers] == [200] * 6 and all(body == answers[0][2] for _, _, body in answers)
        assert len(answers[0][2]["interval_reading"]) == 7
        done = [json.loads(text) for text in results.read()]  # once more for who came when the job had just ended
        ids = {result["id"] for result in done}
        assert message["id"] in ids and {result["state"] for result in done} == {"done"}
        assert len(ids) <= 2  # two where other ten minutes began meanwhile
        assert world.sandbox.stats()["days_served_twice"] == 0
        asked = world.sandbox.stats()["requests"]
        assert served.get("daily_consumption", WEEK.format(CLIENT_0))[0] == 200
        assert world.sandbox.stats()["requests"] == asked
        assert CLIENT_0 not in served.running.so_far()
        world.interrupt(worker)


def test_what_upstream_refuses_is_told_in_its_words():
    with World(quota="100/1s") as world:
        worker, served = start_worker(world, "w"), Conso(world)
        assert served.get("daily_consumption", WEEK.format(CLIENT_0))[0] == 200
        for prm, kind, status, code in ((REVOKED, "daily_consumption", 403, "ADAM-DC-0008"), (CLIENT_0, "daily_production", 400, "ADAM-ERR0069"),
                                        (PRODUCER, "consumption_load_curve", 400, "ADAM-ERR0069")):
            for _ in range(2):
                got, _, body = served.get(kind, WEEK.format(prm))
                assert (got, body["status"], body["error"]["error"]) == (status, status, code)
        got, _, body = served.get("daily_consumption", f"prm={OTHER}&start=2019-08-01&end=2019-08-05")
        assert got == 400
        asked = world.sandbox.stats()["requests"]
        assert served.get("daily_consumption", WEEK.format(REVOKED))[0] == 403
        assert world.sandbox.stats()["requests"] == asked  # it is remembered
        day = world.redis.command("GET", f"releve:day:{{{CLIENT_0}}}:daily_consumption:2026-11-03")
        world.redis.command("SET", f"releve:day:{{{REVOKED}}}:daily_consumption:2026-11-03", day)
        assert served.get("daily_consumption", f"prm={REVOKED}&start=2026-11-03&end=2026-11-04")[0] == 200
        assert served.get("daily_consumption", WEEK.format(REVOKED))[0] == 403  # and no part of it
        world.interrupt(worker)


def test_days_of_before_the_activation_are_left_out_and_not_asked_again():
    with World(quota="100/1s", today="2020-01-15") as world:
        worker, served = start_worker(world, "w"), Conso(world)
        status, _, body = served.get("daily_consumption", f"prm={OTHER}&start=2019-08-20&end=2019-09-05")
        assert status == 200 and body["interval_reading"][0]["date"] >= "2019-08-27"
        asked = world.sandbox.stats()["requests"]
        assert served.get("daily_consumption", f"prm={OTHER}&start=2019-08-20&end=2019-09-05")[2] == body
        status, _, body = served.get("daily_consumption", f"prm={OTHER}&start=2019-08-01&end=2019-08-05")
        assert (status, body["error"]["error"]) == (400, "ADAM-ERR0123")
        assert world.sandbox.stats()["requests"] == asked
        world.interrupt(worker)


def test_days_that_have_failed_are_no_days_without_data():
    """Some days of the week are there, the job of the others ends without them: who asks is told so, and gets no part of it."""
    with World(quota="100/1s") as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption", "--start", "2026-11-03", "--end", "2026-11-06").code == 0
        served, answers = Conso(world), []
        thread = threading.Thread(target=lambda: answers.append(served.get("daily_consumption", WEEK.format(CLIENT_0))))
        thread.start()
        while not world.redis.command("LLEN", "{releve}:jobs:high"):
            pass
        job = json.loads(world.redis.command("LPOP", "{releve}:jobs:high"))
        assert (job["start"], job["end"]) == ("2026-11-01", "2026-11-08")
        world.redis.command("HSET", f"{{releve}}:job:{job['id']}", "state", "partial")
        thread.join()
        (status, _, body), = answers
        assert (status, body["status"], body["error"]["error"]) == (500, 500, "technical_error")
        worker = start_worker(world, "w")  # upstream is well again: who asks again is one more job, at once
        status, _, body = served.get("daily_consumption", WEEK.format(CLIENT_0))
        assert (status, len(body["interval_reading"])) == (200, 7)
        world.interrupt(worker)
        assert served.get("daily_consumption", f"prm={CLIENT_0}&start=2026-11-03&end=2026-11-06")[0] == 200


def test_a_day_that_cannot_be_read_is_no_day_without_data():
    with World(quota="100/1s") as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption", "--start", "2026-11-01").code == 0
        served, day = Conso(world), f"releve:day:{{{CLIENT_0}}}:daily_consumption:2026-11-03"
        world.redis.command("SET", day, world.redis.command("GET", day).replace(b'"Wh"', b'"kWh"'))
        status, _, body = served.get("daily_consumption", WEEK.format(CLIENT_0))
        assert (status, body["error"]["error"]) == (500, "technical_error")
        assert served.get("daily_consumption", f"prm={CLIENT_0}&start=2026-11-04&end=2026-11-08")[0] == 200


def test_a_token_sees_its_usage_points_only_and_the_file_is_read_again():
    with World(quota="100/1s") as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--prm", OTHER, "--kind", "daily_consumption", "--start", "2026-11-01").code == 0
        served = Conso(world, CLIENT_0)
        assert served.get("daily_consumption", WEEK.format(CLIENT_0))[0] == 200
        assert served.get("daily_consumption", WEEK.format(OTHER))[0] in (401, 403)
        assert served.get("daily_consumption", WEEK.format(CLIENT_0), token=served.token[:-1] + "_")[0] == 401
        assert served.ask(f"/api/daily_consumption?{WEEK.format(CLIENT_0)}")[0] in (400, 401)
        file = served.file
        second = world.run("token", "--prm", OTHER, "--token-file", file).out.strip()
        assert served.get("daily_consumption", WEEK.format(OTHER), token=second)[0] == 200
        file.write_text("")
        assert served.get("daily_consumption", WEEK.format(CLIENT_0))[0] == 401
        file.write_text("nonsense\n")
        assert served.get("daily_consumption", WEEK.format(CLIENT_0))[0] == 401
        assert "line 1" in served.running.so_far() and second not in served.running.so_far()


def test_a_job_that_goes_on_failing_is_one_a_minute():
    with World(quota="100/1s") as world:
        served, answers = Conso(world), []
        for states in (["failed"], ["failed"], []):
            thread = threading.Thread(target=lambda: answers.append(served.get("daily_consumption", WEEK.format(CLIENT_0))[0]))
            thread.start()
            for state in states:
                while not (job := world.redis.command("LPOP", "{releve}:jobs:high")):
                    pass
                world.redis.command("HSET", f"{{releve}}:job:{json.loads(job)['id']}", "state", state)
            thread.join()
        assert answers[:2] == [500, 500] and answers[2] in (500, 503)  # 503 where another minute has begun


def test_days_of_another_upstream_are_no_answer_and_why_is_no_clients_affair():
    with World(quota="100/1s") as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption", "--start", "2026-11-01").code == 0
        served = Conso(world, RELEVE_UPSTREAM="http://127.0.0.1:1")
        for _ in range(2):
            status, given, body = served.get("daily_consumption", WEEK.format(CLIENT_0))
            assert (status, body["error"]["error"], given.get("retry-after")) == (500, "technical_error", None)
            assert "redis" not in json.dumps(body)
        served.running.wait_until(lambda: served.running.so_far().count("RELEVE_UPSTREAM is") == 1)


def test_without_tokens_it_is_not_served_and_the_password_is_not_for_it():
    with World() as world:
        served = Served(world)
        assert served.ask(f"/api/daily_consumption?{WEEK.format(CLIENT_0)}")[0] == 404


def test_who_waits_is_told_when_the_service_ends():
    with World(quota="100/1s") as world:
        served, answers = Conso(world), []
        thread = threading.Thread(target=lambda: answers.append(served.get("daily_consumption", WEEK.format(CLIENT_0))))
        thread.start()
        while not world.redis.command("LLEN", "{releve}:jobs:high"):
            pass
        assert world.interrupt(served.running).code == 0
        thread.join()
        (status, given, body), = answers
        assert (status, given["retry-after"], body["status"]) == (503, "5", 503)


@pytest.mark.slow
def test_who_has_waited_for_long_is_told_to_come_again_and_the_job_goes_on():
    with World(quota="100/1s") as world:
        served = Conso(world)
        status, given, body = served.get("daily_consumption", WEEK.format(CLIENT_0))
        assert (status, given["retry-after"], body["status"]) == (503, "5", 503) and body["message"]
        worker = start_worker(world, "w")
        assert served.get("daily_consumption", WEEK.format(CLIENT_0))[0] == 200
        assert world.sandbox.stats()["days_served_twice"] == 0
        world.interrupt(worker)


def test_no_more_than_some_wait_for_one_usage_point():
    with World(quota="100/1s") as world:
        served, answers = Conso(world), []

        def ask(day):
            answers.append(served.get("daily_consumption", f"prm={CLIENT_0}&start=2026-10-{day:02}&end=2026-11-01")[0])
        threads = [threading.Thread(target=ask, args=(day,)) for day in range(1, 9)]
        for thread in threads:
            thread.start()
        while world.redis.command("LLEN", "{releve}:jobs:high") < 8:
            pass
        assert served.get("daily_consumption", f"prm={CLIENT_0}&start=2026-10-20&end=2026-11-01")[0] == 503
        world.interrupt(served.running)
        for thread in threads:
            thread.join()
        assert answers == [503] * 8
