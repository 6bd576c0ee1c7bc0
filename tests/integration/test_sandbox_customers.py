"""Customer documents of the simulator: shapes of both generations, and what differs from one usage point to the next
(docs/enedis.md, Customer documents)."""
import datetime
import re
import zoneinfo

import pytest
from sandbox import DOCUMENTS_V5, TODAY, Sandbox

CLIENT_0 = "22516914714270"  # nothing is missing in its documents
PRODUCER = "24880057139941"
BOTH = "12655648759651"
RECENT = "22315546958763"  # activated on 2025-06-17
REFUSED = "26584978546985"
PARIS = zoneinfo.ZoneInfo("Europe/Paris")
POPULATION = 120
PRMS = [str(30000000000000 + n) for n in range(POPULATION)]

APIS_2026 = ["situation_contrat_auto", "donnees_generales_auto", "synth_contrat_auto", "comptage_auto"]
DAY_V5 = r"\d{4}-\d\d-\d\d\+0[12]:00"
DAY_2026 = r"\d{4}-\d\d-\d\dT00:00:00\+0[12]00"
OFFPEAK = r"HC \((\d\d?[Hh]\d\d-\d\d?[Hh]\d\d)(;\d\d?[Hh]\d\d-\d\d?[Hh]\d\d)?\)"


@pytest.fixture(scope="module")
def quiet():
    """A simulator without a quota, shared by tests that change nothing in it."""
    with Sandbox("--quota", "none", "--today", TODAY, "--population", str(POPULATION)) as sandbox:
        yield sandbox


@pytest.fixture
def fresh():
    """A simulator of one's own."""
    with Sandbox("--quota", "none", "--today", TODAY) as sandbox:
        yield sandbox


def old(sandbox, document, prm):
    return sandbox.get(DOCUMENTS_V5[document], {"usage_point_id": prm})


def new(sandbox, api, prm):
    return sandbox.get(f"/{api}/v1/{prm}")


