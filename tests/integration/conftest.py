"""What the Python tests share: RELEVE_BIN names the program, `-m "not slow"` leaves out what takes long."""
import os

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    config.addinivalue_line("markers", "long: of a file that takes long as a whole")
    config.addinivalue_line("markers", "hour: touches dates, and runs again where Paris is a day ahead of UTC")
    config.addinivalue_line("markers", "by_hand: takes longer than ./test.sh may: runs with -m by_hand only "
                                       "(docs/long-runs.md)")
    if not os.access(os.environ.get("RELEVE_BIN", ""), os.X_OK):
        raise pytest.UsageError("RELEVE_BIN must name the program: RELEVE_BIN=/path/to/build/adapters/cli/releve")


def pytest_collection_modifyitems(config, items):
    if "by_hand" in config.getoption("-m"):
        return
    left_out = [item for item in items if item.get_closest_marker("by_hand")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
