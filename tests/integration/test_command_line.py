"""The command line as people meet it: help, near misses, groups of kinds, columns, pipes that close."""
import json
import os
import signal
import subprocess

import pytest
from sandbox import releve_bin
from world import TODAY, World, clean_environment

PRM, OTHER = "22516914714270", "12345678901234"
DAILY = ["daily_consumption", "daily_consumption_max_power", "daily_production"]
CURVES = ["consumption_load_curve", "production_load_curve"]


def releve(*words, **settings):
    done = subprocess.run([releve_bin(), *words], capture_output=True, text=True, env={**clean_environment(), **settings},
                          timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", ["backfill", "plan", "show", "sandbox", "worker", "status"])
def test_help_of_a_command_can_be_asked_for_in_both_ways(command):
    assert releve("help", command) == releve(command, "--help")
    code, out, err = releve("help", command)
    assert (code, err) == (0, "") and out.startswith(f"usage: releve {command}")


def test_the_version_can_be_asked_for_as_usual():
    code, out, _ = releve("-V")
    assert code == 0 and out.startswith("releve ") and out.count("\n") == 1
    assert {releve(word) for word in ("-V", "--version", "version")} == {(0, out, "")}


@pytest.mark.parametrize("words, says", [
    (("backfil",), 'unknown command "backfil" (did you mean backfill?); see releve --help'),
    (("help", "wroker"), 'unknown command "wroker" (did you mean worker?)'),
    (("xyzzy",), 'unknown command "xyzzy"; see releve --help'),
    (("plan", "--strat", "2026-01-01"), "unknown option --strat (did you mean --start?)"),
    (("plan", "--kidn=all"), "unknown option --kidn=all (did you mean --kind?)"),
    (("plan", "--nonsense"), "unknown option --nonsense; see"),
    (("plan", "--prm", PRM, "--kind", "daily_consumtion"), "(did you mean daily_consumption?)"),
    (("plan", "--prm", PRM, "--kind", "curve"), "(did you mean curves?)"),
    (("hlep",), 'unknown command "hlep" (did you mean help?)'),
    (("backfill", "--prm", "--progress", "never"), "option --prm needs a value; see"),
    (("--verson",), 'unknown option "--verson" (did you mean --version?)'),
    (("backfill", "--prm", PRM, "daily"), "a kind is given as --kind daily; see"),
    (("show", "--prm", PRM, "curves"), "a kind is given as --kind curves; see"),
    (("show", PRM), f"a usage point is given as --prm {PRM}"),
    (("status", "daily"), '"daily" is no option'),
])
def test_a_near_miss_is_told_what_it_nearly_hit(words, says):
    code, out, err = releve(*words)
    assert code == 2 and out == "" and says in err and err.count("\n") == 1, err


@pytest.mark.parametrize("wrong, said", [
    ([2], 'line 2: "x" is no PRM: write its 14 digits\n'), ([2, 5], 'line 2: "x" is no PRM: write its 14 digits; likewise line 5\n'),
    ([1, *range(4, 30)], "likewise line " + ", ".join(map(str, range(4, 16))) + " and 14 more\n")])
def test_all_lines_of_a_list_that_are_wrong_are_said_at_once(tmp_path, wrong, said):
    path = tmp_path / "list"
    path.write_text("".join(("x" if line in wrong else PRM) + "\n" for line in range(1, 31)))
    code, out, err = releve("plan", "--prms", str(path))
    assert code == 2 and out == "" and err.endswith(said) and err.count("\n") == 1, err


def test_what_looks_like_a_setting_in_the_environment_is_named():
    words = ("consent-url", "--duration", "P1Y")
    code, _, err = releve(*words, CLIENT_ID="x", RELEVE_REDIS_SERVICE_HOST="1")
    assert code == 0 and "releve: RELEVE_REDIS_SERVICE_HOST in the environment is no setting; see releve --help" in err
    code, out, err = releve(*words, CLIENT_ID="x", RELEVE_QOUTA="none")  # it would run with the usual quota
    assert (code, out, err) == (2, "", "releve: RELEVE_QOUTA in the environment is no setting (did you mean RELEVE_QUOTA?); "
                                       "see releve --help\n")


@pytest.mark.parametrize("group, kinds", [
    ("daily", DAILY), ("curves", CURVES), ("all", DAILY + CURVES), ("consumption", [k for k in DAILY + CURVES if "consumption" in k]),
    ("production,index_production", [k for k in DAILY + CURVES if "production" in k] + ["index_production"])])
def test_kinds_have_groups_on_the_command_line_and_in_messages(group, kinds):
    with World(quota="2000/1s") as world:
        ended = world.run("enqueue", "--prm", PRM, "--kind", group, "--start", "2026-11-10", "--json")
        assert {line.split('"kind":"')[1].split('"')[0] for line in ended.out.splitlines()} == set(kinds)
        world.redis.command("FLUSHALL")
        message = json.dumps({"prm": PRM, "kind": group.split(","), "start": "2026-11-10", "reply_to": "r"})
        world.redis.command("LPUSH", "{releve}:jobs", message)
        assert world.run("worker", "--drain").code == 0
        assert world.redis.command("LLEN", "r") == len(kinds)


def test_a_column_of_a_csv_may_hold_the_usage_points():
    text = f'# customers\nname,"the id",note\n"Dupont; Anne",{PRM},#1\n"Martin, Luc", "{OTHER}" ,\n'
    with World() as world:
        world.write("list.csv", text)
        ended = world.run("enqueue", "--column", "the id", "--prms", "list.csv", "--kind", "daily_consumption", "--json")
        assert ended.code == 0 and [PRM in line or OTHER in line for line in ended.out.splitlines()] == [True, True]
        for words, says in ((("--column", "id", "--prms", "list.csv"), 'line 2: has no column "id" (--column); it has: name, the id, note'),
                            (("--column", "The ID", "--prms", "list.csv"), 'has no column "The ID" (--column) (did you mean the id?)'),
                            (("--prms", "list.csv"), 'list.csv, line 3: "Dupont; Anne" is no PRM: write its 14 digits; where another column has them, say --column NAME'),
                            (("--prm", PRM, "--column", "x"), "there is no --prms"),
                            (("--column", "note", "--prms", "list.csv"), 'line 3: "#1" is no PRM'),
                            (("--prm", PRM, "--prms", "/dev/null"), "holds no usage point"),
                            (("--prms", "list.csv", "--column", "the id"), "is no PRM")):
            refused = world.run("plan", *words)
            assert refused.code == 2 and says in refused.err, refused
        world.write("plain", f"{PRM}\n")
        late = world.run("plan", "--prms", "plain", "--column", "prm")
        assert late.code == 2 and "before the --prms" in late.err


@pytest.mark.parametrize("text, column, found", [
    ("adresse;siret;prm\n12, rue X;11111111111111;{prm}\n", "prm", True),  # a comma in a field that ends with a semicolon
    ("a\tprm\n1;2,3\t{prm}\n", "prm", True), ('name,prm\n"Dupont ""Sud"", SARL",{prm}\n', "prm", True),
    ('"the ""prm""",x\n{prm},1\n', 'the ""prm""', True)])
def test_one_separator_holds_for_a_file(text, column, found):
    with World() as world:
        world.write("list.csv", text.format(prm=PRM))
        ended = world.run("enqueue", "--column", column, "--prms", "list.csv", "--kind", "daily_consumption", "--json")
        assert ended.code == 0 and ended.out.count(PRM) == 1 and ended.out.count("\n") == 1, ended


def into_a_closed_pipe(world, *words):
    """How it ends when nobody reads what it prints."""
    env = {**clean_environment(), **{name: value for name, value in world.settings.items() if value is not None}}
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen([releve_bin(), *words], stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE, env=env,
                               cwd=world.directory.name)
    os.close(writing)
    _, err = process.communicate(timeout=110)
    return process.returncode, err.decode()


def test_a_closed_pipe_ends_a_program_quietly():
    with World(quota="2000/1s") as world:
        world.run("backfill", "--prm", PRM, "--kind", "daily_consumption")
        for words in (("show", "daily_consumption", "--prm", PRM), ("plan", "--prm", PRM), ("points",), ("status",), ("--help",),
                      ("status", "--watch"), ("help", "plan"), ("enqueue", "--prm", PRM),
                      ("get", "daily_consumption", "--prm", PRM)):
            assert into_a_closed_pipe(world, *words) == (128 + signal.SIGPIPE, ""), words


def test_a_backfill_whose_lines_nobody_reads_any_more_ends():
    with World(quota="20/1s") as world:
        code, err = into_a_closed_pipe(world, "backfill", "--prm", PRM, "--prm", OTHER, "--kind", "daily_consumption,curves",
                                       "--json", "--progress", "never")
        assert code == 128 + signal.SIGPIPE and "cannot be written" not in err
        assert 1 <= world.sandbox.stats()["ok"] < 200  # of 229: it did not go on to the end


def test_a_full_disk_is_no_closed_pipe():
    with World() as world, open("/dev/full", "wb") as full:
        env = {**clean_environment(), "RELEVE_TODAY": TODAY}
        done = subprocess.run([releve_bin(), "help", "plan"], stdout=full, stderr=subprocess.PIPE, env=env, timeout=60)
        assert done.returncode == 1 and b"standard output cannot be written" in done.stderr
