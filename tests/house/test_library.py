"""The house: libreleve as it is built and installed. What it exports is what its headers declare, and each of them stands
alone."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["RELEVE_BIN"]).resolve().parents[2]
LIBRARY = BUILD / "adapters/library/libreleve.so"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
INCLUDE = re.compile(r"^\s*#\s*include\s+<([^>]+)>", re.MULTILINE)

needs_shared = pytest.mark.skipif(not LIBRARY.exists(), reason="built without a shared library")


def installed_headers():
    """The headers that an installation has, by their names."""
    plan = json.loads((BUILD / "meson-info/intro-installed.json").read_text())
    found = sorted(pathlib.Path(source) for source in plan if source.endswith(".h"))
    assert found, "no headers are installed"
    return found


def declared(path):
    """The functions that a header declares and does not define."""
    text = re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"^\s*#(?:\\\n|.)*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\bRELEVE_DECLARE_(?:BEGIN|END)\b", "", text)
    text = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", text, flags=re.DOTALL)
    names, depth, statement = set(), 0, ""
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        statement += character
        if depth == 0 and character in ";}":
            head = re.match(r"\s*(?!typedef|static)[\w\s*]*?\b(releve_\w+)\s*\(", statement)
            if head and "{" not in statement:
                names.add(head.group(1))
            statement = ""
    return names


def exported(library):
    listing = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in listing.splitlines() if line.split()[-2] != "A"}


def compile_alone(compiler, standard, header, tmp_path):
    source = tmp_path / f"alone.{'c' if compiler == 'gcc' else 'cc'}"
    source.write_text(f"#include <releve/{header.name}>\nint main(void) {{ return 0; }}\n")
    # POSIX is what uv.h wants.
    return subprocess.run([compiler, standard, *STRICT, "-D_POSIX_C_SOURCE=200809L", f"-I{ROOT / 'include'}", source],
                          capture_output=True, text=True)


def test_declarations_are_found(tmp_path):
    header = tmp_path / "a.h"
    header.write_text("/* releve_no(void); */\n#define releve_macro(a) \\\n    releve_not(a);\ntypedef int (*releve_type)(int);\n"
                      "struct releve_s { int (*releve_member)(void); };\nstatic inline int releve_own(void) { return 1; }\n"
                      "const char *releve_a(int b, void (*releve_c)(void *data));\nstruct releve_s releve_b(void)\n"
                      "    __attribute__((format(printf, 1, 2)));\n")
    assert declared(header) == {"releve_a", "releve_b"}


@needs_shared
def test_the_library_exports_what_its_headers_declare():
    assert exported(LIBRARY) == set().union(*map(declared, installed_headers()))


@needs_shared
def test_the_library_has_a_soname():
    dynamic = subprocess.run(["readelf", "-Wd", LIBRARY], capture_output=True, text=True, check=True).stdout
    assert "Library soname: [libreleve.so.0]" in dynamic


def test_nothing_is_visible_in_the_archive_but_what_the_headers_declare():
    """Else a library that the archive is linked into would export it."""
    archive = BUILD / "adapters/library/libreleve.a"
    if not archive.exists():
        pytest.skip("built without a static library")
    listing = subprocess.run(["readelf", "-Ws", archive], capture_output=True, text=True, check=True).stdout
    visible = set(re.findall(r"(?:FUNC|OBJECT)\s+GLOBAL\s+DEFAULT\s+\d+\s+(\S+)", listing))
    assert visible == set().union(*map(declared, installed_headers()))


def test_installed_headers_include_installed_headers_only():
    names = {f"releve/{path.name}" for path in installed_headers()}
    for path in installed_headers():
        for name in INCLUDE.findall(path.read_text()):
            assert not name.startswith("releve/") or name in names, f"{path.name}: {name} is not installed"


@pytest.mark.parametrize("header", installed_headers(), ids=lambda path: path.name)
def test_an_installed_header_stands_alone(header, tmp_path):
    done = compile_alone("gcc", "-std=c11", header, tmp_path)
    assert done.returncode == 0, done.stderr
    cplusplus = shutil.which("g++") or shutil.which("clang++")
    if cplusplus:
        done = compile_alone(cplusplus, "-std=c++17", header, tmp_path)
        assert done.returncode == 0, done.stderr
