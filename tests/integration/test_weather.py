"""What breaks in between: a Redis that refuses, an upstream that lies. Nothing is lost, and nothing is asked twice."""
from world import World

CLIENT_0, CURVE = "22516914714270", "consumption_load_curve"
SELECTION = ("backfill", "--prm", CLIENT_0, "--kind", CURVE, "--start", "2026-09-01", "--concurrency", "4")


def test_days_that_redis_refuses_are_written_again_and_nothing_is_sent_meanwhile():
    with World() as world:
        # Permits and claims are granted, and only the writing of days is refused.
        world.redis.command("ACL", "SETUSER", "default", "-mset")
        running = world.start(*SELECTION)
        running.wait_until(lambda: "Redis refused" in running.so_far())
        refused = world.sandbox.stats()["requests"]
        assert 2 <= refused <= 1 + 4 and world.redis.days() == {}
        world.redis.command("ACL", "SETUSER", "default", "+mset")
        ended = running.end()
        assert ended.code == 0, ended
        assert "Redis refused: cannot store days: " in ended.err, ended
        stats = world.sandbox.stats()
        assert (stats["requests"], stats["days_served"], stats["days_served_twice"]) == (1 + 12, 79, 0)
        assert len(world.redis.days()) == 79


def test_a_command_that_is_interrupted_while_redis_refuses_ends_and_says_what_is_not_stored():
    with World() as world:
        world.redis.command("ACL", "SETUSER", "default", "-mset")
        running = world.start(*SELECTION)
        running.wait_until(lambda: "Redis refused" in running.so_far())
        ended = world.interrupt(running)
        assert ended.code == 130 and world.redis.days() == {}, ended
        world.redis.command("ACL", "SETUSER", "default", "+mset")
        assert world.run(*SELECTION).code == 0 and len(world.redis.days()) == 79
