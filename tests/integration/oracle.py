"""What Redis must hold, worked out a second time: from the simulator's raw answers, with Python's own time zones, by
other rules than the program's (asks oldest first, in windows of its own; finds an activation by bisection)."""
import collections
import datetime
import functools
import http.client
import json
import re
import urllib.parse
import zoneinfo

from sandbox import CURVES, REGISTERS, V2026, V5

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)
UNITS = {"daily_consumption": "Wh", "consumption_load_curve": "W", "daily_consumption_max_power": "VA",
         "daily_production": "Wh", "production_load_curve": "W", "index_consumption": "Wh", "index_production": "Wh"}
RECENT_DAYS = 15
FETCHED_AT = re.compile(rb'"fetched_at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"\}$')


# --- time ------------------------------------------------------------------------------------------


def date(text):
    return datetime.date.fromisoformat(text)


@functools.cache
def midnight(day):
    """The POSIX time at which that day begins in Paris."""
    return int(datetime.datetime.combine(day, datetime.time(), PARIS).timestamp())


@functools.cache
def day_minutes(day):
    return (midnight(day + DAY) - midnight(day)) // 60


@functools.cache
def instants(stamp):
    """The POSIX times at which a clock in Paris shows "YYYY-MM-DD HH:MM:SS": one, in autumn maybe two."""
    wall = datetime.datetime.fromisoformat(stamp)
    times = []
    for fold in (0, 1):
        at = wall.replace(tzinfo=PARIS, fold=fold).timestamp()
        back = datetime.datetime.fromtimestamp(at, PARIS).replace(tzinfo=None)
        assert back == wall, f"{stamp} does not exist in Paris"
        if int(at) not in times:
            times.append(int(at))
    return times


@functools.cache
def paris_day(at):
    return datetime.datetime.fromtimestamp(at, PARIS).date()


def paris_day_of(stamp):
    """The day in Paris of a moment that is written in UTC: just after midnight, not the one that is written."""
    return paris_day(datetime.datetime.fromisoformat(stamp).timestamp())


def paris_today():
    return datetime.datetime.now(PARIS).date()


def months_before(day, months):
    month = day.year * 12 + day.month - 1 - months
    year, month = divmod(month, 12)
    for number in range(day.day, 27, -1):
        try:
            return datetime.date(year, month + 1, number)
        except ValueError:
            pass
    return datetime.date(year, month + 1, day.day)


def history(kind, today):
    """The first day that upstream still has."""
    return months_before(today, 24 if kind in CURVES else 36) - 15 * DAY


# --- raw answers -----------------------------------------------------------------------------------


