"""Customer documents through the whole program: what is stored equals what a second reader makes of the raw answers, and
what they cost (docs/redis.md, Documents)."""
import json
import re

import pytest
from jobs import FIRST_PRM, prm_of, push, start_worker
from sandbox import DOCUMENTS, DOCUMENTS_V5
from world import World

CLIENT_0, PRODUCER, BOTH, REVOKED = "22516914714270", "24880057139941", "12655648759651", "26584978546985"
CLIENTS = [CLIENT_0, "11453290002823", "32320647321714", "12345678901234", "10284856584123", "42900589957123", PRODUCER,
           BOTH, "64975835695673", "63695879465986", "22315546958763"]
POPULATION = 60
DAY_S = 24 * 3600


# --- the second reader ------------------------------------------------------------------------------------


def text(value):
    return value or None


def day(value):
    return value[:10] if value else None


def power(value):
    """In VA, of "9 kVA" or {"unit": "kVA", "value": "12"}."""
    if not value:
        return None
    number, unit = value.split(" ") if isinstance(value, str) else (value["value"], value["unit"])
    return round(float(number) * {"kVA": 1000, "VA": 1}[unit])


def offpeak(value):
    if not value:
        return None
    ranges = [[f"{int(a):02}:{b or '00'}", f"{int(c):02}:{d or '00'}"]
              for a, b, c, d in re.findall(r"(\d+)[hH](\d*)-(\d+)[hH](\d*)", value)]
    return {"text": value, "ranges": ranges}


def number(value):
    return None if value in (None, "") else float(value)


def legal(value):
    return value and {"name": text(value.get("name")), "commercial_name": text(value.get("commercial_name")),
                      "siret": text(value.get("siret_number")), "siren": text(value.get("siren_number")),
                      "activity_code": text(value.get("business_code") or value.get("activity_code"))}


def natural(value):
    return value and {name: text(value.get(name)) for name in ("title", "firstname", "lastname")}


def read_v5(kind, answer):
    customer = answer["customer"]
    if kind == "identity":
        return {"natural_person": natural(customer["identity"].get("natural_person")),
                "legal_person": legal(customer["identity"].get("legal_person"))}
    if kind == "contact_data":
        return {name: text(customer["contact_data"].get(name)) for name in ("email", "phone", "landline")}
    entry, = customer["usage_points"]
    point = entry["usage_point"]
    if kind == "addresses":
        address = point["usage_point_addresses"]
        place = address.get("geo_points") or {}
        return {"street": text(address.get("street")), "staircase_floor_apartment": None, "building": None,
                **{name: text(address.get(name)) for name in ("locality", "postal_code", "city", "insee_code", "country")},
                "latitude": number(place.get("latitude")), "longitude": number(place.get("longitude")),
                "altitude_m": number(place.get("altitude"))}
    contract = entry["contracts"]
    return {"contracts": [{
        "direction": "consumption", "type": text(contract.get("contract_type")), "status": text(contract.get("contract_status")),
        "segment": text(contract.get("segment")), "start": None,
        "last_activation_date": day(contract.get("last_activation_date")),
        "subscribed_power_va": power(contract.get("subscribed_power")),
        "distribution_tariff": text(contract.get("distribution_tariff")),
        "distribution_tariff_changed": day(contract.get("last_distribution_tariff_change_date")), "supplier": None,
        "usage_point_status": text(point.get("usage_point_status")), "meter_type": text(point.get("meter_type")),
        "offpeak": offpeak(contract.get("offpeak_hours"))}]}


def direction(contract):
    return {"Contrat GRD-F": "consumption", "Contrat GRD-A": "production"}[contract["contract_type"]]


