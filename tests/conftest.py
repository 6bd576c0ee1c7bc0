"""What all Python tests share: RELEVE_BIN names the program, and by its marks ./test.sh chooses (`-m "not slow"` leaves out
what takes long)."""
import os

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    config.addinivalue_line("markers", "long: of a file that takes long as a whole")
    config.addinivalue_line("markers", "short: of such a file, and takes little: ./test.sh --quick runs it too")
    config.addinivalue_line("markers", "hour: touches dates, and runs again where Paris is a day ahead of UTC")
    if not os.access(os.environ.get("RELEVE_BIN", ""), os.X_OK):
        raise pytest.UsageError("RELEVE_BIN must name the program: RELEVE_BIN=/path/to/build/adapters/cli/releve")
