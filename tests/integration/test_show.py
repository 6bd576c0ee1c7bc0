"""What Redis holds, brought out: several usage points and kinds, in each format, on terminals of several widths."""
import csv
import io
import json
import os
import re
import subprocess

import pytest
import terminal
from jobs import FIRST_PRM
from world import TODAY, World, clean_environment, is_sanitized

CLIENT_0, BOTH, HOLES = "22516914714270", "12655648759651", "42900589957123"
DAYS = ("--start", "2026-10-20", "--end", "2026-10-30")  # 25 hours among them, and holes
GAP = ("--start", "2026-10-10", "--end", "2026-10-12")  # apart from those


@pytest.fixture(scope="module")
def filled():
    with World(quota="2000/1s") as world:
        for days in (DAYS, GAP):
            assert world.run("backfill", "--prm", BOTH, "--prm", HOLES, "--kind", "all,index_consumption", *days).code == 0
        yield world


def show(world, *words, **settings):
    ended = world.run("show", *words, **settings)
    assert ended.code == 0, ended
    return ended


def stored(world, prm, kind):
    return {key[-10:]: json.loads(day) for key, day in world.redis.days(prm, kind).items()}


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_json_is_a_line_a_day_as_stored_and_names_what_is_missing(filled):
    lines = show(filled, "daily_consumption,curves", "--prm", BOTH, "--prm", HOLES, "--format", "json").out.splitlines()
    given = [json.loads(line) for line in lines]
    there = [line for line, day in zip(lines, given) if day["state"] != "missing"]
    assert sorted(there) == sorted(day.decode() for kind in ("daily_consumption", "consumption_load_curve", "production_load_curve")
                                   for prm in (BOTH, HOLES) for day in filled.redis.days(prm, kind).values())
    # From the first stored day to yesterday, for each series that there is.
    for prm, kinds in ((BOTH, 3), (HOLES, 2)):
        mine = [day for day in given if day["prm"] == prm]
        assert len(mine) == kinds * 40 and {tuple(day) for day in mine if day["state"] == "missing"} == {("prm", "kind", "date", "state")}


def test_a_range_that_is_named_is_shown_whole(filled):
    days = [json.loads(line) for line in show(filled, "daily_consumption", "--prm", BOTH, "--format", "json", "--start",
                                              "2026-10-08", "--end", "2026-10-14").out.splitlines()]
    assert [(day["date"][-2:], day["state"]) for day in days] == [
        ("08", "missing"), ("09", "missing"), ("10", "complete"), ("11", "complete"), ("12", "missing"), ("13", "missing")]


@pytest.mark.parametrize("words, first, end", [
    (("--end", "2010-01-01"), "2016-11-19", "2010-01-01"), (("--start", TODAY), TODAY, TODAY),
    (("--start", "2026-10-09", "--end", "2026-10-08"), "2026-10-09", "2026-10-08")])
def test_a_range_without_a_day_is_refused_with_both_its_ends(filled, words, first, end):
    ended = filled.run("show", "--prm", BOTH, *words)
    assert ended.code == 2 and f"no day lies from {first} on and before {end}: " in ended.err, ended


def test_a_column_without_a_list_is_refused_as_everywhere(filled):
    for command in ("show", "export"):
        ended = filled.run(command, "--prm", BOTH, "--column", "id")
        assert ended.code == 2 and ended.out == "" and "there is no --prms" in ended.err, ended


def test_csv_has_a_row_a_value_and_a_row_for_a_day_without(filled):
    rows = rows_of(show(filled, "curves", "--prm", BOTH, "--prm", HOLES, *DAYS, "--format", "csv").out)
    assert list(rows[0]) == ["prm", "kind", "start", "minutes", "value_w", "state"]
    for prm, kind in ((BOTH, "consumption_load_curve"), (BOTH, "production_load_curve"), (HOLES, "consumption_load_curve")):
        mine, days = [row for row in rows if (row["prm"], row["kind"]) == (prm, kind)], stored(filled, prm, kind)
        for date, day in days.items():
            if date < DAYS[1]:
                continue
            own = [row for row in mine if row["start"].startswith(date)]
            assert {row["state"] for row in own} == {day["state"]}
            if "values" in day:
                assert [row["value_w"] for row in own] == [str(value) for value in day["values"]]
            else:
                assert [(row["minutes"], row["value_w"]) for row in own] == [("1440", "")]
    long_day = [row["start"] for row in rows if row["prm"] == BOTH and row["start"].startswith("2026-10-25T02")]
    assert long_day[:4] == [f"2026-10-25T02:{minute}:00+0{offset}:00" for offset in (2, 1) for minute in ("00", "30")]


