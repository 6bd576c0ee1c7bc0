"""Man pages and completions are made of the help of the program: nothing of it is missing in them, and shells propose what
it names."""
import collections
import functools
import os
import pathlib
import re
import subprocess
import sys

import pytest
import shells
from sandbox import DOCUMENTS, MEASURES, REGISTERS, releve_bin
from world import is_sanitized

MANUAL = pathlib.Path(__file__).resolve().parents[2] / "packaging/manual"
BUILD = pathlib.Path(releve_bin()).resolve().parents[2]
sys.path.append(str(MANUAL))
import help_text  # noqa: E402
import pages  # noqa: E402

# The same texts come of every build, and the sanitizers see the same code elsewhere.
pytestmark = pytest.mark.skipif(is_sanitized(), reason="pages and completions are those of the release build")
KINDS = {*MEASURES, *REGISTERS, *DOCUMENTS, "consumption", "production", "daily", "curves", "all"}
FILES = {"points.csv", "a b.csv", "archive"}  # what stands in the folder of the shells
FREE = ["plan --prm", "backfill --start", "plan --column", "worker --name", "backfill --concurrency", "sandbox --listen",
        "bench --latency", "consent --authorization", "dead show"]
SHELLS = {"bash": shells.open_bash, "zsh": shells.open_zsh, "fish": shells.Fish}
OF_SCDOC = r"skipping paragraph macro|input text line longer|lower case character in document title"  # in each of its pages


def run(*words, **settings):
    return subprocess.run(words, capture_output=True, text=True, timeout=110, env={**os.environ, **settings})


@functools.cache
def help_of(*words):
    return run(releve_bin(), *words).stdout


def commands():
    return re.findall(r"^  ([a-z-]+) ", re.search(r"^commands:\n(.*?)\n\n", help_of("--help"), re.DOTALL | re.MULTILINE)[1],
                      re.MULTILINE)


def options(command):
    return set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", help_of("help", command), re.MULTILINE))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where the files of this build are, installed as into a package."""
    root = tmp_path_factory.mktemp("installed")
    done = run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root)
    assert done.returncode == 0, done.stdout + done.stderr
    share = next(root.rglob("share/bash-completion")).parent
    assert (share / "man").is_dir(), "built without scdoc: meson configure -Dmanual=enabled"
    return share


@pytest.fixture(scope="module", params=SHELLS)
def shell(request, installed, tmp_path_factory):
    """A shell, in a folder with files, on a machine where whoever starts `releve` leaves a trace."""
    home, cwd, programs = (tmp_path_factory.mktemp(name) for name in ("home", "cwd", "bin"))
    for name in FILES - {"archive"}:
        (cwd / name).touch()
    (cwd / "archive").mkdir()
    (programs / "releve").write_text(f"#!/bin/sh\necho \"$@\" >>{home}/started\n")
    (programs / "releve").chmod(0o755)
    with SHELLS[request.param](installed, home, cwd, f"{programs}:/usr/bin:/bin") as opened:
        yield opened
    assert not (home / "started").exists(), (home / "started").read_text()


def proposed(shell, line):
    """The words that are proposed, without what a shell puts behind and in front of them."""
    words = [re.sub(r"^--[a-z]+=(?=.)|[=,/]$", "", word) for word in shell.proposals(f"releve {line}")]
    assert len(words) == len(set(words)), words
    return set(words)


@functools.cache
def page(installed, name):
    """As it is read, in one line a paragraph."""
    done = run("mandoc", "-T", "utf8", "-O", "width=1000", installed / f"man/man1/{name}.1")
    assert done.returncode == 0 and done.stderr == ""
    return re.sub(r".\x08", "", done.stdout)


def test_every_command_has_a_page_and_each_of_its_options_stands_in_it(installed):
    found = {path.name for path in (installed / "man/man1").iterdir()}
    assert len(commands()) >= 14 and found == {"releve.1", *(f"releve-{command}.1" for command in commands())}
    for command in commands():
        text = page(installed, f"releve-{command}")
        assert re.search(rf"^ +releve-{command} - .", text, re.MULTILINE), text
        for option in options(command):
            assert re.search(rf"^ +{option}( |$)", text, re.MULTILINE), f"{command} {option}"
        assert f"releve-{command}(1)" in page(installed, "releve")


def test_no_word_of_a_help_text_is_missing_in_its_page(installed):
    def words(text):
        return collections.Counter(re.findall(r"[\w|=-]*\w", text.casefold()))

    for name, text in (("releve", help_of("--help")), *((f"releve-{command}", help_of("help", command)) for command in commands())):
        text = re.sub(r"^configuration|exit codes:|^usage:", "", text, flags=re.MULTILINE)
        missing = words(text) - words(page(installed, name).replace("  releve-", "  "))
        assert missing == collections.Counter(), name


