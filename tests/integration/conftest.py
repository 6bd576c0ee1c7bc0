"""What these tests share: RELEVE_TEST_REDIS says what Redis is (shared_cluster.py)."""
import pytest
import shared_cluster
import world
from world import is_sanitized


def pytest_configure(config):
    config.addinivalue_line("markers", "waits: what its parameters differ in is no code of ours, and each waits for long: "
                                       "in a sanitized build the first stands for all")
    config.addinivalue_line("markers", "by_hand: takes longer than ./test.sh may: runs with -m by_hand only "
                                       "(docs/long-runs.md)")
    config.addinivalue_line("markers", "single(why): is about one Redis server, so that no cluster can stand for it")
    if shared_cluster.mode() not in shared_cluster.MODES:
        raise pytest.UsageError("RELEVE_TEST_REDIS is cluster, mixed or nothing")


def stands_for_others(item, seen):
    """The first of a test that is marked so, or one that is not."""
    first = item.function not in seen
    seen.add(item.function)
    return first or not item.get_closest_marker("waits") or not is_sanitized()


def is_the_same_with_a_cluster(item):
    """Of a file that has no World: nothing of it depends on what Redis is, or it has its own."""
    return getattr(item.module, "World", None) is not world.World


def pytest_unconfigure():
    shared_cluster.end_all()


@pytest.hookimpl(tryfirst=True)  # before its fixtures are made
def pytest_runtest_setup(item):
    single = item.get_closest_marker("single")
    shared_cluster.begin_test(single is not None)
    if single and shared_cluster.mode() == "cluster":
        pytest.skip(f"is about one Redis: {single.args[0]}")


def shares_a_fixture(item):
    """With others of its file: made anew for each test, it would cost more than it is worth."""
    return any(fixture[-1].scope == "module" for fixture in item._fixtureinfo.name2fixturedefs.values())


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(config, items):
    """Tests spread over the processes by themselves (--dist loadgroup) but where they share something; the slow ones come
    first, so that none of them is left alone at the end."""
    left_out = [item for item in items if item.get_closest_marker("by_hand")] if "by_hand" not in config.getoption("-m") else []
    if shared_cluster.mode() == "cluster":
        left_out += [item for item in items if item not in left_out and is_the_same_with_a_cluster(item)]
    seen = set()
    left_out += [item for item in items if item not in left_out and not stands_for_others(item, seen)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = sorted((item for item in items if item not in left_out), key=lambda item: not item.get_closest_marker("slow"))
    for item in items:
        if shares_a_fixture(item):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