def read_2026(kind, answers):
    if kind == "addresses":
        address = answers["donnees_generales_auto"]["address"]
        code, city = re.fullmatch(r"(?:(\d{5}) )?(.*)", address.get("postal_code_city") or "").groups()
        return {"street": text(address.get("number_street_name")),
                **{name: text(address.get(name)) for name in ("staircase_floor_apartment", "building", "locality")},
                "postal_code": code, "city": text(city), "insee_code": text(address.get("insee_code")),
                "country": text(address.get("country")), "latitude": None, "longitude": None, "altitude_m": None}
    contracts = sorted(answers["situation_contrat_auto"], key=lambda one: direction(one) != "consumption")
    named = [one for one in contracts if one.get("person") or one.get("organization")]
    holder = (named or answers["situation_contrat_auto"])[0]  # those of withdrawal come first among the named
    if kind == "identity":
        return {"natural_person": natural(holder.get("person")), "legal_person": legal(holder.get("organization"))}
    if kind == "contact_data":
        contact = holder.get("contact_data") or {}
        return {name: text(contact.get(name)) for name in ("email", "phone", "landline")}
    meter = answers.get("comptage_auto") or {}
    found = []
    for one in contracts:
        measured = meter if direction(one) == "consumption" and one is contracts[0] else {}
        found.append({
            "direction": direction(one), "type": text(one.get("contract_type")), "status": None,
            "segment": text(one.get("segment")), "start": day(one.get("contract_start")), "last_activation_date": None,
            "subscribed_power_va": power(one.get("subscribed_power")),
            "distribution_tariff": text(one.get("distribution_tariff")), "distribution_tariff_changed": None,
            "supplier": text(one.get("contractor")), "usage_point_status": None,
            "meter_type": text(((measured.get("dispositifComptage") or {}).get("typeComptage") or {}).get("code")),
            "offpeak": offpeak((measured.get("relais") or {}).get("plageHeuresCreuses"))})
    return {"contracts": found}


def raw_answers(sandbox, api, kind, prm):
    """{api: answer} as upstream gives them; None where it has no such document."""
    if api == "v5":
        answer = sandbox.get(DOCUMENTS_V5[kind], {"usage_point_id": prm})
        return {DOCUMENTS_V5[kind].split("/")[1]: answer.json} if answer.status == 200 else None
    names = {"addresses": ["donnees_generales_auto"], "contracts": ["situation_contrat_auto", "comptage_auto"]}
    answers = {}
    for name in names.get(kind, ["situation_contrat_auto"]):
        answer = sandbox.get(f"/{name}/v1/{prm}")
        if answer.status == 200:
            answers[name] = answer.json
    return answers or None


def expected(sandbox, api, kind, prm):
    answers = raw_answers(sandbox, api, kind, prm)
    if answers is None:
        return None, None
    return (read_v5(kind, next(iter(answers.values()))) if api == "v5" else read_2026(kind, answers)), answers


# --- what the program stores --------------------------------------------------------------------------------


def stored(world, kind, prm):
    value = world.redis.command("GET", f"releve:doc:{{{prm}}}:{kind}")
    return value and json.loads(value)


def backfill(world, prms, kinds=",".join(DOCUMENTS), *more, code=0, **settings):
    ended = world.run("backfill", "--prms", world.write("prms", "".join(f"{prm}\n" for prm in prms)), "--kind", kinds,
                      *more, **settings)
    assert ended.code == code, ended
    return ended


def by_api(world):
    return {path.split("/")[1]: count for path, count in world.sandbox.stats()["by_path"].items()}


@pytest.mark.parametrize("api", ["v5", "2026"])
def test_what_is_stored_is_what_a_second_reader_makes_of_the_answers(api):
    prms = CLIENTS + [prm_of(n) for n in range(POPULATION)]
    with World("--population", str(POPULATION), api=api) as world:
        backfill(world, prms)
        kinds_of_persons, absent = set(), 0
        for prm in prms:
            for kind in DOCUMENTS:
                data, raw = expected(world.sandbox, api, kind, prm)
                document = stored(world, kind, prm)
                if data is None:
                    absent += 1
                    assert document is None or document["state"] == "hole", document
                    continue
                assert document["data"] == data and document["raw"] == raw, (prm, kind)
                assert list(document) == ["prm", "kind", "state", "source", "fetched_at", "data", "raw"]
                assert (document["prm"], document["kind"], document["source"]) == (prm, kind, api)
                assert 0 < world.redis.command("TTL", f"releve:doc:{{{prm}}}:{kind}") <= DAY_S
                if kind == "identity":
                    kinds_of_persons |= {name for name, person in data.items() if person}
        assert kinds_of_persons == {"natural_person", "legal_person"}
        assert absent < len(prms)


def test_one_answer_of_2026_is_three_documents_and_known_ones_cost_nothing():
    with World() as world:
        backfill(world, [CLIENT_0])
        assert by_api(world) == {"oauth2": 1, "situation_contrat_auto": 1, "comptage_auto": 1, "donnees_generales_auto": 1}
        backfill(world, [CLIENT_0])
        assert world.sandbox.stats()["requests"] == 4
        backfill(world, [CLIENT_0], "contact_data", "--refresh")
        assert world.sandbox.stats()["requests"] == 6