def test_help_fits_a_terminal_of_80_columns():
    for words in (("--help",), *(("help", command) for command in commands())):
        wide = [line for line in help_of(*words).splitlines() if len(line) > 80]
        assert wide == [], words


def test_pages_have_what_a_page_has(installed):
    for name in ("releve", *(f"releve-{command}" for command in commands())):
        titles = re.findall(r"^[A-Z][A-Z ]+$", page(installed, name), re.MULTILINE)
        assert [title for title in titles if title in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT",
                                                       "SEE ALSO")] == \
            ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"], (name, titles)
    assert "COMMANDS" in page(installed, "releve")
    assert re.search(r"^ +2\n +wrong usage", page(installed, "releve-plan"), re.MULTILINE)
    assert re.search(r"^ +130\n +--drain was interrupted", page(installed, "releve-worker"), re.MULTILINE)


def test_no_page_has_a_mistake(installed):
    for path in sorted((installed / "man/man1").iterdir()):
        lint = run("mandoc", "-T", "lint", path).stdout.splitlines()
        assert [line for line in lint if not re.search(f"{OF_SCDOC}|missing date", line)] == []
        formatted = run("groff", "-ww", "-man", "-Tutf8", "-z", path)
        assert (formatted.returncode, formatted.stderr) == (0, "")


def make_pages(program, out, **settings):
    return run(sys.executable, "-B", MANUAL / "pages.py", program, "scdoc", "1.2.3", out, **settings)


def make_of(texts, folder):
    """Runs both scripts on a program that prints these texts: (what they ended with, the files of completions)."""
    program, files = folder / "program", [folder / name for name in SHELLS]
    program.write_text(f'#!/bin/sh\nfor name; do :; done\nexec cat "{folder}/$name.txt"\n')
    program.chmod(0o755)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return make_pages(program, folder / "pages"), run(sys.executable, "-B", MANUAL / "completions.py", program, *files), files


PROGRAM = ("releve: fetches.\n\nusage: releve COMMAND\n\noptions:\n  --help  this\n\ncommands:\n  dead  what could not be a job\n\n"
           "configuration (of all):\n  A_B  something\n\nexit codes: 0 good; 1, 2 bad\n")
DEAD = ("usage: releve dead [list|requeue] [--most N]\n       releve dead drop ID\n\n.a *b* _c_ #d\n\noptions:\n"
        "  --most N  at most ~N\n            ^ jobs\n")


def test_a_new_command_is_there_by_itself(tmp_path):
    *ended, files = make_of({"--help": PROGRAM, "dead": DEAD}, tmp_path)
    assert [(done.returncode, done.stderr) for done in ended] == [(0, ""), (0, "")]
    made = run("mandoc", "-T", "ascii", tmp_path / "pages/releve-dead.1").stdout
    assert "  .a *b* _c_ #d\n" in made and "  at most ~N ^ jobs\n" in made
    for file in files:
        assert "dead" in file.read_text() and "list requeue drop" in file.read_text()


def test_a_page_knows_no_clock(tmp_path):
    make_of({"--help": PROGRAM, "dead": DEAD}, tmp_path)
    for epoch, date in (("", '""'), ("1789000000", '"2026-09-10"')):
        assert make_pages(tmp_path / "program", tmp_path / "pages", SOURCE_DATE_EPOCH=epoch).returncode == 0
        assert f'.TH "releve-dead" "1" {date} "releve 1.2.3" ' in (tmp_path / "pages/releve-dead.1").read_text()


def test_what_is_not_understood_ends_the_build_with_one_line(tmp_path):
    *ended, _ = make_of({"--help": PROGRAM, "dead": DEAD.replace("--most N ", "--most ")}, tmp_path)
    for done in ended:
        assert (done.returncode, done.stderr) == (1, "releve help dead: the brackets around N]: 'releve dead [list|requeue] "
                                                  "[--most N]' (packaging/manual/help_text.py says how help is laid out)\n")


