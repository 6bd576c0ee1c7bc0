"""What the Python tests share: RELEVE_BIN names the program, `-m "not slow"` leaves out what takes long."""


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