def test_a_self_consumer_has_both_contracts_and_that_of_withdrawal_comes_first():
    with World() as world:
        backfill(world, [BOTH], "contracts")
        contracts = stored(world, "contracts", BOTH)["data"]["contracts"]
        assert [one["direction"] for one in contracts] == ["consumption", "production"]
        assert contracts[0]["subscribed_power_va"] > 0 and contracts[1]["subscribed_power_va"] is None


def test_what_adds_to_a_document_is_left_out_where_its_api_is_not_subscribed():
    prms = [prm_of(n) for n in range(5)]
    with World("--population", "5") as world:
        world.sandbox.control(unsubscribed=["comptage_auto"])
        ended = backfill(world, prms, "contracts", "--concurrency", "1")
        assert ended.err.count("a part is left out") == 1 and "900908" in ended.err, ended
        requests = by_api(world)
        assert requests.pop("comptage_auto") <= 2  # and one that was already wanted when the first was refused
        assert requests == {"oauth2": 1, "situation_contrat_auto": 5}
        for prm in prms:
            contract = stored(world, "contracts", prm)["data"]["contracts"][0]
            assert contract["offpeak"] is None and contract["segment"] == "C5"


def test_an_api_that_is_not_subscribed_is_named_and_the_other_documents_come():
    with World() as world:
        world.sandbox.control(unsubscribed=["situation_contrat_auto"])
        ended = backfill(world, [CLIENT_0, BOTH], code=1)
        assert "situation_contrat_auto" in ended.err and "900908" in ended.err, ended
        assert {prm: stored(world, "addresses", prm)["state"] for prm in (CLIENT_0, BOTH)} == dict.fromkeys(
            (CLIENT_0, BOTH), "complete")
        assert stored(world, "identity", CLIENT_0) is None


def test_a_document_stands_where_what_adds_to_it_fails():
    with World() as world:
        world.sandbox.control(faults={"error500": 0.3})
        ended = backfill(world, CLIENTS[:8], "contracts,identity")
        world.sandbox.control(faults={})
        for prm in CLIENTS[:8]:
            assert stored(world, "identity", prm)["data"] == expected(world.sandbox, "2026", "identity", prm)[0]
            contract = stored(world, "contracts", prm)["data"]["contracts"][0]
            whole = expected(world.sandbox, "2026", "contracts", prm)[0]["contracts"][0]
            assert contract == whole or f"{prm} contracts: a part is left out" in ended.err, ended


@pytest.mark.parametrize("api", ["v5", "2026"])
def test_a_refusal_of_documents_is_not_one_of_measures_nor_the_reverse(api):
    with World(api=api) as world:
        world.sandbox.control(refuse={CLIENT_0: {"consumption": "ADAM-DC-0008"}})
        ended = world.run("backfill", "--prm", CLIENT_0, "--kind", "daily_consumption,identity", "--start", "2026-11-01")
        assert ended.code == 1 and stored(world, "identity", CLIENT_0)["state"] == "complete", ended
        ended = world.run("backfill", "--prm", REVOKED, "--kind", "identity")
        assert ended.code == 1 and "documents are refused (ADAM-DC-0008" in ended.err, ended
        before = world.sandbox.stats()["requests"]
        again = world.run("backfill", "--prm", REVOKED, "--kind", "identity,contracts")
        assert again.code == 1 and world.sandbox.stats()["requests"] == before, again


def test_who_only_produces_has_no_documents_in_v5():
    with World(api="v5") as world:
        ended = world.run("get", "identity", "--prm", PRODUCER)
        assert ended.code == 0 and json.loads(ended.out)["state"] == "hole" and json.loads(ended.out)["data"] is None, ended
        before = world.sandbox.stats()["requests"]
        world.run("get", "identity", "--prm", PRODUCER)
        assert world.sandbox.stats()["requests"] == before


def test_documents_come_only_where_they_are_named():
    with World() as world:
        assert world.run("backfill", "--prm", CLIENT_0, "--kind", "all", "--start", "2026-11-10").code == 0
        assert set(by_api(world)) == {"oauth2", "mesure_synchrone_auto"}
        assert world.redis.keys("releve:doc:*") == set()


