#!/usr/bin/python3
"""What a good engineer writes in a day in place of releve: every window of every usage point, split into days, in Redis.

    CLIENT_ID=... CLIENT_SECRET=... peer.py --upstream URL --redis SOCKET --prefix P --prms FILE --kind K --api 2026|v5 \\
        --start DAY --end DAY --in-flight N

aiohttp, uvloop, redis.asyncio (which uses hiredis where it is there). No quota, no retries, no claims: a wrong answer ends it. The days are those that releve
stores, in the same form. Prints what it did and how long it took without the imports, as JSON.
"""
import argparse
import asyncio
import bisect
import datetime
import functools
import json
import os
import resource
import time
import zoneinfo

import aiohttp
import redis.asyncio
import uvloop

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
DAY = datetime.timedelta(days=1)
MINUTES = {"PT5M": 5, "PT10M": 10, "PT15M": 15, "PT30M": 30, "PT60M": 60}
WINDOW_DAYS = {"consumption_load_curve": 7, "daily_consumption": 365}
UNITS = {"consumption_load_curve": "W", "daily_consumption": "Wh"}
encode = json.JSONEncoder(separators=(",", ":")).encode


class Wrong(Exception):
    """An answer that is not what was asked for."""


# --- the two generations of the interface --------------------------------------------------------------------------


class V2026:
    NAME, VALUE, STAMP, INTERVAL = "2026", "v", "d", "p"
    PATHS = {"consumption_load_curve": "/mesure_synchrone_auto/v2/courbe_de_charge_consommation",
             "daily_consumption": "/mesure_synchrone_auto/v2/consommation_quotidienne"}

    @staticmethod
    def query(prm, window):
        return {"pointId": prm, "dateDebut": window.start, "dateFin": window.end}

    @staticmethod
    def open(body):
        """(PRM, unit, quality, points)."""
        measure, = body["grandeur"]
        return body["idPrm"], measure["unite"], body["etapeMetier"], measure["points"]


class V5:
    NAME, VALUE, STAMP, INTERVAL = "v5", "value", "date", "interval_length"
    PATHS = {"consumption_load_curve": "/metering_data_clc/v5/consumption_load_curve",
             "daily_consumption": "/metering_data_dc/v5/daily_consumption"}

    @staticmethod
    def query(prm, window):
        return {"usage_point_id": prm, "start": window.start, "end": window.end}

    @staticmethod
    def open(body):
        reading = body["meter_reading"]
        return reading["usage_point_id"], reading["reading_type"]["unit"], reading["quality"], reading["interval_reading"]


# --- days ----------------------------------------------------------------------------------------------------------


def elapsed_minutes(start, end):
    """From one local midnight to another."""
    first, last = (datetime.datetime.combine(day, datetime.time(), PARIS).timestamp() for day in (start, end))
    return int(last - first) // 60


class Window:
    """Days that one request asks for; what is worked out once for all usage points."""

    def __init__(self, first, last):
        self.first, self.days_count = first, (last - first).days
        self.start, self.end = first.isoformat(), last.isoformat()
        self.dates = [(first + i * DAY).isoformat() for i in range(self.days_count)]
        self.midnights = [elapsed_minutes(first, first + i * DAY) for i in range(self.days_count + 1)]

    @functools.lru_cache(maxsize=None)
    def stamps(self, length):
        """The label of the end of every interval of so many minutes, in order."""
        begin = datetime.datetime.combine(self.first, datetime.time(), PARIS).timestamp()
        return [datetime.datetime.fromtimestamp(begin + 60 * at, PARIS).strftime("%Y-%m-%d %H:%M:%S")
                for at in range(length, self.midnights[-1] + 1, length)]

    @functools.cached_property
    def ends(self):
        """{label: elapsed minutes at which it may be}: two in the hour that comes twice."""
        found = {}
        for i, stamp in enumerate(self.stamps(5)):
            found.setdefault(stamp, []).append(5 * (i + 1))
        return found


def number(text):
    return None if text in (None, "", "null") else int(text)


def state(values):
    return "partial" if None in values else "complete"