def test_csv_of_daily_kinds_has_the_length_of_the_day(filled):
    rows = rows_of(show(filled, "daily_consumption,daily_production", "--prm", BOTH, "--prm", HOLES, *DAYS, "--format", "csv").out)
    assert len(rows) == 3 * 10 and {(row["start"][:10], row["minutes"]) for row in rows if row["minutes"] != "1440"} == {("2026-10-25", "1500")}
    values = {(row["prm"], row["start"][:10]): row["value_wh"] for row in rows if row["kind"] == "daily_consumption"}
    assert values[BOTH, "2026-10-20"] == str(stored(filled, BOTH, "daily_consumption")["2026-10-20"]["value"])
    peaks = rows_of(show(filled, "daily_consumption_max_power", "--prm", BOTH, *DAYS, "--format", "csv").out)
    assert all(row["at"].startswith(row["start"][:10]) and int(row["value_va"]) > 0 for row in peaks)


def test_an_empty_csv_has_its_header():
    with World() as world:
        ended = show(world, "curves", "--prm", CLIENT_0, "--format", "csv")
        assert ended.out == "prm,kind,start,minutes,value_w,state\n" and ended.err.count("nothing is stored of these days") == 2


def test_of_many_usage_points_without_days_the_first_are_named():
    with World() as world:
        prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(30)))
        ended = show(world, "daily_consumption", "--prms", prms)
        assert ended.err.count("nothing is stored of these days") == 20
        assert ended.err.endswith("releve: (and of 10 more usage points and kinds nothing is stored)\n"), ended


def test_kinds_that_usage_points_lack_are_one_line_for_all_of_them():
    with World("--population", "30") as world:
        prms = world.write("prms", "".join(f"{FIRST_PRM + i}\n" for i in range(30)))
        kinds = ("--kind", "daily_consumption,daily_production", "--start", "2026-11-01")
        world.run("backfill", "--prms", prms, *kinds)
        ended = world.run("export", "--prms", prms, *kinds, "--out", "archive")
        lines = ended.err.splitlines()
        assert ended.code == 0 and len(lines) == 2 and lines[1].startswith("releve: 30 files in archive, "), ended
        assert lines[0].startswith("releve: of 30 usage points and kinds there is nothing to store, as upstream says"), ended
        one = show(world, "daily_production", "--prm", str(FIRST_PRM))
        assert "nothing is stored of these days: there is no daily_production" in one.err


# --- pictures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [60, 80, 132])
@pytest.mark.parametrize("kind", ["daily_consumption", "daily_consumption_max_power", "consumption_load_curve", "index_consumption"])
def test_a_picture_fits_the_terminal(filled, kind, columns):
    code, text = terminal.run(filled, "show", kind, "--prm", HOLES, *DAYS, columns=columns)
    lines = text.splitlines()
    assert code == 0 and len(lines) >= 10 and "\x1b[32m" in text
    assert max(map(terminal.width, lines)) <= columns, text
    if kind != "index_consumption":
        assert any(letter in text for letter in "▁▂▃▄▅▆▇█") and sum("hole" in line for line in lines) == 4


