"""Starts the Enedis simulator of RELEVE_BIN on a free port, and talks to it.

    with Sandbox("--today", "2026-11-21", "--quota", "none") as sandbox:
        sandbox.measure("daily_consumption", "22516914714270", "2026-11-01", "2026-11-08")
"""
import base64
import datetime
import http.client
import json
import os
import re
import signal
import subprocess
import urllib.parse

TODAY = "2026-11-21"  # what the tests pretend, unless they say otherwise
STOP_S = 20  # a simulator that does not end by then is a failed test

V5 = {
    "daily_consumption": "/metering_data_dc/v5/daily_consumption",
    "consumption_load_curve": "/metering_data_clc/v5/consumption_load_curve",
    "daily_consumption_max_power": "/metering_data_dcmp/v5/daily_consumption_max_power",
    "daily_production": "/metering_data_dp/v5/daily_production",
    "production_load_curve": "/metering_data_plc/v5/production_load_curve",
}
V2026 = {
    "daily_consumption": "/mesure_synchrone_auto/v2/consommation_quotidienne",
    "consumption_load_curve": "/mesure_synchrone_auto/v2/courbe_de_charge_consommation",
    "daily_consumption_max_power": "/mesure_synchrone_auto/v2/puissance_conso_max_quotidienne",
    "daily_production": "/mesure_synchrone_auto/v2/production_quotidienne",
    "production_load_curve": "/mesure_synchrone_auto/v2/courbe_de_charge_production",
    "index_consumption": "/mesure_synchrone_auto/v2/index_consommation",
    "index_production": "/mesure_synchrone_auto/v2/index_production",
}
MEASURES = list(V5)  # those of both generations, which are "all"
REGISTERS = ["index_consumption", "index_production"]
DOCUMENTS_V5 = {
    "contracts": "/customers_upc/v5/usage_points/contracts",
    "addresses": "/customers_upa/v5/usage_points/addresses",
    "identity": "/customers_i/v5/identity",
    "contact_data": "/customers_cd/v5/contact_data",
}
DOCUMENTS = list(DOCUMENTS_V5)
CURVES = ("consumption_load_curve", "production_load_curve")


def releve_bin():
    """The program under test: its first argument is the command."""
    return os.environ["RELEVE_BIN"]


class Answer:
    """A complete HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """Upstream's own error code, wherever this generation puts it."""
        return self.json.get("error") or self.json.get("code")

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


class Sandbox:
    """A running simulator. `url` is its base URL; extra arguments are flags of `releve sandbox`."""

    def __init__(self, *flags, env=None):
        self.flags = list(flags)
        self.env = {key: value for key, value in os.environ.items() if key != "RELEVE_TODAY"}
        self.env.update(env or {})
        self.process = None
        self._token = None

    def __enter__(self):
        return self.start()

    def __exit__(self, failure, *_):
        code = self.stop()
        assert failure is not None or code == 0, f"the simulator ended with {code}"

    def start(self):
        self.process = subprocess.Popen(
            [releve_bin(), "sandbox", "--listen", "127.0.0.1:0", *self.flags],
            stdout=subprocess.PIPE, text=True, env=self.env)
        self.banner = self.process.stdout.readline().rstrip("\n")
        match = re.search(r"http://([\d.]+):(\d+)", self.banner)
        if match is None:
            self.process.wait(STOP_S)
            raise RuntimeError(f"the simulator did not start (exit {self.process.returncode}): {self.banner!r}")
        self.host, self.port = match.group(1), int(match.group(2))
        self.url = f"http://{self.host}:{self.port}"
        return self

    def stop(self):
        """Ends it as a user would, by its pid; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()
        return self.process.returncode

    # --- plain HTTP ------------------------------------------------------------------------------

    def request(self, method, path, headers=None, body=None, timeout=60):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    # --- what a client of Enedis does ------------------------------------------------------------

    def ask_token(self, client_id="client", client_secret="secret", form="grant_type=client_credentials", basic=True):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if basic:
            pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        return self.request("POST", "/oauth2/v3/token", headers, form)

    @property
    def token(self):
        """A token, asked for once."""
        if self._token is None:
            self._token = self.ask_token().json["access_token"]
        return self._token

    def renew(self):
        self._token = None
        return self.token

    def get(self, path, parameters=None, token=None):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return self.request("GET", path + query, {"Authorization": f"Bearer {token or self.token}"})

    def services(self, body, token=None):
        """Asks which services are subscribed; what is no text goes as JSON."""
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        return self.request("POST", "/subscribed_services/v1", headers, body if isinstance(body, str) else json.dumps(body))

    def measure(self, kind, prm, start, end, api="2026", **more):
        """Asks for [start, end[ of a measure by its v5 name, in either generation."""
        if api == "v5":
            return self.get(V5[kind], {"usage_point_id": prm, "start": start, "end": end, **more})
        if kind == "daily_consumption_max_power":
            more = {"mesuresPas": "P1D", "grandeurPhysique": "PMA", **more}
        return self.get(V2026[kind], {"pointId": prm, "dateDebut": start, "dateFin": end, **more})

    # --- the simulator's own side ----------------------------------------------------------------

    def stats(self):
        return self.request("GET", "/__sandbox/stats").json

    def reset(self):
        assert self.request("POST", "/__sandbox/reset").status == 200

    def control(self, **changes):
        answer = self.request("POST", "/__sandbox/control", body=json.dumps(changes))
        assert answer.status == 200, answer
        return answer.json


def points(answer):
    """[(stamp, value, interval)] of a measure body of either generation; the interval is None for daily kinds."""
    body = answer.json
    if "meter_reading" in body:
        return [(p["date"], int(p["value"]), p.get("interval_length")) for p in body["meter_reading"]["interval_reading"]]
    return [(p["d"], int(p["v"]), p.get("p")) for p in body["grandeur"][0]["points"]]


# --- what chance decides (adapters/sandbox/publication.c), a second time -----------------------------


def mix(x):
    """splitmix64's finalizer."""
    mask = (1 << 64) - 1
    x = (x + 0x9e3779b97f4a7c15) & mask
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & mask
    x = (x ^ x >> 27) * 0x94d049bb133111eb & mask
    return x ^ x >> 31


def chance(seed, topic, number):
    return mix(mix(seed ^ mix(topic)) ^ number)


LATE, PARTIAL = 13, 14  # topics


def appears_after(seed, topic, prm, kind, day, rate, days_max):
    """How many days after itself `day` is there, or complete: 1 as usual, else 2 to days_max."""
    own = chance(seed, topic, int(prm) * len(V2026) + list(V2026).index(kind))
    number = (datetime.date.fromisoformat(day) - datetime.date(1970, 1, 1)).days
    drawn = chance(own, topic, number)
    if (drawn >> 11) * 2.0 ** -53 >= rate:
        return 1
    return 2 + mix(drawn) % (days_max - 1)


def presence(seed, prm, kind, day, today, tardy=None, partial=None):
    """How much of that day there is at noon of `today`: 0, 0.5 or 1."""
    age = (datetime.date.fromisoformat(today) - datetime.date.fromisoformat(day)).days
    if age < (appears_after(seed, LATE, prm, kind, day, **tardy) if tardy else 1):
        return 0
    if partial and kind in CURVES and age < appears_after(seed, PARTIAL, prm, kind, day, **partial):
        return 0.5
    return 1
