"""The house: which file may include what (docs/design.md, Who knows whom), and what must not be in the tree."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)
LIBC = {"assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdarg.h", "stdbool.h",
        "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "sys/queue.h"}
LIBRARIES = {  # which outside library each adapter is there for
    "http": ("curl/",),
    "enedis": ("cjson/",),
    "redis": ("hiredis/", "cjson/"),
    "httpd": ("microhttpd.h",),
    "sandbox": ("microhttpd.h", "cjson/"),
    "web": ("microhttpd.h", "cjson/", "crypt.h", "openssl/"),
}
SERVERS = ("sandbox", "web")  # those that serve HTTP, by adapters/httpd
COMPOSED = ("http", "enedis", "redis")  # by adapters/library, the one folder beside cli that knows other adapters
TABLES = ("uthash.h", "utlist.h")  # and those are for everybody outside the core
OUTSIDE = ("curl/", "cjson/", "crypt.h", "hiredis/", "microhttpd.h", "openssl/", "uv.h")


def sources(folder):
    found = sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in (".c", ".h"))
    assert found, f"no sources in {folder}"
    return found


def includes(path):
    return INCLUDE.findall(path.read_text())


def test_the_core_includes_nothing_but_libc_and_the_public_headers():
    for path in sources("engine/core"):
        for name in includes(path):
            own = (path.parent / name).exists() and "/" not in name
            assert name in LIBC or name.startswith("releve/") or own, f"{path}: {name}"


def test_public_headers_include_nothing_but_libc_and_each_other():
    for path in sources("include/releve"):
        for name in includes(path):
            its_loop = path.name == "engine.h" and name == "uv.h"  # the caller's, which it is put on
            assert name in LIBC or name.startswith("releve/") or its_loop, f"{path}: {name}"


def test_the_headers_of_the_core_know_no_loop():
    names, pending = set(), ["core.h"]
    while pending:
        name = pending.pop()
        names.add(name)
        for include in includes(ROOT / "include/releve" / name):
            assert include != "uv.h", f"{name}: {include}"
            if include.startswith("releve/") and include[7:] not in names:
                pending.append(include[7:])


def test_the_runtime_knows_no_adapter_and_no_library():
    for path in sources("engine/runtime"):
        for name in includes(path):
            own_loop = path.stem == "loop" and name == "uv.h"  # the machine as it really is; the simulation has another
            assert "adapters/" not in name and (own_loop or not name.startswith(OUTSIDE)), f"{path}: {name}"


def test_an_adapter_knows_its_own_library_and_no_other_adapter():
    for adapter, own in LIBRARIES.items():
        for path in sources(f"adapters/{adapter}"):
            for name in includes(path):
                if name.startswith("adapters/") or "../" in name:
                    served = adapter in SERVERS and name == "adapters/httpd/httpd.h"
                    assert name.startswith(f"adapters/{adapter}/") or served, f"{path}: {name}"
                if name.startswith(OUTSIDE) and name != "uv.h":
                    assert name.startswith(own), f"{path}: {name}"


def test_every_adapter_is_of_one_library_or_composes_others():
    folders = {p.name for p in (ROOT / "adapters").iterdir() if p.is_dir()}
    assert folders == {*LIBRARIES, "library", "cli"}


def test_the_engine_put_together_knows_what_it_composes_and_no_library_of_theirs():
    for path in sources("adapters/library"):
        for name in includes(path):
            if name.startswith("adapters/"):
                assert name.split("/")[1] in COMPOSED, f"{path}: {name}"
            assert "../" not in name and (name == "uv.h" or not name.startswith(OUTSIDE)), f"{path}: {name}"


def test_the_inside_of_the_engine_put_together_is_its_own():
    for path in sources("adapters/cli"):
        for name in includes(path):
            if name.startswith("adapters/library/"):
                assert name in ("adapters/library/parts.h", "adapters/library/notices.h"), f"{path}: {name}"


def test_each_source_file_says_what_it_is_for():
    for folder in ("include", "engine", "adapters"):
        for path in sources(folder):
            assert path.read_text().startswith("/*"), f"{path}: begins without a comment"


def test_c_files_are_formatted_as_the_file_in_the_repo_says():
    files = [str(p) for folder in ("include", "engine", "adapters", "tests", "bench", "examples") if (ROOT / folder).exists()
             for p in sorted((ROOT / folder).rglob("*")) if p.suffix in (".c", ".h")]
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]