@pytest.mark.parametrize("name, old, new, says", [
    ("plan", "[--json]", "[--jsn]", "--jsn stands otherwise in the table"),
    ("plan", "[--json]", "[--json N]", "the brackets around N]"),
    ("plan", "[--json]", "[--json", "a bracket is missing"),
    ("worker", "[--name NAME]", "[--name]", "--name stands otherwise in the table"),
    ("plan", "  --json             one", "  --json one", "an option is --name"),
    ("plan", "  --json             one", "   --json            one", "no row of a table: '--json"),
    ("worker", "  --drain            end", "  --name             end", "an option that is there already: '--name'"),
    ("status", "  --json             one JSON object (one a look with --watch)", "  --json", "a row without a text: '--json'"),
    ("show", "Prints the days", "With --forever prints the days", "there is no option --forever"),
    ("get", "KIND (one", "Name (one", "a section of this name has every page already"),
    ("get", "KIND (one", "options (one", "a section that is there already"),
    ("export", "options:", "options:\n\nmore:", "a section without rows: 'options:'"),
    ("points", "  refused  ", " refused  ", "no row of a table: 'refused"),
    ("points", "  refused  ", "  --refused  ", "a table of options has a heading"),
    ("consent", "  releve consent --auth", "      releve consent --auth", "a table has a heading"),
    ("worker", "exit codes: 0 told", "exit codes: told", "an exit code is a number and a text: 'told"),
    ("bench", "usage: releve bench", "usage: releve bnch", "a usage line begins with releve bench"),
    ("bench", "usage: releve bench [OPTION]...\n\n", "", "there is no usage line"),
    ("--help", "configuration (", "settings (", "a section is missing: 'configuration'"),
])
def test_what_is_not_understood_is_named(name, old, new, says):
    def ask(*words):
        text = help_of(*words)
        assert words[-1] != name or old in text, text
        return text.replace(old, new, 1) if words[-1] == name else text

    pages.texts(*help_text.read(help_of)[:2], "1.2.3")  # as it is, nothing is wrong with it
    with pytest.raises(SystemExit) as ended:
        pages.texts(*help_text.read(ask)[:2], "1.2.3")
    assert says in ended.value.code and "\n" not in ended.value.code, ended.value.code
    assert ended.value.code.startswith(f"releve {'' if name == '--help' else 'help '}{name}: ")


def test_commands_are_proposed(shell):
    assert proposed(shell, "") - {"--help", "--version"} == {*commands(), "help"} == {*proposed(shell, "help "), "help"}
    assert proposed(shell, "ba") == {"backfill"}


def test_the_options_of_each_command_are_proposed(shell):
    assert {command: proposed(shell, f"{command} --") for command in commands()} == \
        {command: options(command) | {"--help"} for command in commands()}


@pytest.mark.parametrize("line", ["plan --kind ", "plan --kind=", "plan --json --kind ", "get ", "show "])
def test_kinds_are_proposed(shell, line):
    assert proposed(shell, line) == KINDS


def test_kinds_are_proposed_behind_a_comma_each_once(shell):
    index = {"daily,index_consumption", "daily,index_production"}
    assert proposed(shell, "plan --kind daily,i") == {*index, "daily,identity"} == proposed(shell, "get daily,i")
    assert proposed(shell, "plan --kind=daily,ind") == index
    assert proposed(shell, "show index_production,ind") == {"index_production,index_consumption"}


@pytest.mark.parametrize("line, words", [
    ("show --format ", {"pretty", "json", "csv"}), ("export --format=", {"csv", "json"}), ("export --format=c", {"csv"}),
    ("enqueue --priority ", {"high", "normal", "low"}), ("backfill --progress ", {"auto", "always", "never"}),
    ("sandbox --api ", {"v5", "2026", "both"}), ("sandbox --fault err", {"error500", "error502html"}),
    ("dead ", {"list", "show", "requeue", "drop"}), ("dead requeue --queue l", {"low"})])
def test_closed_sets_are_proposed(shell, line, words):
    assert proposed(shell, line) == words


def test_files_are_proposed_where_one_is_read_or_written(shell):
    assert proposed(shell, "plan --prms ") == FILES and proposed(shell, "plan --json --prms po") == {"points.csv"}
    assert proposed(shell, "export --out ") == {"archive"}


@pytest.mark.parametrize("place", FREE)
def test_nothing_is_proposed_where_a_value_is_free(shell, place):
    assert proposed(shell, f"{place} ") == set()


def test_a_key_completes_the_line(shell):
    if isinstance(shell, shells.Fish):  # it has no line here
        assert shell.proposals("releve sandbox --fault error502") == ["error502html="]
        return
    assert shell.press("releve ba") == "releve backfill "
    assert shell.press("releve worker --dr") == "releve worker --drain "
    assert shell.press("releve plan --prms a") == "releve plan --prms a"  # "a b.csv" or archive
    assert shell.press("releve plan --prms a\\ ") == "releve plan --prms a\\ b.csv "
    assert shell.press("releve sandbox --fault error502") == "releve sandbox --fault error502html="
