"""The house: the program is built so that a memory error is hard to use (docs/security.md, The build)."""
import os
import pathlib
import platform
import re
import subprocess

import pytest

BINARY = os.environ["RELEVE_BIN"]
LIBRARY = pathlib.Path(BINARY).resolve().parents[2] / "adapters/library/libreleve.so"


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], capture_output=True, text=True, check=True).stdout


def weaknesses(path):
    """What the built file lacks, by name."""
    dynamic, segments, symbols = readelf("-d", path), readelf("-l", path), readelf("-s", path)
    stack = re.search(r"GNU_STACK .* (R\S*)\s+0x", segments)
    present = {
        "position independent": "Type:                              DYN" in readelf("-h", path) and "PIE" in dynamic,
        "relocations read-only": "GNU_RELRO" in segments,
        "symbols bound at start": bool(re.search(r"FLAGS.*\b(BIND_NOW|NOW)\b", dynamic)),
        "stack not executable": stack is not None and "E" not in stack.group(1),
        "stack protector": "__stack_chk_fail" in symbols,
        "fortified": bool(re.search(r"__\w+_chk\b", symbols.replace("__stack_chk_fail", ""))),
    }
    return {name for name, there in present.items() if not there}


def is_sanitized():
    return b"__asan_init" in pathlib.Path(BINARY).read_bytes()


def test_the_program_is_hardened():
    missing = weaknesses(BINARY)
    if is_sanitized():
        missing -= {"fortified"}  # the sanitizers check more
    assert missing == set()


@pytest.mark.skipif(not LIBRARY.exists(), reason="built without a shared library")
def test_the_library_is_hardened():
    missing = weaknesses(LIBRARY) - {"position independent"}  # which a shared library always is, and is not called PIE
    if is_sanitized():
        missing -= {"fortified"}
    assert missing == set()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="control-flow protection is of x86")
def test_functions_begin_where_indirect_calls_may_land():
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "--disassemble=main", BINARY], capture_output=True,
                             text=True, check=True).stdout
    assert re.search(r"<main>:\n\s*[0-9a-f]+:\s+endbr64", listing), listing[:500]


def test_a_program_that_is_not_hardened_is_found(tmp_path):
    source, program = tmp_path / "weak.c", tmp_path / "weak"
    source.write_text('#include <string.h>\nint main(int c, char **v) { char b[64]; strcpy(b, v[0]); return b[c]; }\n')
    subprocess.run(["gcc", "-O0", "-U_FORTIFY_SOURCE", "-fno-stack-protector", "-no-pie", "-Wl,-z,norelro", "-Wl,-z,lazy",
                    "-Wl,-z,execstack", source, "-o", program], check=True, capture_output=True)
    assert weaknesses(program) == {"position independent", "relocations read-only", "symbols bound at start",
                                   "stack not executable", "stack protector", "fortified"}
