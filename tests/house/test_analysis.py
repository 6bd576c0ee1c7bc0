"""The house: clang-tidy and cppcheck find nothing in the sources, or the reason why they are wrong stands at the line.

.clang-tidy says which checks, and why not others. Not for the tests' own sources: cmocka ends a test in ways that neither
of the two understands; cppcheck alone reads them too.
"""
import concurrent.futures
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["RELEVE_BIN"]).resolve().parents[2]
SANITIZED = b"__asan_init" in pathlib.Path(os.environ["RELEVE_BIN"]).read_bytes()
CPPCHECK = ["cppcheck", "--quiet", "--error-exitcode=1", "--inline-suppr", "--std=c11", "-j2", "--library=posix",
            f"--library={ROOT}/tools/cppcheck.cfg", "--enable=warning,portability,performance", "--suppress=missingInclude",
            "--suppress=missingIncludeSystem", f"-I{ROOT}/include", f"-I{ROOT}"]
# The sources are the same in every build: once is enough.
pytestmark = pytest.mark.skipif(SANITIZED, reason="looked at in the other build")


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


# How many states of a function the analyzer looks at: a third of its own 225 000, in a third of the time. At full depth, by
# hand: docs/long-runs.md.
DEPTH = [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=75000")]


def tidy(*paths):
    return run("clang-tidy", "--quiet", "-p", BUILD, *DEPTH, *paths)


@pytest.mark.slow
def test_clang_tidy_finds_nothing():
    sources = sorted(path for folder in ("engine", "adapters") for path in (ROOT / folder).rglob("*.c"))
    assert sources
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [text for code, text in pool.map(tidy, sources) if code != 0]
    assert not found, "\n".join(found)[:4000]


@pytest.mark.slow
def test_cppcheck_finds_nothing():
    code, text = run(*CPPCHECK, "engine", "adapters", "include", "tests", "bench", "examples")
    assert code == 0, text[:4000]


def test_both_find_a_planted_defect(tmp_path):
    source = tmp_path / "planted.c"
    source.write_text("#include <stdlib.h>\n"
                      "int planted(int wanted);\n"
                      "int planted(int wanted)\n"
                      "{\n"
                      "    int *value = malloc(sizeof *value), unset;\n"
                      "    free(value);\n"
                      "    return wanted > 0 ? *value : unset;\n"
                      "}\n")
    code, text = run("clang-tidy", "--quiet", f"--config-file={ROOT}/.clang-tidy", source, "--")
    assert code != 0 and "unix.Malloc" in text, text
    code, text = run(*CPPCHECK, source)
    assert code != 0 and "uninitvar" in text, text
