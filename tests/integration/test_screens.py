"""The screens in docs/ are what the commands show."""
import pathlib
import sys

import pytest
from world import is_sanitized

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))
import screens  # noqa: E402


@pytest.mark.single("the page shows commands at one Redis")
@pytest.mark.skipif(is_sanitized(), reason="texts are the same in every build")
def test_each_screen_is_what_its_command_shows():
    written = (ROOT / "docs/screens.md").read_text()
    shown = screens.page()
    assert shown == written, "the texts have changed: python3 tools/screens.py >docs/screens.md"