class Upstream:
    """One connection to the simulator that is kept: the oracle asks some thousand times."""

    def __init__(self, sandbox, api):
        self.api, self.token = api, sandbox.ask_token().json["access_token"]
        self.connection = http.client.HTTPConnection(sandbox.host, sandbox.port, timeout=60)

    def ask(self, kind, prm, first, end):
        """(status, body) for [first, end[."""
        if self.api == "v5":
            path, query = V5[kind], {"usage_point_id": prm, "start": first, "end": end}
        else:
            path, query = V2026[kind], {"pointId": prm, "dateDebut": first, "dateFin": end}
            if kind == "daily_consumption_max_power":
                query |= {"mesuresPas": "P1D", "grandeurPhysique": "PMA"}
        self.connection.request("GET", f"{path}?{urllib.parse.urlencode(query)}",
                                headers={"Authorization": f"Bearer {self.token}"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def close(self):
        self.connection.close()


class Refused(Exception):
    """Upstream has nothing of this kind for this usage point, or does not let us see it."""


def code_of(body):
    return body.get("error") or body.get("code")


def find_first(upstream, kind, prm, first, today):
    """The first day from `first` on that upstream does not refuse as earlier than the activation."""
    def refuses(day):
        status, body = upstream.ask(kind, prm, day, day + 2 * DAY)
        assert status in (200, 404) or code_of(body) == "ADAM-ERR0123", body
        return status == 400

    low, high = first, today - 2 * DAY
    if not refuses(low):
        return low
    assert not refuses(high)
    while high - low > DAY:
        middle = low + (high - low) // 2
        low, high = (middle, high) if refuses(middle) else (low, middle)
    return high


def ask_all(upstream, kind, prm, first, end):
    """The bodies that [first, end[ comes in, oldest first. Raises Refused."""
    step = 7 * DAY if kind in CURVES else 365 * DAY
    while first < end:
        until = min(first + step, end)
        if until - first < 2 * DAY:
            first = until - 2 * DAY  # what v5 wants
        status, body = upstream.ask(kind, prm, first, until)
        if status == 200:
            yield first, until, body
        elif status != 404:
            raise Refused(code_of(body))
        first = until


def points_of(body, kind, prm):
    """(quality, [(stamp, value, minutes)]) of a body of either generation."""
    if "meter_reading" in body:
        reading = body["meter_reading"]
        asked, unit, quality = reading["usage_point_id"], reading["reading_type"]["unit"], reading["quality"]
        points = [(p["date"], p["value"], p.get("interval_length")) for p in reading["interval_reading"]]
    else:
        quantity, = body["grandeur"]
        asked, unit, quality = body["idPrm"], quantity["unite"], body["etapeMetier"]
        points = [(p["d"], p["v"], p.get("p")) for p in quantity["points"]]
    assert (asked, unit) == (prm, UNITS[kind])
    return quality, [(stamp, int(value), int(length[2:-1]) if length else 0) for stamp, value, length in points]


# --- raw answers to days ---------------------------------------------------------------------------


def curve_days(points):
    """{day: [(minute, length, value)]}: stamps are ends, on a clock that shows some times twice. Where such a time is
    there once, nobody knows which of the two it is."""
    days, shown = {}, {}
    labels = collections.Counter(stamp for stamp, _, _ in points)
    for stamp, value, length in points:
        times = instants(stamp)
        if labels[stamp] < len(times):
            continue
        if len(times) == 1:
            end = times[0]
        else:
            end = times[shown.get(stamp, 0)]
            shown[stamp] = shown.get(stamp, 0) + 1
        begin = end - 60 * length
        day = paris_day(begin)
        days.setdefault(day, []).append(((begin - midnight(day)) // 60, length, value))
    return days


def curve_fields(day, intervals):
    assert intervals == sorted(intervals)
    whole = sum(length for _, length, _ in intervals) == day_minutes(day)
    lengths = {length for _, length, _ in intervals}
    fields = {"state": "complete" if whole else "partial", "unit": "W"}
    if len(lengths) > 1:
        return fields | {"points": [list(interval) for interval in intervals]}
    length = lengths.pop()
    values = [None] * (day_minutes(day) // length)
    for minute, _, value in intervals:
        values[minute // length] = value
    return fields | {"interval": f"PT{length}M", "values": values}


def daily_fields(kind, stamp, value):
    fields = {"state": "complete", "unit": UNITS[kind], "value": value}
    if kind == "daily_consumption_max_power":
        fields["at"] = datetime.datetime.fromtimestamp(instants(stamp)[0], PARIS).isoformat()
    return fields


def register_days(body, kind, prm):
    """{day: fields} of a body of registers: its one reading of the meter, turned from registers to days."""
    (reading,), days = body["contexte"], {}
    (quantity,) = reading["grandeur"]
    assert (body["idPrm"], quantity["unite"], reading["typeReleve"]) == (prm, "Wh", "AQ")
    assert quantity["grandeurMetier"] == ("PROD" if kind == "index_production" else "CONS")
    registers = [(calendar["idCalendrier"], each) for calendar in quantity["calendrier"] for each in calendar["classeTemporelle"]]
    for calendar, each in [*registers, (None, quantity["cadranTotalisateur"])]:
        for value in each["valeur"]:
            at, = instants(value["d"])
            fields = days.setdefault(paris_day(at), {
                "state": "complete", "unit": "Wh", "at": datetime.datetime.fromtimestamp(at, PARIS).isoformat(),
                "registers": []})
            fields["registers"].append({
                "register": each["codeCadran"], "calendar": calendar, "class": each.get("idClasseTemporelle"),
                "label": each.get("libelleClasseTemporelle"), "value": int(value["v"])})
    return {day: fields | {"quality": reading["etapeMetier"]} for day, fields in days.items()}


def body_days(body, kind, prm):
    """{day: the fields that upstream's answer leads to}."""
    if kind in REGISTERS:
        return register_days(body, kind, prm)
    quality, points = points_of(body, kind, prm)
    if kind in CURVES:
        days = {day: curve_fields(day, intervals) for day, intervals in curve_days(points).items()}
    else:
        days = {date(stamp[:10]): daily_fields(kind, stamp, value) for stamp, value, _ in points}
    return {day: fields | {"quality": quality} for day, fields in days.items()}


def expected_days(upstream, kind, prm, today, first=None, end=None):
    """{day: fields} of every day that has to be stored; {} where the usage point has no such kind or refuses."""
    today = date(today)
    first = max(date(first), history(kind, today)) if first else history(kind, today)
    end = date(end) if end else today
    days = {}
    try:
        list(ask_all(upstream, kind, prm, today - 7 * DAY, today))  # is refused, or is not
        if first <= today - 2 * DAY:
            first = find_first(upstream, kind, prm, first, today)
        for begin, until, body in ask_all(upstream, kind, prm, first, end):
            found = body_days(body, kind, prm)
            assert all(begin <= day < until for day in found)
            days |= {day: fields for day, fields in found.items() if first <= day}
    except Refused as refusal:
        assert str(refusal) in ("ADAM-ERR0069", "ADAM-DC-0008", "ADAM_DC_0008")
        return {}
    empty = {"hole": {"state": "hole"}, "pending": {"state": "pending"}}
    day = first
    while day < end:
        days.setdefault(day, empty["pending" if day >= today - RECENT_DAYS * DAY else "hole"])
        day += DAY
    return days


# --- days to bytes ---------------------------------------------------------------------------------


def utc(at):
    return datetime.datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def recheck_after(fetched, today, day):
    """J-1 and J-2: three hours later, but not before 08:30 in Paris. Until J-5: at the next 08:30. Older: at 08:30 of the
    first day on which the whole week of the day (seven days, counted from 1970-01-01) is older than 15 days."""
    morning = midnight(today) + 510 * 60
    if fetched >= morning:
        later = fetched + 3 * 3600
        if (today - day).days <= 2 and later < midnight(today + DAY):
            return later
        morning = midnight(today + DAY) + 510 * 60
    if (today - day).days <= 5:
        return morning
    number = (day - datetime.date(1970, 1, 1)).days
    last_of_week = datetime.date(1970, 1, 1) + (number // 7 * 7 + 6) * DAY
    return max(morning, midnight(last_of_week + 16 * DAY) + 510 * 60)


def key(prm, kind, day):
    return f"releve:day:{{{prm}}}:{kind}:{day}"


def dump(fields):
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def written(prm, kind, day, fields, source, stored, today):
    """The bytes that must be there. Of what is stored it takes the moment of fetching alone."""
    match = FETCHED_AT.search(stored)
    assert match, stored
    fetched_at = match.group(1).decode()
    fetched = int(datetime.datetime.fromisoformat(fetched_at.replace("Z", "+00:00")).timestamp())
    assert paris_day(fetched) == date(today), "fetched on the day that it was told"
    head = {"prm": prm, "kind": kind, "date": str(day), "state": fields["state"]}
    tail = {"source": source, "fetched_at": fetched_at}
    rest = {name: value for name, value in fields.items() if name != "state"}
    texts = [dump(head | rest | tail)]
    if fields["state"] == "pending":  # the decision may have been taken in the second before
        texts = [dump(head | {"recheck_after": utc(recheck_after(at, date(today), day))} | tail)
                 for at in (fetched, fetched - 1)]
    return stored if stored in texts else texts[0]


def check(stored, expected, prm, kind, source, today):
    """Compares the stored days {key: bytes} of one usage point and kind with {day: fields}: byte for byte, and no day more."""
    keys = {key(prm, kind, day): day for day in expected}
    assert set(stored) == set(keys), f"{prm} {kind}: {sorted(set(stored) ^ set(keys))[:5]}"
    for name, day in keys.items():
        text = written(prm, kind, day, expected[day], source, stored[name], today)
        assert stored[name] == text, name
