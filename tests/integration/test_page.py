"""The page of releve serve in a real browser, against a simulator, a worker and a backfill: what it shows, in both
languages and themes and at two widths; with the keyboard; when something is away; and that it breaks by nothing that
stands in Redis. With RELEVE_SCREENSHOTS=docs/pictures it writes the pictures of docs/page.md."""
import base64
import json
import os
import pathlib
import re
import signal

import browser as browsers
import node
import pytest
from jobs import Results, message, prm_of, push, start_worker
from server import free_port
from test_serve import Served
from world import TODAY, World, is_sanitized

pytestmark = [pytest.mark.slow, pytest.mark.skipif(is_sanitized(), reason="it runs in one build: most of it is no C"),
              pytest.mark.skipif(browsers.lacking() != "", reason=f"no browser: {browsers.lacking()}")]

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT_0, HOLES, BOTH, REVOKED = "22516914714270", "42900589957123", "12655648759651", "26584978546985"
CURVE, DAILY, PEAKS = "consumption_load_curve", "daily_consumption", "daily_consumption_max_power"
START = "2026-03-01"  # there is a day of 23 hours and one of 25 since then
NEVER_MS = "60000"  # an answer that does not come in time
PICTURES = os.environ.get("RELEVE_SCREENSHOTS")
HOUR_LIMIT = 2000
HOUR_GAUGE = f'[role="meter"][aria-valuemax="{HOUR_LIMIT}"]'
SLOT_S = 600


class Page:
    """A browser, and what it looks at."""

    def __init__(self, world, served, most, browser, axe):
        self.world, self.served, self.most, self.browser, self.axe = world, served, most, browser, axe

    def open(self, route="#/", served=None):
        self.browser.open(f"http://127.0.0.1:{(served or self.served).port}/{route}")

    def check(self):
        """What holds on each page: no sideways scrolling, nothing of another host, no complaint of the browser."""
        wide, narrow = self.browser.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= narrow
        asked = self.browser.run("return performance.getEntriesByType('resource').map(one => one.name)")
        assert asked and [url for url in asked if not url.startswith(f"http://127.0.0.1:{self.served.port}/")] == []
        assert self.browser.complaints() == []

    def check_with_axe(self):
        """Has no serious finding; and what holds on each page."""
        run = "const done = arguments[0]; axe.run({resultTypes: ['violations']}).then(found => done(found.violations))"
        self.browser.run(self.axe)
        found = [(one["id"], one["impact"], [node["html"][:200] for node in one["nodes"]][:3])
                 for one in self.browser.driver.execute_async_script(run) if one["impact"] in ("serious", "critical")]
        assert found == []
        self.check()

    def picture(self, name, most=2400):
        """The page from its top, so high at most."""
        if PICTURES is None:
            return
        self.browser.run("document.activeElement.blur(); scrollTo(0, 0); document.querySelector('footer').hidden = true")
        width, height = self.browser.run("return [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        shot = self.browser.driver.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": min(height, most), "scale": 1}})
        folder = ROOT / PICTURES
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def rows_of(self, details):
        """The rows of the table behind a chart: [[cell, …], …]"""
        self.browser.run("arguments[0].open = true", self.browser.find(details))
        self.browser.find(f"{details} tbody tr")
        return self.browser.run("return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map(row => "
                                "[...row.cells].map(cell => cell.innerText))", details)

    def labels(self):
        """The words below a chart, in their order."""
        return self.browser.run("return [...document.querySelectorAll('.chart text')].map(text => text.textContent)")