def test_documents_take_nothing_of_the_measures_hour():
    prms = [prm_of(n) for n in range(20)]
    with World("--population", "20", quota="5/1s,25/1h") as world:
        backfill(world, prms, "daily_consumption,contracts", "--start", "2026-11-01")
        stats = world.sandbox.stats()
        assert by_api(world) == {"oauth2": 1, "subscribed_services": 1, "mesure_synchrone_auto": 20,
                                 "situation_contrat_auto": 20, "comptage_auto": 20}
        assert stats["violations"] == 0


def test_status_tells_the_quota_of_each_api():
    with World(quota="1000/1h") as world:
        backfill(world, [CLIENT_0], "contracts")
        used = {one["bucket"]: one["windows"][0]["used"] for one in json.loads(world.run("status", "--json").out)["quota"]}
        assert used == {"mesure_synchrone_auto": 0, "situation_contrat_auto": 1, "comptage_auto": 1,
                        "donnees_generales_auto": 0, "synth_contrat_auto": 0, "subscribed_services": 0, "oauth2": 1}, used
        lines = [line.split()[1] for line in world.run("status").out.splitlines() if line.startswith("quota")]
        assert lines == ["mesure_synchrone_auto", "situation_contrat_auto", "comptage_auto", "oauth2"], lines


def test_nothing_personal_is_logged():
    with World("--population", "10") as world:
        prms = [prm_of(n) for n in range(10)]
        ended = backfill(world, prms, ",".join(DOCUMENTS), RELEVE_LOG="debug")
        assert ended.err.count("answered") >= 30, ended
        words = set()
        for prm in prms:
            for kind in DOCUMENTS:
                words |= set(re.findall(r"[\w@.+-]{5,}", json.dumps(stored(world, kind, prm)["data"], ensure_ascii=False)))
        personal = {word for word in words if "@" in word or word.isdigit() or word[0].isupper()}
        assert personal and not {word for word in personal if word in ended.err + ended.out}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_is_printed_as_json_and_is_no_table(kind):
    with World() as world:
        shown = world.run("get", kind, "--prm", CLIENT_0)
        whole = stored(world, kind, CLIENT_0)
        assert shown.code == 0 and json.loads(shown.out) == {name: what for name, what in whole.items() if name != "raw"}, shown
        assert world.run("show", kind, "--prm", CLIENT_0).out == shown.out
        assert json.loads(world.run("show", kind, "--prm", CLIENT_0, "--format", "json").out) == whole
        refused = world.run("show", kind, "--prm", CLIENT_0, "--format", "csv")
        assert refused.code == 2 and "a document is no table" in refused.err, refused


def test_a_worker_runs_jobs_for_documents():
    with World() as world:
        worker = start_worker(world)
        push(world.redis, json.dumps({"prm": CLIENT_0, "kind": ["identity", "contracts"], "id": "mine", "reply_to": "answers"}))
        results = []
        for _ in range(2):
            results.append(json.loads(world.redis.command("BRPOP", "answers", 30)[1]))
        assert {result["kind"]: result["state"] for result in results} == {"identity": "done", "contracts": "done"}
        for result in results:
            assert result["start"] is None and result["end"] is None and (result["days"], result["complete"]) == (1, 1)
        assert stored(world, "identity", CLIENT_0)["state"] == "complete"
        assert world.interrupt(worker).code == 0


def test_a_plan_counts_documents_that_are_not_known():
    with World() as world:
        def requests(kinds):
            return json.loads(world.run("plan", "--prm", CLIENT_0, "--kind", kinds, "--json").out)["requests"]

        assert (requests("contracts"), requests("identity"), requests("contracts,identity,addresses")) == (2, 1, 4)
        backfill(world, [CLIENT_0], "contracts")
        assert (requests("contracts"), requests("contracts,identity,addresses")) == (0, 1)


def test_a_plan_knows_that_each_api_has_a_quota_of_its_own():
    prms = [prm_of(n) for n in range(30)]
    with World("--population", "30", quota="5/1s,20/1h") as world:
        points = world.write("prms", "".join(f"{prm}\n" for prm in prms))

        def seconds(kinds):
            return json.loads(world.run("plan", "--prms", points, "--kind", kinds, "--start", "2026-11-10", "--json").out)["seconds"]

        assert seconds("contracts") == seconds("addresses") == seconds("daily_consumption,addresses") >= 3600
        assert seconds("daily_consumption") >= 3600