@pytest.mark.parametrize("columns", [40, 60, 80, 132])
def test_a_picture_has_a_heading_and_a_curve_its_hours(filled, columns):
    _, text = terminal.run(filled, "show", "consumption_load_curve", "--prm", BOTH, "--start", "2026-10-20", "--end", "2026-10-21", columns=columns)
    heading, line = (terminal.ESCAPE.sub("", line) for line in text.splitlines())
    assert heading.startswith(f"{BOTH}  consumption_load_curve") and terminal.width(heading) <= columns
    picture = re.search("[▁▂▃▄▅▆▇█]+", line)
    hours = {int(match[0]): match.start() for match in re.finditer(r"\b\d{1,2}\b", heading)}
    cells = len(picture[0])
    assert hours == ({hour: picture.start() + cells * hour // 24 for hour in (0, 6, 12, 18)} if cells >= 12 else {})


def test_a_very_narrow_terminal_gets_its_pictures_too(filled):
    code, text = terminal.run(filled, "show", "curves", "--prm", BOTH, *DAYS, columns=20)
    assert code == 0 and sum(letter in "▁▂▃▄▅▆▇█" for letter in text) == 2 * 10 * 6


def test_the_longest_bar_is_that_of_the_highest_value(filled):
    _, text = terminal.run(filled, "show", "daily_consumption", "--prm", BOTH, *DAYS)
    bars = {terminal.ESCAPE.sub("", line)[:10]: line.count("█") for line in text.splitlines()}
    days = stored(filled, BOTH, "daily_consumption")
    values = {date: day["value"] for date, day in days.items() if date in bars}
    assert max(bars.values()) == 80 - 36 and max(bars, key=bars.get) == max(values, key=values.get)
    lengths = [bars[date] for date in sorted(values, key=values.get)]
    assert len(lengths) == 10 and lengths == sorted(lengths) and lengths[0] > 0


def test_a_curve_in_small_has_its_peak_where_the_day_has(filled):
    _, text = terminal.run(filled, "show", "consumption_load_curve", "--prm", BOTH, "--start", "2026-10-21", "--end", "2026-10-22",
                           columns=132)
    spark = [letter for letter in terminal.ESCAPE.sub("", text) if letter in "▁▂▃▄▅▆▇█"]
    values = stored(filled, BOTH, "consumption_load_curve")["2026-10-21"]["values"]
    assert len(spark) == len(values) == 48 and spark.index("█") == values.index(max(values))


@pytest.mark.parametrize("settings", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(filled, settings):
    code, text = terminal.run(filled, "show", "all", "--prm", BOTH, *DAYS, **settings)
    assert code == 0 and "\x1b" not in text and "█" in text


def test_no_letters_beyond_ascii_where_the_locale_has_none(filled):
    plain = show(filled, "daily_consumption,consumption_load_curve", "--prm", BOTH, *DAYS, LC_ALL="C").out
    assert plain.isascii() and "####" in plain
    assert "█" in show(filled, "daily_consumption", "--prm", BOTH, *DAYS, LC_ALL="C.UTF-8").out and "\x1b" not in plain


def test_days_that_are_missing_share_a_line(filled):
    lines = show(filled, "daily_consumption", "--prm", BOTH, "--end", "2026-10-22").out.splitlines()[1:]
    assert [line[:10] for line in lines] == ["2026-10-10", "2026-10-11", "2026-10-12", "2026-10-20", "2026-10-21"]
    assert lines[2] == "2026-10-12 to 2026-10-19  missing"


# --- export -------------------------------------------------------------------------------------------


def test_an_export_has_a_file_for_each_usage_point_and_kind(filled):
    ended = filled.run("export", "--prm", BOTH, "--prm", HOLES, "--kind", "all,index_consumption", "--out", "archive")
    assert ended.code == 0 and ended.out == "" and "releve: 10 files in archive, 120 days\n" in ended.err, ended
    folder = os.path.join(filled.directory.name, "archive")
    series = {(prm, kind) for prm in (BOTH, HOLES) for kind in ("daily_consumption", "consumption_load_curve", "daily_consumption_max_power",
              "daily_production", "production_load_curve", "index_consumption") if stored(filled, prm, kind)}
    assert set(os.listdir(folder)) == {f"{prm}-{kind}.csv" for prm, kind in series}
    for prm, kind in series:
        with open(os.path.join(folder, f"{prm}-{kind}.csv")) as file:
            assert file.read() == show(filled, kind, "--prm", prm, "--format", "csv").out
    filled.run("export", "--prm", BOTH, "--kind", "daily", "--format", "json", "--out", "archive")
    with open(os.path.join(folder, f"{BOTH}-daily_production.ndjson")) as file:
        assert file.read() == show(filled, "daily_production", "--prm", BOTH, "--format", "json").out


def test_one_stream_is_what_show_prints(filled):
    words = ("--prm", BOTH, "--prm", HOLES, *DAYS)
    assert filled.run("export", *words, "--kind", "curves").out == show(filled, "curves", *words, "--format", "csv").out


def test_what_an_export_left_that_was_killed_is_in_nobodys_way(filled):
    folder = os.path.join(filled.directory.name, "again")
    os.mkdir(folder)
    with open(os.path.join(folder, f"{BOTH}-daily_consumption.csv.part"), "w") as file:
        file.write("half of it")
    assert filled.run("export", "--prm", BOTH, "--kind", "daily_consumption", "--out", "again").code == 0
    assert os.listdir(folder) == [f"{BOTH}-daily_consumption.csv"]


def test_days_that_upstream_does_not_keep_any_more_are_brought_out_too():
    """They stay in Redis; no option has to be said for them, and --end may lie among them."""
    with World() as world:
        for date in ("2019-03-04", "2026-11-01"):
            world.redis.command("SET", f"releve:day:{{{CLIENT_0}}}:daily_consumption:{date}", json.dumps(
                {"prm": CLIENT_0, "kind": "daily_consumption", "date": date, "state": "complete", "unit": "Wh", "value": 5}))
        for more, ends in (((), "2026-11-18"), (("--end", "2019-03-06"), "2019-03-05")):
            days = [json.loads(line) for line in show(world, "daily_consumption", "--prm", CLIENT_0, *more, "--format", "json").out.splitlines()]
            assert (days[0]["date"], days[0]["value"], days[-1]["date"]) == ("2019-03-04", 5, ends)


def test_what_could_steer_a_terminal_is_escaped_in_json_and_quoted_in_csv():
    with World() as world:
        day = {"state": "complete", "at": "2026-11-01T00:00:00+01:00", "registers": [
            {"register": 'a,"b"', "calendar": "é", "class": None, "label": "\x7f\u009b2J", "value": 5}]}
        world.redis.command("SET", f"releve:day:{{{CLIENT_0}}}:index_consumption:2026-11-01", json.dumps(day, ensure_ascii=False))
        words = ("index_consumption", "--prm", CLIENT_0, "--end", "2026-11-02")
        text = show(world, *words, "--format", "json").out
        assert json.loads(text) == day and "\x7f" not in text and "\u009b" not in text
        row, = rows_of(show(world, *words, "--format", "csv").out)
        assert (row["register"], row["calendar"], row["class"], row["value_wh"], row["at"]) == ('a,"b"', "é", "", "5", day["at"])
        assert "\u009b" not in show(world, *words).out


@pytest.mark.parametrize("words, says", [
    (("--kind", "all"), "different columns"), (("--format", "pretty"), "say json or csv"),
    (("--kind", "identity"), "a document is no table"), (("--out", "/nowhere/x"), "cannot be made: No such file"),
    (("--out", "/proc/self/status"), "is no directory")])
def test_an_export_that_cannot_be_is_refused_in_one_line(filled, words, says):
    ended = filled.run("export", "--prm", BOTH, *words)
    assert ended.code in (1, 2) and ended.out == "" and says in ended.err and ended.err.count("\n") == 1, ended


def test_a_file_that_cannot_be_finished_is_not_there_under_its_name(filled):
    """The limit of a file's size stands for a full disk."""
    folder = os.path.join(filled.directory.name, "full")
    limited = f"ulimit -f 4; trap '' XFSZ; exec {os.environ['RELEVE_BIN']} export --prm {BOTH} --kind consumption_load_curve --out full"
    env = {**clean_environment(), **{name: value for name, value in filled.settings.items() if value is not None}}
    done = subprocess.run(["bash", "-c", limited], env=env, cwd=filled.directory.name, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "cannot be written: File too large" in done.stderr, done
    assert os.listdir(folder) == []


@pytest.mark.slow
def test_a_million_values_stream_in_the_memory_of_a_few():
    with World("--population", "40", quota="none") as world:
        prms = [str(FIRST_PRM + i) for i in range(40)]
        listed = world.write("prms", "".join(f"{prm}\n" for prm in prms))
        assert world.run("backfill", "--prms", listed, "--kind", "consumption_load_curve", "--concurrency", "64").code == 0

        def peak_kb(*words):
            running = world.start("show", "consumption_load_curve", *words, "--format", "csv")
            return running.watch_memory(), running.end().out.count("\n")

        (few_kb, few), (many_kb, many) = peak_kb("--prm", prms[0]), peak_kb("--prms", listed)
        assert few < 40000 and many > 1000000
        if not is_sanitized():
            assert many_kb < few_kb + 1024