def write_history(redis):
    """A night's work within the last day, which none of the processes here was there for. Returns how full the window of an
    hour was at most, in percent."""
    granted = next(name for name in (field.decode() for field in redis.command("HKEYS", "{releve}:history"))
                   if ":granted:mesure_synchrone_auto" in name).split(":", 1)[1]
    first = int(redis.command("TIME")[0]) // SLOT_S - 100
    permits = [40 + 7 * i % 60 + 240 * (i in range(12, 18)) for i in range(40)]
    for slot, count in enumerate(permits, first):
        redis.command("HSET", "{releve}:history", f"{slot}:{granted}", count, f"{slot}:jobs:done", count // 20,
                      f"{slot}:jobs:not_applicable", count // 100)
    return round(100 * max(sum(permits[i:i + 6]) for i in range(35)) / HOUR_LIMIT)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = node.install(ROOT / "tests/page/package.json", tmp_path_factory.mktemp("axe"))
    axe = (folder / "node_modules/axe-core/axe.min.js").read_text()
    with World("--population", "12", quota=f"100/1s,{HOUR_LIMIT}/1h") as world, Results(world.redis) as results:
        served, worker = Served(world), start_worker(world, "metering")
        push(world.redis, *(message(prm, kind="all", start=START) for prm in (CLIENT_0, HOLES, BOTH)),
             message(REVOKED, start=START), *(message(prm_of(i), start=START) for i in range(10)))
        browser = browsers.Browser()
        results.take(26)
        worker.wait_until(lambda: b"granted" in b" ".join(world.redis.command("HKEYS", "{releve}:history")))
        most = write_history(world.redis)
        try:
            yield Page(world, served, most, browser, axe)
        finally:
            browser.close()
            worker.signal(signal.SIGKILL)
        served.end()


def test_the_gauge_moves_while_a_worker_and_a_backfill_fetch(page):
    look = page.browser
    look.look_as()
    page.open()
    before = int(look.find(HOUR_GAUGE).get_attribute("aria-valuenow"))
    assert before > 100
    look.until_said("All is well: ", "h1")  # who has revoked a consent is no alarm
    look.until_said("1 usage point is refused by upstream.", ".findings")
    look.until_said("<1%", ".quota")  # 1 of 2000
    page.world.sandbox.control(latency=NEVER_MS)
    backfill = page.world.start("backfill", "--prm", prm_of(10), "--prm", prm_of(11), "--kind", PEAKS)
    try:
        push(page.world.redis, *(message(prm_of(i), kind=CURVE, start="2026-10-01") for i in range(3)))
        look.until(lambda: int(look.find(HOUR_GAUGE).get_attribute("aria-valuenow")) > before, "a gauge that moves")
        look.until_said("backfill", "#workers + .scroll")
        look.until(lambda: re.search(r"metering\.\w+.*\t3\t", look.text("#workers + .scroll"), re.DOTALL), "a worker with 3 jobs")
        assert f" {page.most}% at most" in look.find(f".window:has({HOUR_GAUGE}) .plot").get_attribute("aria-label")
        assert re.search(f"{REVOKED}\trefused\t.* has not given consent", look.text(".failures"))
        page.check()
        page.picture("overview")
    finally:
        backfill.signal(signal.SIGKILL)
        page.world.sandbox.control(latency="0")


@pytest.mark.parametrize("language, theme, width", [
    ("en-GB", "light", 1400), ("en-GB", "dark", 390), ("fr-FR", "light", 390), ("fr-FR", "dark", 1400)])
def test_a_usage_point_is_found_and_its_day_of_25_hours_opened(page, language, theme, width):
    look, french = page.browser, language == "fr-FR"
    look.look_as(language, theme, width)
    page.open()
    look.find(".gauge")
    look.find("table.failures")
    page.check_with_axe()
    assert look.run("return document.documentElement.lang") == language
    assert (look.run("return getComputedStyle(document.documentElement).backgroundColor") == "rgb(20, 23, 27)") == (theme == "dark")

    look.find('nav a[href="#/points"]').click()
    look.until(lambda: look.run("return document.activeElement.localName") == "h1", "the focus on the heading")
    look.until_said("1 à 10 sur 14 points de livraison" if french else "1 to 10 of 14 usage points")
    page.check_with_axe()
    if (theme, width) == ("light", 1400):
        page.picture("points", 1000)
    look.find("#search").send_keys(CLIENT_0[3:9])
    look.until_said("1 sur 1 point de livraison" if french else "1 of 1 usage point", ".count")
    look.until(lambda: len(look.all(".point")) == 1, "one usage point")
    look.find(".point h2 a").click()
    look.until_said(f"Point de livraison {CLIENT_0}" if french else f"Usage point {CLIENT_0}", "h1")

    look.find(f'.kinds-nav a[href$="/{CURVE}"]').click()
    look.until(lambda: len(look.all(".cell")) == 745, "a calendar of 24 months and 15 days")
    look.until(lambda: look.all(f'.cell[tabindex="0"][data-day="2026-11-18"]'), "a calendar that begins with the newest day")
    look.run("document.querySelector('.cell[tabindex=\"0\"]').focus()")
    look.press("ARROW_UP", "ARROW_UP", "ARROW_UP", "ARROW_LEFT", "ARROW_LEFT", "ARROW_LEFT")
    assert look.focused("data-day") == "2026-10-25"
    assert look.focused("aria-label") == ("dimanche 25 octobre 2026\u00a0: complet" if french else "Sunday, 25 October 2026: complete")
    look.press("ENTER")
    look.until_said("25 heures" if french else "25 hours", "#chart")
    said = "return document.getElementById('said').textContent"
    look.until(lambda: ("25 heures" if french else "25 hours") in look.run(said), "that it is said")
    assert look.focused("data-day") == "2026-10-25", "arrows go on from the day that was chosen"
    rows = page.rows_of(".values-section .as-table")
    summer, winter = ("été", "hiver") if french else ("CEST", "CET")
    assert len(rows) == 50
    assert [row[0] for row in rows[3:9]] == ["01:30", f"02:00 {summer}", f"02:30 {summer}", f"02:00 {winter}", f"02:30 {winter}", "03:00"]
    stored = json.loads(page.world.redis.command("GET", f"releve:day:{{{CLIENT_0}}}:{CURVE}:2026-10-25"))
    assert [int(row[2]) for row in rows] == stored["values"]
    words = page.labels()
    assert words.index(summer) < words.index(winter) and words.count(summer) == words.count(winter) == 1
    look.run("document.querySelector('.values-section .as-table').open = false")
    page.check_with_axe()
    if not french:
        page.picture("day" if width == 1400 else "phone")


def test_a_day_of_23_hours_has_no_hour_from_2_to_3(page):
    look = page.browser
    look.look_as()
    page.open(f"#/points/{CLIENT_0}/{CURVE}/day/2026-03-29")
    look.until_said("Sunday, 29 March 2026, 23 hours", "#chart")
    look.until(lambda: look.run("return document.querySelector('.values-section').ariaBusy") == "false", "its values")
    rows = page.rows_of(".values-section .as-table")
    assert len(rows) == 46 and [row[0] for row in rows[3:5]] == ["01:30", "03:00"]
    assert "2 h" not in page.labels() and "1 h" in page.labels() and "3 h" in page.labels()
    look.find('.spans a[href*="/week/"]').click()
    look.until_said("23 – 29 March 2026", "#chart")
    look.until(lambda: len(page.rows_of(".values-section .as-table")) == 7 * 48 - 2, "a week that lacks an hour")
    look.find('.steps a[rel="next"]').click()
    look.until_said("30 March – 5 April 2026", "#chart")
    look.until(lambda: len(page.rows_of(".values-section .as-table")) == 7 * 48, "the week after it")
    assert page.browser.complaints() == []


def test_holes_are_drawn_as_holes_and_said(page):
    """This client has none on Tuesdays and Wednesdays; the latest may still come."""
    look = page.browser
    look.look_as("fr-FR", "dark", 1400)
    page.open(f"#/points/{HOLES}/{DAILY}/month/2026-10-14")
    look.until_said("Octobre 2026", "#chart")
    look.until(lambda: len(look.all(".band.hole")) == 4 and len(look.all(".bar")) == 23, "four pairs of holes")
    assert look.find('.cell[data-day="2026-10-13"]').get_attribute("aria-label") == "mardi 13 octobre 2026\u00a0: trou\u00a0: Enedis n’a rien"
    rows = page.rows_of(".values-section .as-table")
    assert rows[0][0] == "jeudi 1er octobre 2026"
    assert len(rows) == 31 and rows[12][1:] == ["–", "trou\u00a0: Enedis n’a rien"] and rows[11][2] == "complet"
    look.run("document.querySelector('.values-section .as-table').open = false")
    page.picture("month")
    page.open(f"#/points/{HOLES}/{DAILY}/week/{TODAY}")
    look.until(lambda: len(look.all(".band.pending")) == 1 and len(look.all(".band.future")) == 1, "days that are not there yet")
    page.check()


def curve_day(prm, date, state, **values):
    return json.dumps({"prm": prm, "kind": CURVE, "date": date, "state": state, "unit": "W", **values, "source": "2026",
                       "fetched_at": f"{date}T20:00:00Z"}, separators=(",", ":"))


def test_a_gap_and_a_change_of_interval_are_drawn_where_they_are(page):
    """Two hours of a day lack, and another has half-hours until noon and then ten minutes."""
    look, redis, prm = page.browser, page.world.redis, prm_of(9)
    half_hours, short = [[30 * i, 30, 100] for i in range(24)], [[720 + 10 * i, 10, 300] for i in range(72)]
    redis.command("SET", f"releve:day:{{{prm}}}:{CURVE}:2026-11-10",
                  curve_day(prm, "2026-11-10", "partial", interval="PT30M", values=[200] * 10 + [None] * 4 + [400] * 34))
    redis.command("SET", f"releve:day:{{{prm}}}:{CURVE}:2026-11-11", curve_day(prm, "2026-11-11", "complete", points=half_hours + short))
    look.look_as()
    page.open(f"#/points/{prm}/{CURVE}/day/2026-11-10")
    gap = look.find(".band.gap rect")
    left, width, whole = (float(value) for value in (gap.get_attribute("x"), gap.get_attribute("width"), look.find(".chart svg").get_attribute("width")))
    axis = whole - 58  # less its margins
    assert abs(left - (46 + axis * 10 / 48)) < 1 and abs(width - axis * 4 / 48) < 1
    assert look.find(".chart .line").get_attribute("d").count("M") == 2, "a line on each side of the gap"
    look.until_said("no value", ".values-section .legend")
    assert [row[2] for row in page.rows_of(".values-section .as-table")][9:15] == ["200", *["no value"] * 4, "400"]
    look.find('.steps a[rel="next"]').click()
    look.until(lambda: len(page.rows_of(".values-section .as-table")) == 24 + 72, "the day after it")
    assert page.rows_of(".values-section .as-table")[23:26] == [["11:30", "12:00", "100"], ["12:00", "12:10", "300"], ["12:10", "12:20", "300"]]
    assert look.all(".band.gap") == [] and look.find(".chart .line").get_attribute("d").count("M") == 1
    label = look.find('.cell[data-day="2026-11-10"]').get_attribute("aria-label")
    assert label == "Tuesday, 10 November 2026: partial", label


def point_at(look, element, share, touch=False):
    """The pointer, or a finger, on a chart, so far from its left."""
    from selenium.webdriver.common.actions.action_builder import ActionBuilder
    from selenium.webdriver.common.actions.pointer_input import PointerInput
    look.run("arguments[0].scrollIntoView({ block: 'center' })", element)
    pointer = PointerInput("touch" if touch else "mouse", "finger" if touch else "mouse")
    actions = ActionBuilder(look.driver, mouse=pointer)
    pointer.create_pointer_move(duration=0, x=round(element.rect["width"] * (share - 0.5)), y=0, origin=element)
    if touch:
        pointer.create_pointer_down(button=0)
        pointer.create_pointer_up(button=0)
    actions.perform()


def test_the_value_under_the_pointer_is_said(page):
    look = page.browser
    look.look_as()

    def within(share):
        """Of a chart with a scale at its left."""
        width = look.find(".chart svg").rect["width"]
        return (46 + share * (width - 58)) / width

    page.open(f"#/points/{HOLES}/{DAILY}/month/2026-10-14")
    look.until(lambda: len(look.all(".bar")) == 23, "a month")
    stored = json.loads(page.world.redis.command("GET", f"releve:day:{{{HOLES}}}:{DAILY}:2026-10-15"))
    point_at(look, look.find(".chart svg"), within(14.5 / 31))
    said = look.until(lambda: re.match(r"Thu 15 Oct: ([\d.]+)\u00a0kWh$", look.text("#pointed")), "the value of a day")
    assert abs(float(said[1]) - stored["value"] / 1000) < 0.01
    point_at(look, look.find(".chart svg"), within(12.5 / 31))
    look.until_said("Tue 13 Oct: hole", "#pointed")
    point_at(look, look.find("h1"), 0.5)
    look.until(lambda: look.all("#pointed[hidden]"), "nothing that is pointed at")
    page.open(f"#/points/{CLIENT_0}/{CURVE}/day/2026-10-20")
    look.find(".chart .line")
    stored = json.loads(page.world.redis.command("GET", f"releve:day:{{{CLIENT_0}}}:{CURVE}:2026-10-20"))
    point_at(look, look.find(".chart svg"), within(24.5 / 48), touch=True)
    look.until_said(f"12:00 – 12:30: {stored['values'][24]:,}\u00a0W", "#pointed")
    page.open()
    point_at(look, look.find(".wide .plot"), 0.5)
    look.until(lambda: re.match(r"\d\d:\d\d – \d\d:\d\d: \d+ done", look.text("#pointed")), "the jobs of an hour")
    page.check()


def test_maximum_power_is_in_kva_and_says_when(page):
    look = page.browser
    look.look_as()
    page.open(f"#/points/{CLIENT_0}/{PEAKS}/month/2026-10-01")
    look.until(lambda: len(look.all(".peak")) == 31, "a dot a day")
    stored = json.loads(page.world.redis.command("GET", f"releve:day:{{{CLIENT_0}}}:{PEAKS}:2026-10-25"))
    row = page.rows_of(".values-section .as-table")[24]
    assert row == ["Sunday, 25 October 2026", str(stored["value"]), stored["at"][11:16], "complete"]
    assert "kVA" in page.labels()
    assert re.match(r"[\d.]+\u00a0kVA [\d.]+\u00a0kVA, complete ", look.text(".values-scale")), "the scale of the colours"


def test_a_year_is_typed_digit_by_digit_and_the_page_goes_there_once(page):
    look = page.browser
    look.look_as()
    page.open(f"#/points/{CLIENT_0}/{DAILY}/month/2026-10-14")
    look.until_said("October 2026", "#chart")
    entries = look.run("return history.length")
    look.run("document.querySelector('.pick input').focus()")
    look.press("ARROW_RIGHT", "ARROW_RIGHT", *"2025")
    look.until_said("October 2025", "#chart")
    assert look.run("return [location.hash.slice(-10), history.length]") == ["2025-10-14", entries + 1]
    look.press(*"2024")  # goes on: what was typed before was on the way
    look.until_said("October 2024", "#chart")
    assert look.run("return [location.hash.slice(-10), history.length]") == ["2024-10-14", entries + 1]
    look.press("BACKSPACE")
    assert look.run("return [document.querySelector('.pick input').value, location.hash.slice(-10)]") == ["", "2024-10-14"]
    look.find("#chart").click()
    shown = "return document.querySelector('.pick input').value"
    assert look.run(shown) == "2024-10-14", "what was not finished is forgotten"
    look.find('.steps a[rel="next"]').click()
    look.until_said("November 2024", "#chart")
    assert look.run(shown) == "2024-11-01", "the field follows, also after it was typed into"
    look.run("history.back()")
    look.until_said("October 2024", "#chart")
    look.run("history.back()")
    look.until(lambda: look.run("return location.hash").endswith("2026-10-14"), "the day before anything was typed")
    page.check()


def test_a_day_far_away_in_the_address_is_the_nearest_one_that_upstream_serves(page):
    look = page.browser
    look.look_as()
    page.open(f"#/points/{CLIENT_0}")
    for route, title in ((f"{DAILY}/month/2100-01-01", "November 2026"), (f"{DAILY}/year/9999-12-31", "2026"),
                         (f"{DAILY}/month/0001-01-01", "November 2023"), (f"{CURVE}/day/9999-12-31", "Thursday, 19 November 2026"),
                         (f"{CURVE}/week/0000-01-01", "4 – 10 November 2024")):
        look.run("location.hash = arguments[0]", f"#/points/{CLIENT_0}/{route}")
        look.until(lambda: look.text("#chart") == title, title)
        look.until(lambda: look.run("return document.querySelector('.values-section').ariaBusy") == "false", "its values")
        if route.startswith(DAILY):
            assert "kWh" in look.find('.cell[data-day="2026-10-14"]').get_attribute("aria-label"), "the calendar has its values"
    assert look.run("return performance.getEntriesByType('resource').filter(one => one.responseStatus >= 400).map(one => one.name)") == []
    page.check()


@pytest.mark.parametrize("language, lacks, refused", [
    ("en-GB", "This usage point has none of it, as upstream says since", "Daily consumption is refused since"),
    ("fr-FR", "Ce point n’en a pas, selon Enedis depuis le", "Consommation quotidienne\u00a0: refus depuis le")])
def test_a_kind_that_there_is_not_has_no_calendar_but_a_sentence(page, language, lacks, refused):
    look = page.browser
    look.look_as(language)
    for prm, kind, words in ((CLIENT_0, "daily_production", lacks), (REVOKED, DAILY, refused)):
        page.open(f"#/points/{prm}/{kind}")
        look.until_said(words, ".calendar")
        assert not look.all(".cell") and not look.all("#chart")
        assert "111" not in look.text(".kind.here .days")
        page.check()


def test_a_usage_point_that_nothing_is_known_of_is_said_to_be_none_of_ours(page):
    look = page.browser
    look.look_as()
    for route in ("#/points/11111111111111", f"#/points/11111111111111/{CURVE}"):
        page.open(route)
        look.until_said("Redis knows nothing of this usage point.")
        assert not look.all(".cell") and not look.all(".kind") and not look.all("#chart")
    page.check()


def test_an_address_that_is_none_is_said_to_be_none(page):
    look = page.browser
    look.look_as()
    page.open()
    look.find(".gauge")
    for route, words in (("#/points/123", "“123” is no usage point: its number has 14 digits."),
                         ("#/nothing", "“nothing” is no address of this page."),
                         (f"#/points/{CLIENT_0}/nothing", "is no address of this page."),
                         (f"#/points/{CLIENT_0}/{DAILY}/month/2026-02-30", "is no address of this page."),
                         (f"#/points/{CLIENT_0}/{DAILY}/x/2026-02-20", "is no address of this page.")):
        look.run("location.hash = arguments[0]", route)
        look.until_said(words)
        assert look.text("h1") == "There is no such page" and look.focused("tabindex") == "-1"
    page.check()


def test_the_list_goes_on_and_back(page):
    look = page.browser
    look.look_as()
    page.open("#/points")
    look.find('.pager a[rel="next"]').click()
    look.until_said("11 to 14 of 14 usage points", ".count")
    look.until(lambda: look.run("return document.activeElement.localName") == "h1", "the focus on the heading")
    assert not look.all('.pager a[rel="next"]')
    look.find('.pager a[rel="prev"]').click()
    look.until_said("1 to 10 of 14 usage points", ".count")
    look.find("#search").send_keys("999999")
    look.until_said("No usage point has these digits.", ".count")


def test_the_list_is_asked_for_again_when_it_is_seen_again(page):
    look, redis, prm = page.browser, page.world.redis, prm_of(5)
    look.look_as(height=500)
    page.open("#/points")
    look.until_said("1 to 10 of 14 usage points", ".count")
    look.run("scrollTo(0, 200); document.querySelector('.point h2 a').focus({ preventScroll: true })")
    focused = look.focused("href")
    day = f"releve:day:{{{prm}}}:{CURVE}:2026-11-10"
    redis.command("SET", day, curve_day(prm, "2026-11-10", "complete", interval="PT30M", values=[200] * 48))
    try:
        item = f'.point[data-key="{prm}"]'
        assert "1 of 745 days" not in look.text(item)

        def is_seen():
            look.run("document.dispatchEvent(new Event('visibilitychange'))")  # as when its tab is chosen again
            return "1 of 745 days" in look.text(item)
        look.until(is_seen, "the day that was stored meanwhile")
        assert look.focused("href") == focused and look.run("return scrollY") == 200
    finally:
        redis.command("DEL", day)
    page.check()


def test_the_keyboard_gets_everywhere(page):
    look = page.browser
    look.look_as(width=390)
    page.open("#/")
    look.find(".gauge")
    look.press("TAB")
    assert look.focused("id") == "skip"
    look.press("ENTER")
    assert look.focused("id") == "main"
    page.open(f"#/points/{CLIENT_0}/{DAILY}")
    look.until(lambda: look.all('.cell[tabindex="0"]'), "a calendar")
    assert len(look.all('.cell[tabindex="0"]')) == 1, "one stop for Tab"
    look.run("document.querySelector('.cell[tabindex=\"0\"]').focus()")
    for keys, day in ((["HOME"], "2026-11-16"), (["PAGE_UP"], "2026-10-01"), (["ARROW_DOWN"], "2026-10-02"), (["END"], "2026-10-04"),
                      (["ARROW_RIGHT"], "2026-10-11"), (["PAGE_DOWN"], "2026-11-01")):
        look.press(*keys)
        assert look.focused("data-day") == day, keys


def failed(prm, error):
    return json.dumps({"id": prm, "state": "failed", "prm": prm, "kind": DAILY, "error": error})


@pytest.mark.parametrize("language, errors, headline, below", [
    ("en-GB", ["500: HTTP 500", "403: HTTP 403: an error that no table has"], "2 usage points failed in the last 24 hours.",
     "1 usage point is refused by upstream."),
    ("en-GB", ["ADAM-ERR0069: x"] * 9 + ["500: HTTP 500"] * 2, "At least 2 usage points failed in the last 24 hours.",
     "At least 8 usage points are refused by upstream."),
    ("fr-FR", ["ADAM-DC-0007: x"] * 10 + ["403: the customer has not given consent, or has revoked it"],
     "2 tâches de plus que celles nommées ici ont échoué ou ont été refusées.", "Au moins 10 points de livraison sont refusés par Enedis.")])
def test_the_headline_is_of_failures_and_refusals_are_said_below(page, language, errors, headline, below):
    look, redis = page.browser, page.world.redis
    added = [redis.command("XADD", "{releve}:results", "*", "json", failed(prm_of(i), error)) for i, error in enumerate(errors)]
    try:
        look.look_as(language)
        page.open()
        look.until_said(headline, "h1")
        look.until_said(below, ".findings")
        page.check()
    finally:
        redis.command("XDEL", "{releve}:results", *added)


def test_it_says_whose_figures_they_are_and_where_they_are_of_another_upstream(page):
    look, world = page.browser, page.world
    look.look_as()
    page.open("#/points")
    look.until_said(f"Redis {json.loads(page.served.ask('/v1/status')[2])['redis']}, prefix releve", "#foot")
    assert look.all("#mismatch[hidden]")
    other = Served(world, RELEVE_UPSTREAM="http://127.0.0.1:1")
    for route in ("#/", "#/points", f"#/points/{CLIENT_0}"):
        page.open(route, other)
        look.until_said("http://127.0.0.1:1", "#mismatch")
    other.end()
    for language, words, asks in (
            ("en-GB", "Nothing has been done here yet: under the prefix “elsewhere”", "Nothing asks upstream just now"),
            ("fr-FR", "Rien n’a encore été fait ici", "Rien n’interroge Enedis")):
        look.look_as(language)
        new = Served(world, RELEVE_PREFIX="elsewhere")
        page.open(served=new)
        look.until_said(words, "h1")
        look.until_said(asks, 'section[aria-labelledby="upstream"]')
        new.end()
    look.complaints()  # of the servers that ended


def test_it_says_since_when_its_figures_are_old_while_redis_is_away(page):
    look = page.browser
    look.look_as()
    page.open()
    look.find(".gauge")
    assert look.all("#trouble:not([hidden])") == []
    page.world.redis.partition()
    try:
        look.until_said("Redis has not answered since", "#trouble")
        assert re.search(r"The figures are those of \d\d:\d\d:\d\d\.", look.text("#trouble"))
        assert re.search(r"At \d\d:\d\d: All is well", look.text("h1"))
        assert "Redis has not answered" in look.run("return document.getElementById('said').textContent")
        page.open()
        look.until_said("Redis does not answer.", "#trouble")
        assert look.text("#trouble") == "Redis does not answer. The page tries again by itself."
        assert look.text(".link-state") == "no figures"
    finally:
        page.world.redis.heal()
    look.until(lambda: look.all("#trouble[hidden]"), "an end of the trouble")
    look.until_said("live", ".link-state")
    look.complaints()  # of what Redis did not answer


def test_it_says_that_redis_does_not_serve_who_works_and_why(page):
    """As a process says it of itself: the page can read Redis all the same."""
    look, redis = page.browser, page.world.redis
    why = "no replica acknowledges <b>"
    pulse = json.dumps({"command": "get", "host": "stalled", "redis_away_ms": 61000, "redis_why": why})
    redis.command("HSET", "{releve}:pulses", "get.stalled", f'{int(redis.command("TIME")[0]) + 20}000 {pulse}')
    try:
        for language, words in (("en-GB", "processes Redis has not served for 1 min"), ("fr-FR", "Redis ne sert plus depuis")):
            look.look_as(language)
            page.open()
            look.until_said(why, 'section[aria-labelledby="workers"]')
            assert words in look.text(".overview"), look.text(".overview")
        page.check()
    finally:
        redis.command("HDEL", "{releve}:pulses", "get.stalled")


def test_a_worker_that_has_not_begun_is_shown_with_what_it_waits_for(page):
    look, redis = page.browser, page.world.redis
    pulse = json.dumps({"command": "worker", "starting": True, "redis_away_ms": 61000, "redis_why": "no replica acknowledges"})
    redis.command("HSET", "{releve}:pulses", "early.123456", f'{int(redis.command("TIME")[0]) + 20}000 {pulse}')
    try:
        for language, words in (("en-GB", "has not begun"), ("fr-FR", "n’a pas commencé")):
            look.look_as(language)
            page.open()
            look.until_said("early.123456", 'section[aria-labelledby="workers"]')
            said = look.text('section[aria-labelledby="workers"]')
            assert words in said and "no replica acknowledges" in said, said
        page.check()
    finally:
        redis.command("HDEL", "{releve}:pulses", "early.123456")


def test_it_says_so_when_the_server_is_gone_and_comes_back_with_it(page):
    look, port = page.browser, free_port()
    look.look_as("fr-FR")
    listen = ("--listen", f"127.0.0.1:{port}")
    served = Served(page.world, *listen)
    page.open(served=served)
    look.find(".gauge")
    served.end()
    look.until_said("La connexion au serveur est perdue depuis", "#trouble")
    served = Served(page.world, *listen)
    look.until(lambda: look.all("#trouble[hidden]"), "an end of the trouble")
    look.until_said("en direct", ".link-state")
    page.open(served=page.served)
    served.end()
    look.complaints()  # of the server that was not there


def test_what_anybody_writes_into_redis_is_shown_as_text_and_breaks_nothing(page):
    look, redis, prm = page.browser, page.world.redis, prm_of(9)
    markup = "<img src=x onerror=document.title=1>"
    result = {"id": "x", "state": "failed", "prm": prm, "kind": markup, "error": f"X: {markup}", "finished_at": [markup]}
    added = redis.command("XADD", "{releve}:results", "*", "json", json.dumps(result))
    for day, text in (("2026-11-02", "no JSON"), ("2026-11-03", "[]"), ("2026-11-04", '{"date":"2026-11-04","state":7,"value":"<b>"}'),
                      ("2026-11-05", json.dumps({"date": "2026-11-05", "state": "complete", "unit": "Wh", "value": -1e300}))):
        redis.command("SET", f"releve:day:{{{prm}}}:{DAILY}:{day}", text)
    try:
        look.look_as()
        page.open()
        look.until_said(f"X: {markup}", ".failures")
        page.check()
        page.open(f"#/points/{prm}/{DAILY}/month/2026-11-01")
        look.until(lambda: len(look.all(".bar")) >= 10, "the days that are days")
        look.until_said("cannot be read", ".values-section .legend")
        page.check_with_axe()
        for route in ("#/nothing", "#/points/1", f"#/points/{prm}/nothing/x/y", f"#/points/{prm}/{DAILY}/day/2026-02-30", "#/points?search=<b>&after=x"):
            page.open(route)
            look.find("h1")
            assert look.complaints() == [], route
    finally:
        redis.command("XDEL", "{releve}:results", added)