def regular(window, length, values):
    """[(date, fields)] of all days, where every interval came, in order, and all of one length."""
    days = []
    for i, date in enumerate(window.dates):
        mine = values[window.midnights[i] // length:window.midnights[i + 1] // length]
        days.append((date, {"state": state(mine), "unit": "W", "interval": f"PT{length}M", "values": mine}))
    return days


def irregular(window, dialect, points):
    """The same for whatever comes: gaps, any order of lengths, lengths that change."""
    by_day, at = {}, 0
    for point in points:
        length = MINUTES[point[dialect.INTERVAL]]
        may_be = window.ends.get(point[dialect.STAMP])
        if may_be is None:
            raise Wrong(f"a stamp outside of what was asked for: {point}")
        at = next((end for end in may_be if end > at), may_be[0])
        day = bisect.bisect_right(window.midnights, at - length) - 1
        by_day.setdefault(day, []).append((at - length - window.midnights[day], length, number(point[dialect.VALUE])))
    days = []
    for day, mine in sorted(by_day.items()):
        whole = window.midnights[day + 1] - window.midnights[day]
        lengths = {length for _, length, _ in mine}
        fields = {"state": "complete", "unit": "W"}
        if len(lengths) == 1:
            length, = lengths
            values = [None] * (whole // length)
            for minute, _, value in mine:
                values[minute // length] = value
            fields |= {"state": state(values), "interval": f"PT{length}M", "values": values}
        else:
            known = [[minute, length, value] for minute, length, value in mine if value is not None]
            fields |= {"state": "complete" if sum(length for _, length, _ in known) == whole else "partial",
                       "points": known}
        days.append((window.dates[day], fields))
    return days


def curve_days(window, dialect, points):
    length = MINUTES[points[0][dialect.INTERVAL]] if points else 30
    name, stamp, interval = f"PT{length}M", dialect.STAMP, dialect.INTERVAL
    if ([point[stamp] for point in points] == window.stamps(length)
            and all(point[interval] == name for point in points)):
        value = dialect.VALUE
        return regular(window, length, [number(point[value]) for point in points])
    return irregular(window, dialect, points)


def energy_days(window, dialect, points):
    dates, days = set(window.dates), []
    for point in points:
        value, date = number(point[dialect.VALUE]), point[dialect.STAMP]
        if date not in dates:
            raise Wrong(f"a day outside of what was asked for: {point}")
        if value is not None:
            days.append((date, {"state": "complete", "unit": "Wh", "value": value}))
    return days


# --- the pipeline --------------------------------------------------------------------------------------------------


class Peer:
    def __init__(self, options, session, store):
        self.options, self.session, self.store = options, session, store
        self.dialect = {"2026": V2026, "v5": V5}[options.api]
        self.url = options.upstream + self.dialect.PATHS[options.kind]
        self.split = curve_days if options.kind == "consumption_load_curve" else energy_days
        self.requests = self.days = 0

    async def ask_token(self):
        async with self.session.post(self.options.upstream + "/oauth2/v3/token", auth=self.options.credentials,
                                     data={"grant_type": "client_credentials"}) as response:
            if response.status != 200:
                raise Wrong(f"token: {response.status}")
            token = (await response.json())["access_token"]
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    async def fetch(self, prm, window):
        async with self.session.get(self.url, params=self.dialect.query(prm, window), headers=self.headers) as response:
            body = await response.read()
        if response.status != 200:
            raise Wrong(f"{prm} {window.start}: {response.status} {body[:200]!r}")
        own, unit, quality, points = self.dialect.open(json.loads(body))
        if own != prm or unit != UNITS[self.options.kind]:
            raise Wrong(f"{prm} {window.start}: the answer is of {own}, in {unit}")
        return quality, self.split(window, self.dialect, points)

    async def keep(self, prm, quality, days):
        kind = self.options.kind
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        end = {"quality": quality, "source": self.dialect.NAME, "fetched_at": now}
        async with self.store.pipeline(transaction=True) as pipeline:
            for date, fields in days:
                day = {"prm": prm, "kind": kind, "date": date, **fields, **end}
                pipeline.set(f"{self.options.prefix}:day:{{{prm}}}:{kind}:{date}", encode(day))
            await pipeline.execute()

    async def work(self, todo):
        for prm, window in todo:
            quality, days = await self.fetch(prm, window)
            await self.keep(prm, quality, days)
            self.requests += 1
            self.days += len(days)


def windows(start, end, length):
    """The newest first."""
    found = []
    while end > start:
        first = max(start, end - length * DAY)
        found.append(Window(first, end))
        end = first
    return found


async def run(options):
    with open(options.prms) as file:
        prms = file.read().split()
    asked = windows(options.start, options.end, WINDOW_DAYS[options.kind])
    todo = ((prm, window) for prm in prms for window in asked)  # shared by all that work
    connector = aiohttp.TCPConnector(limit=options.in_flight)
    store = redis.asyncio.Redis(unix_socket_path=options.redis)
    async with aiohttp.ClientSession(connector=connector) as session:
        peer = Peer(options, session, store)
        await peer.ask_token()
        await asyncio.gather(*(peer.work(todo) for _ in range(options.in_flight)))
    await store.close()
    return {"requests": peer.requests, "days": peer.days}


def cpu_s():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--upstream", "--redis", "--prefix", "--prms", "--kind", "--api", "--start", "--end"):
        parser.add_argument(name, required=True)
    parser.add_argument("--in-flight", type=int, required=True)
    options = parser.parse_args()
    options.start, options.end = map(datetime.date.fromisoformat, (options.start, options.end))
    options.credentials = aiohttp.BasicAuth(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    begin, cpu_before = time.perf_counter(), cpu_s()
    uvloop.install()
    did = asyncio.run(run(options))
    print(json.dumps({**did, "seconds": time.perf_counter() - begin, "cpu_s": cpu_s() - cpu_before}))


if __name__ == "__main__":
    main()
