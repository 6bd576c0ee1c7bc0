"""The house: the Debian packages have all that is installed, each file once, and say the version of the program. (What comes
of them is built by packaging/build-deb.sh and tried by packaging/try-deb.sh, in minutes.)"""
import collections
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEBIAN = ROOT / "packaging/debian"
BUILD = pathlib.Path(os.environ["RELEVE_BIN"]).resolve().parents[2]


def paragraphs(name):
    """The paragraphs of a file of Debian's kind: {field: value}."""
    found = [{}]
    for line in (DEBIAN / name).read_text().split("\n"):
        if not line.strip():
            found.append({})
        elif line[0].isspace():
            found[-1][field] += f"\n{line.strip()}"
        else:
            field, value = line.split(":", 1)
            assert field not in found[-1], f"{name}: {field} twice"
            found[-1][field] = value.strip()
    return [one for one in found if one]


def packages():
    return [one["Package"] for one in paragraphs("control")[1:]]


def installed():
    """What meson installs, as paths below the top, as debhelper configures it; a folder stands for what is in it."""
    done = subprocess.run(["meson", "introspect", "--installed", BUILD], capture_output=True, text=True, check=True)
    prefix = subprocess.run(["meson", "introspect", "--buildoptions", BUILD], capture_output=True, text=True, check=True)
    prefix = next(one["value"] for one in json.loads(prefix.stdout) if one["name"] == "prefix")
    paths = []
    for source, path in json.loads(done.stdout).items():
        below = [child.relative_to(source) for child in pathlib.Path(source).rglob("*") if child.is_file()]
        paths += [str(pathlib.Path("usr", os.path.relpath(path, prefix), child)) for child in below or [""]]
    return sorted(paths)


def sources_of(package):
    """The patterns of its .install file."""
    lines = (DEBIAN / f"{package}.install").read_text().splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def owners(paths, patterns):
    """{path: the packages whose files it is among}."""
    def is_among(path, pattern):
        return fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path, f"{pattern}/*")
    return {path: [name for name, own in patterns.items() if any(is_among(path, one) for one in own)] for path in paths}


def test_every_file_that_is_installed_is_in_one_package():
    patterns = {package: sources_of(package) for package in packages()}
    found = owners(installed(), patterns)
    assert len(found) > 20 and "usr/bin/releve" in found
    assert {path: who for path, who in found.items() if len(who) != 1} == {}


def test_a_package_names_nothing_that_is_not_installed():
    paths = installed()
    unused = [f"{package}: {one}" for package in packages() for one in sources_of(package)
              if not any(owners([path], {package: [one]})[path] for path in paths)]
    assert unused == []


def test_a_file_of_nobody_and_a_file_of_two_are_found():
    found = owners(["usr/bin/a", "usr/lib/b.so", "usr/share/c/d"], {"x": ["usr/bin/*", "usr/share/c"], "y": ["usr/share/c/*"]})
    assert found == {"usr/bin/a": ["x"], "usr/lib/b.so": [], "usr/share/c/d": ["x", "y"]}


def test_no_package_is_described_twice_and_each_says_what_it_needs():
    source, *binary = paragraphs("control")
    assert source["Source"] == "releve" and "debhelper-compat (= 13)" in source["Build-Depends"]
    assert collections.Counter(packages()).most_common(1)[0][1] == 1
    for one in binary:
        assert {"Package", "Architecture", "Depends", "Description"} <= one.keys(), one
        assert "${misc:Depends}" in one["Depends"], one["Package"]


def test_the_build_of_the_package_needs_what_the_build_needs():
    """In tools/machine.sh, but for what is there on every Debian that builds, and for what only runs the program."""
    needed = re.search(r'^PACKAGES="(.+?)"', (ROOT / "tools/machine.sh").read_text(), re.MULTILINE | re.DOTALL)[1]
    needed = set(needed.replace("\\\n", "").split()) - {"gcc", "libc6-dev", "ninja-build", "redis-server", "ca-certificates", "curl"}
    declared = set(re.findall(r"[\w.+-]+(?=[ ,:\n]|$)", paragraphs("control")[0]["Build-Depends"]))
    container = set((ROOT / "packaging/Containerfile").read_text().split())
    assert needed - {"python3"} - declared == set()
    assert needed - container == set()


def test_the_version_is_that_of_the_program():
    version = re.search(r"version: '(.+?)'", (ROOT / "meson.build").read_text())[1]
    assert re.match(r"releve \((.+?)-\d+\) ", (DEBIAN / "changelog").read_text())[1] == version
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == version


def test_the_copyright_is_the_licence():
    def words(text):
        return text.replace("\n .\n", "\n").split()
    licence = (ROOT / "LICENSE").read_text()
    assert words((DEBIAN / "copyright").read_text().split("License: Expat\n")[-1]) == words(licence.split("authors\n", 1)[1])


def test_shellcheck_finds_nothing_in_the_scripts():
    if shutil.which("shellcheck") is None:
        pytest.skip("there is no shellcheck")
    done = subprocess.run(["shellcheck", "-x", *sorted(map(str, (ROOT / "packaging").glob("*.sh")))], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