def shape(value):
    """The members of a document, with the type of each value."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return type(value)


def day_of(text):
    """The day of a date of 2026, whose offset is the one that Paris has then."""
    assert re.fullmatch(DAY_2026, text)
    instant = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
    assert instant.utcoffset() == datetime.datetime.fromisoformat(text[:19]).replace(tzinfo=PARIS).utcoffset()
    return text[:10]


# --- v5 --------------------------------------------------------------------------------------------


POINT = {"usage_point_id": str, "usage_point_status": str, "meter_type": str}


@pytest.mark.parametrize("document, inside", [
    ("contracts", {"usage_points": [{"usage_point": POINT, "contracts": dict.fromkeys([
        "segment", "subscribed_power", "last_activation_date", "distribution_tariff", "offpeak_hours", "contract_type",
        "contract_status", "last_distribution_tariff_change_date"], str)}]}),
    ("addresses", {"usage_points": [{"usage_point": {**POINT, "usage_point_addresses": {
        **dict.fromkeys(["street", "locality", "postal_code", "insee_code", "city", "country"], str),
        "geo_points": {"latitude": str, "longitude": str, "altitude": str}}}}]}),
    ("identity", {"identity": {"natural_person": {"title": str, "firstname": str, "lastname": str}}}),
    ("contact_data", {"contact_data": {"phone": str, "email": str}})])
def test_v5_documents_have_the_shape_of_the_captured_ones(quiet, document, inside):
    answer = old(quiet, document, CLIENT_0)
    assert answer.status == 200 and shape(answer.json) == {"customer": {"customer_id": str, **inside}}


def test_v5_contracts_are_told_in_texts(quiet):
    point, = old(quiet, "contracts", CLIENT_0).json["customer"]["usage_points"]
    assert point["usage_point"]["usage_point_id"] == CLIENT_0
    contract = point["contracts"]
    assert contract["segment"] == "C5" and re.fullmatch(r"(3|6|9|12) kVA", contract["subscribed_power"])
    assert re.fullmatch(DAY_V5, contract["last_activation_date"])
    assert re.fullmatch(DAY_V5, contract["last_distribution_tariff_change_date"])
    assert re.fullmatch(OFFPEAK, contract["offpeak_hours"])


@pytest.mark.parametrize("path", DOCUMENTS_V5.values())
def test_v5_documents_are_asked_by_parameter_and_exist_for_consumption_alone(quiet, path):
    assert quiet.get(path, {"usage_point_id": CLIENT_0}).json["customer"]
    for prm in (PRODUCER, "10284856584123"):
        answer = quiet.get(path, {"usage_point_id": prm})
        assert (answer.status, answer.code) == (404, "no_data_found")
    assert quiet.get(path, {"usage_point_id": REFUSED}).status == 403
    assert quiet.get(path).code == "Invalid_request"


# --- 2026 ------------------------------------------------------------------------------------------


ADDRESS_2026 = {"customer": {"adress": dict.fromkeys(["line1", "line4", "line6", "line7"], str)}}
PERSON = {"title": str, "lastname": str, "firstname": str}


def test_a_situation_is_a_list_of_contracts_in_the_captured_shape(quiet):
    contract, = new(quiet, "situation_contrat_auto", CLIENT_0).json
    assert shape(contract) == {
        **dict.fromkeys(["usage_point_id", "contract_start", "contract_type", "contractor", "distribution_tariff"], str),
        "subscribed_power": {"unit": str, "value": str}, "segment": str, "customer": ADDRESS_2026,
        "contact_data": {"email": str, "landline": str, "phone": str}, "person": PERSON}
    assert (contract["usage_point_id"], contract["contract_type"], contract["segment"]) == (CLIENT_0, "Contrat GRD-F", "C5")
    assert contract["subscribed_power"]["unit"] == "kVA" and contract["subscribed_power"]["value"] in ("3", "6", "9", "12")
    assert day_of(contract["contract_start"]) <= TODAY


@pytest.mark.parametrize("api, expected", [
    ("donnees_generales_auto", {"address": dict.fromkeys([
        "staircase_floor_apartment", "building", "number_street_name", "locality", "postal_code_city", "insee_code"], str)}),
    ("comptage_auto", {"dispositifComptage": {"typeComptage": {"code": str, "libelle": str}},
                       "compteurs": [{"numeroSerie": str, "regimePropriete": {"code": str, "libelle": str}}],
                       "relais": {"plageHeuresCreuses": str}}),
    ("synth_contrat_auto", {"segments": [{"segment": str}], "consumption_last_activation_date": str,
                            "last_subscribed_power_change_date": str, "services_level": str})])
def test_2026_documents_have_the_shape_of_the_captured_ones(quiet, api, expected):
    assert shape({name: value for name, value in new(quiet, api, CLIENT_0).json.items() if value is not None}) == expected


def test_a_self_consumer_has_a_withdrawal_and_a_feed_in_contract(quiet):
    contracts = {contract["contract_type"]: contract for contract in new(quiet, "situation_contrat_auto", BOTH).json}
    assert set(contracts) == {"Contrat GRD-F", "Contrat GRD-A"}
    assert [contracts[name]["segment"] for name in ("Contrat GRD-F", "Contrat GRD-A")] == ["C5", "P4"]
    assert "subscribed_power" not in contracts["Contrat GRD-A"]
    assert all(contract["usage_point_id"] == BOTH for contract in contracts.values())


def test_the_two_contracts_come_in_either_order():
    firsts = set()
    for seed in range(1, 9):
        with Sandbox("--quota", "none", "--today", TODAY, "--seed", str(seed)) as sandbox:
            segments = [contract["segment"] for contract in new(sandbox, "situation_contrat_auto", BOTH).json]
            assert sorted(segments) == ["C5", "P4"]
            assert segments == [each["segment"] for each in new(sandbox, "synth_contrat_auto", BOTH).json["segments"]]
            firsts.add(segments[0])
    assert firsts == {"C5", "P4"}


@pytest.mark.parametrize("prm", [PRODUCER, "10284856584123"])
def test_a_producer_has_the_feed_in_contract_alone(quiet, prm):
    contract, = new(quiet, "situation_contrat_auto", prm).json
    assert (contract["contract_type"], contract["segment"]) == ("Contrat GRD-A", "P4")
    synthesis = new(quiet, "synth_contrat_auto", prm).json
    assert synthesis["segments"] == [{"segment": "P4"}]
    assert synthesis.get("consumption_last_activation_date") is None and day_of(synthesis["generation_last_activation_date"])
    assert new(quiet, "donnees_generales_auto", prm).json["address"]
    assert new(quiet, "comptage_auto", prm).json["dispositifComptage"]


@pytest.mark.parametrize("api", APIS_2026)
def test_2026_documents_are_asked_by_path_and_anything_else_is_outside_the_specification(quiet, api):
    assert new(quiet, api, CLIENT_0).status == 200
    refused, nobody = new(quiet, api, REFUSED), new(quiet, api, "99999999999999")
    assert (refused.status, refused.code) == (403, "ADAM_DC_0008")
    assert (nobody.status, nobody.code) == (404, "STM-ERR-0000019")
    outside = [quiet.get(f"/{api}/v1", {"usage_point_id": CLIENT_0}), quiet.get(f"/{api}/v1", {"pointId": CLIENT_0}),
               quiet.get(f"/{api}/v1/", {"pointId": CLIENT_0}), new(quiet, api, "123"), new(quiet, api, "x" * 14),
               new(quiet, api, CLIENT_0 + "/")]
    assert [(answer.status, answer.code) for answer in outside] == [(500, "technical_error")] * len(outside)


# --- dates -----------------------------------------------------------------------------------------


def begins(sandbox, kind, prm, first, api):
    """How a range is answered that begins on that day, and one that begins on the day before."""
    end = (datetime.date.fromisoformat(first) + datetime.timedelta(days=3)).isoformat()
    before = (datetime.date.fromisoformat(first) - datetime.timedelta(days=1)).isoformat()
    return sandbox.measure(kind, prm, first, end, api).status, sandbox.measure(kind, prm, before, end, api).code


def test_the_synthesis_tells_the_dates_that_measures_are_refused_by(quiet):
    synthesis = new(quiet, "synth_contrat_auto", RECENT).json
    assert day_of(synthesis["consumption_last_activation_date"]) == "2025-06-17"
    assert synthesis.get("generation_last_activation_date") is None
    assert begins(quiet, "daily_consumption", RECENT, "2025-06-17", "2026") == (200, "ADAM-ERR0123")


def test_dates_that_control_sets_are_told_too(fresh):
    fresh.control(activation={BOTH: {"consumption": "2025-01-22", "production": "2026-07-31"}})
    synthesis = new(fresh, "synth_contrat_auto", BOTH).json
    dates = [day_of(synthesis[f"{name}_last_activation_date"]) for name in ("consumption", "generation")]
    assert dates == ["2025-01-22", "2026-07-31"]
    assert old(fresh, "contracts", BOTH).json["customer"]["usage_points"][0]["contracts"].get(
        "last_activation_date", dates[0])[:10] == dates[0]
    for api in ("v5", "2026"):
        assert begins(fresh, "daily_consumption", BOTH, dates[0], api) == (200, "ADAM-ERR0123")
        assert begins(fresh, "daily_production", BOTH, dates[1], api) == (200, "ADAM-ERR0123")
    starts = [day_of(contract["contract_start"]) for contract in new(fresh, "situation_contrat_auto", BOTH).json]
    assert all("2025-01-22" <= start <= TODAY for start in starts)


def test_a_direction_that_is_never_activated_has_neither_date_nor_contract(fresh):
    fresh.control(activation={BOTH: {"production": "never"}})
    synthesis = new(fresh, "synth_contrat_auto", BOTH).json
    assert synthesis.get("generation_last_activation_date") is None and synthesis["segments"] == [{"segment": "C5"}]
    assert [contract["segment"] for contract in new(fresh, "situation_contrat_auto", BOTH).json] == ["C5"]
    fresh.control(activation={BOTH: {"consumption": "never"}})
    contract = old(fresh, "contracts", BOTH).json["customer"]["usage_points"][0]["contracts"]
    assert contract.get("last_activation_date") is None


# --- variety ---------------------------------------------------------------------------------------


def test_off_peak_hours_are_the_same_text_in_both_generations_and_come_in_every_form(quiet):
    forms = set()
    for prm in PRMS:
        contract = old(quiet, "contracts", prm).json["customer"]["usage_points"][0]["contracts"]
        told = contract.get("offpeak_hours")
        relays = new(quiet, "comptage_auto", prm).json.get("relais") or {}
        again = relays.get("plageHeuresCreuses")
        assert told is None or again is None or told == again
        text = told or again
        assert text is None or re.fullmatch(OFFPEAK, text)
        if text is None and contract.get("distribution_tariff") == "BTINFCUST":
            forms.add("none")
        elif text is not None:
            forms.add("two ranges" if ";" in text else "minutes" if "30" in text else "one range")
    assert forms == {"none", "one range", "two ranges", "minutes"}


def test_a_legal_person_is_one_in_both_generations(quiet):
    members = {"name", "commercial_name", "siret_number", "siren_number", "business_code"}
    kinds = {"natural_person": 0, "legal_person": 0}
    for prm in PRMS:
        (kind, identity), = old(quiet, "identity", prm).json["customer"]["identity"].items()
        contract, = new(quiet, "situation_contrat_auto", prm).json
        ours, theirs = ("organization", "person") if kind == "legal_person" else ("person", "organization")
        kinds[kind] += 1
        assert theirs not in contract
        other = contract.get(ours) or {}
        assert set(other) | set(identity) <= (members if kind == "legal_person" else {"title", "firstname", "lastname"})
        for name in {"name", "siret_number", "lastname"} & set(other) & set(identity):
            assert other[name] == identity[name]
        if identity.get("siret_number") and identity.get("siren_number"):
            assert identity["siret_number"].startswith(identity["siren_number"])
    assert min(kinds.values()) > 10


def test_members_are_null_or_missing_for_some_usage_points(quiet):
    whole = old(quiet, "contracts", CLIENT_0).json["customer"]["usage_points"][0]["contracts"]
    assert None not in whole.values()
    nulls, missing, complete = set(), set(), 0
    for prm in PRMS:
        contract = old(quiet, "contracts", prm).json["customer"]["usage_points"][0]["contracts"]
        assert set(contract) <= set(whole)
        nulls |= {name for name, value in contract.items() if value is None}
        missing |= set(whole) - set(contract)
        complete += len(contract) == len(whole) and None not in contract.values()
    assert nulls == missing == set(whole) - {"segment", "contract_type"}
    assert 10 < complete < POPULATION - 10


def test_some_customers_live_elsewhere_than_their_meter(quiet):
    elsewhere = 0
    for prm in PRMS:
        meter = new(quiet, "donnees_generales_auto", prm).json["address"].get("postal_code_city")
        contract, = new(quiet, "situation_contrat_auto", prm).json
        home = ((contract["customer"]["customer"] or {}).get("adress") or {}).get("line6")
        elsewhere += bool(meter and home and meter != home)
    assert 5 < elsewhere < POPULATION / 2


def test_a_contract_may_be_younger_than_the_activation(quiet):
    later = 0
    for prm in PRMS:
        contract, = new(quiet, "situation_contrat_auto", prm).json
        activated = day_of(new(quiet, "synth_contrat_auto", prm).json["consumption_last_activation_date"])
        if contract.get("contract_start"):
            assert day_of(contract["contract_start"]) >= activated
            later += day_of(contract["contract_start"]) > activated
    assert later > 10


def bodies(sandbox, prms):
    return [old(sandbox, document, prm).body for prm in prms for document in DOCUMENTS_V5] + \
           [new(sandbox, api, prm).body for prm in prms for api in APIS_2026]


def test_documents_depend_on_the_seed_alone(quiet):
    prms = [CLIENT_0, BOTH]
    with Sandbox("--quota", "none", "--today", TODAY) as same, \
            Sandbox("--quota", "none", "--today", TODAY, "--seed", "2") as other:
        assert bodies(same, prms) == bodies(quiet, prms) != bodies(other, prms)


def test_wrongprm_is_met_where_a_document_names_its_usage_point(fresh):
    fresh.renew()
    fresh.control(faults={"wrongprm": 1})
    fresh.reset()
    point = old(fresh, "contracts", CLIENT_0).json["customer"]["usage_points"][0]["usage_point"]
    assert point["usage_point_id"] != CLIENT_0
    assert old(fresh, "addresses", CLIENT_0).json["customer"]["usage_points"][0]["usage_point"]["usage_point_id"] != CLIENT_0
    assert {contract["usage_point_id"] for contract in new(fresh, "situation_contrat_auto", BOTH).json} == {CLIENT_0}
    for document in ("identity", "contact_data"):
        assert old(fresh, document, CLIENT_0).status == 200
    for api in APIS_2026[1:]:
        assert new(fresh, api, CLIENT_0).status == 200
    stats = fresh.stats()
    assert (stats["errors"], stats["ok"]) == ({"wrongprm": 3}, 5)
