"""POST /subscribed_services/v1 of the simulator: what is told of many usage points at once, and that it is what the
measures answer (docs/enedis.md, Subscribed services)."""
import datetime
import json

import pytest
from sandbox import MEASURES, TODAY, Sandbox

CLIENT_0 = "22516914714270"
NO_CURVE = "32320647321714"
PRODUCER = "24880057139941"
BOTH = "12655648759651"
REFUSED = "26584978546985"
NOBODY = "99999999999999"
EVERYBODY = [CLIENT_0, "11453290002823", NO_CURVE, "12345678901234", "10284856584123", "42900589957123", PRODUCER, BOTH,
             "64975835695673", "63695879465986", "22315546958763", REFUSED, "30000000000000", "30000000000007"]
POPULATION = 1000
KIND_OF = {("CDC", "soutirage"): "consumption_load_curve", ("ENERGIE", "soutirage"): "daily_consumption",
           ("PMAX", "soutirage"): "daily_consumption_max_power", ("CDC", "injection"): "production_load_curve",
           ("ENERGIE", "injection"): "daily_production"}


@pytest.fixture(scope="module")
def quiet():
    """A simulator without a quota, shared by tests that change nothing in it."""
    with Sandbox("--quota", "none", "--today", TODAY, "--population", str(POPULATION)) as sandbox:
        yield sandbox


@pytest.fixture
def fresh():
    """A simulator of one's own."""
    with Sandbox("--quota", "none", "--today", TODAY, "--population", "20") as sandbox:
        yield sandbox


def of(*prms, **more):
    return {"pointId": list(prms), "comptage": False, **more}


def direction(service):
    assert service["soutirage"] is not service["injection"]
    return "soutirage" if service["soutirage"] else "injection"


def told(answer):
    """{PRM: {(type, direction)}} of a whole answer."""
    assert answer.status == 200 and answer.json["nbTotalServices"] == len(answer.json["serviceSouscrit"])
    found = {}
    for service in answer.json["serviceSouscrit"]:
        found.setdefault(service["pointId"], set()).add((service["mesuresTypeCode"], direction(service)))
    return found


CONSUMER = {("CDC", "soutirage"), ("ENERGIE", "soutirage"), ("PMAX", "soutirage"), ("IDX", "soutirage")}
FEEDER = {("CDC", "injection"), ("ENERGIE", "injection"), ("IDX", "injection")}


# --- what is told ----------------------------------------------------------------------------------


def test_a_service_has_the_captured_shape(quiet):
    body = quiet.services(of(CLIENT_0)).json
    assert list(body) == ["nbTotalServices", "serviceSouscrit"] and body["nbTotalServices"] == 4
    curve = body["serviceSouscrit"][0]
    first, last = (datetime.date.fromisoformat(curve[name]) for name in ("dateDebut", "dateFin"))
    assert first <= datetime.date.fromisoformat(TODAY) < last
    assert curve == {
        "id": curve["id"], "injection": False, "soutirage": True, "serviceCode": "ACCES", "dateDebut": curve["dateDebut"],
        "dateFin": curve["dateFin"], "etatCode": "ACTIF", "etatLibelle": "Actif", "pointId": CLIENT_0,
        "mesuresTypeCode": "CDC", "mesuresPas": "PT30M", "autorisation": {
            "autorisationId": curve["autorisation"]["autorisationId"], "autorisationLibelle": "Data Connect",
            "autorisationType": "EXPLICITE"}}
    assert isinstance(curve["id"], str) and isinstance(curve["autorisation"]["autorisationId"], int)
    assert {service["mesuresPas"] for service in body["serviceSouscrit"][1:]} == {"P1D"}


def test_each_usage_point_has_the_services_of_its_directions(quiet):
    assert told(quiet.services(of(CLIENT_0, NO_CURVE, PRODUCER, BOTH, REFUSED, NOBODY))) == {
        CLIENT_0: CONSUMER, NO_CURVE: CONSUMER - {("CDC", "soutirage")}, PRODUCER: FEEDER, BOTH: CONSUMER | FEEDER}


def test_what_is_told_is_what_the_measures_answer(quiet):
    services = told(quiet.services(of(*EVERYBODY)))
    for prm in EVERYBODY:
        answering = {kind for kind in MEASURES if quiet.measure(kind, prm, "2026-11-13", "2026-11-20").status == 200}
        assert {KIND_OF[key] for key in services.get(prm, ()) if key in KIND_OF} == answering


def test_the_interval_of_a_curve_is_told(quiet):
    steps = {service["pointId"]: service["mesuresPas"] for service in
             quiet.services(of("30000000000006", "30000000000007", "30000000000008")).json["serviceSouscrit"]
             if service["mesuresTypeCode"] == "CDC"}
    assert list(steps.values()) == ["PT30M", "PT10M", "PT10M"]  # the last one has switched


@pytest.mark.parametrize("change, expected", [
    ({"revoke": [BOTH]}, set()), ({"refuse": {BOTH: "no_such_point"}}, set()),
    ({"refuse": {BOTH: {"production": "ADAM-DC-0008"}}}, CONSUMER), ({"refuse": {BOTH: {"consumption": "not_authorized"}}}, FEEDER),
    ({"refuse": {BOTH: {"consumption": "ADAM-ERR0075"}}}, (CONSUMER | FEEDER) - {("CDC", "soutirage")}),
    ({"activation": {BOTH: {"production": "never"}}}, CONSUMER), ({"activation": {BOTH: "2026-11-01"}}, CONSUMER | FEEDER)])
def test_what_control_refuses_is_no_active_service(fresh, change, expected):
    fresh.control(**change)
    assert told(fresh.services(of(BOTH, CLIENT_0))) == {CLIENT_0: CONSUMER} | ({BOTH: expected} if expected else {})


def test_a_consent_that_was_granted_again_is_told(fresh):
    fresh.control(grant=[REFUSED])
    assert told(fresh.services(of(REFUSED))) == {REFUSED: CONSUMER}


def test_a_service_begins_with_the_consent_and_is_demanded_until_then(fresh):
    fresh.control(consent_start={CLIENT_0: "2026-11-05", BOTH: "2026-12-01"})
    begins = {service["pointId"]: (service["dateDebut"], service["etatCode"])
              for service in fresh.services(of(CLIENT_0, BOTH)).json["serviceSouscrit"]}
    assert begins == {CLIENT_0: ("2026-11-05", "ACTIF"), BOTH: ("2026-12-01", "DEMANDE")}
    assert set(told(fresh.services(of(CLIENT_0, BOTH, etatCode=["DEMANDE"])))) == {BOTH}
    assert set(told(fresh.services(of(CLIENT_0, BOTH, etatCode=["ACTIF"])))) == {CLIENT_0}
    assert told(fresh.services(of(CLIENT_0, BOTH, etatCode=["RESILIE"]))) == {}


def test_other_types_of_service_are_not_there(quiet):
    assert told(quiet.services(of(CLIENT_0, serviceType="ACCES"))) == {CLIENT_0: CONSUMER}
    assert told(quiet.services(of(CLIENT_0, serviceType="COLLECTE"))) == {}


# --- authorizations --------------------------------------------------------------------------------


def test_an_authorization_is_one_usage_point_and_stays_so(quiet):
    numbers = {}
    for service in quiet.services(of(*EVERYBODY)).json["serviceSouscrit"]:
        numbers.setdefault(service["pointId"], set()).add(service["autorisation"]["autorisationId"])
    assert all(len(each) == 1 for each in numbers.values())
    assert len(set.union(*numbers.values())) == len(numbers) == len(EVERYBODY) - 1
    with Sandbox("--quota", "none", "--today", "2026-05-04", "--seed", "7", "--population", "10") as other:
        for prm, (number,) in numbers.items():
            assert set(told(quiet.services({"autorisationId": number, "comptage": False}))) == {prm}
            assert set(told(other.services({"autorisationId": number, "comptage": False}))) == {prm}
    for number in (1, 10 ** 9):
        assert told(quiet.services({"autorisationId": number, "comptage": False})) == {}


# --- pages -----------------------------------------------------------------------------------------


def test_1000_usage_points_are_told_in_one_answer(quiet):
    prms = [str(30000000000000 + n) for n in range(POPULATION)]
    quiet.renew()
    quiet.reset()
    assert told(quiet.services(of(*prms))) == dict.fromkeys(prms, CONSUMER)
    assert quiet.stats()["by_path"] == {"/subscribed_services/v1": 1}


def test_pages_hold_everything_once(fresh):
    prms = [CLIENT_0, BOTH, PRODUCER]
    whole = fresh.services(of(*prms)).json["serviceSouscrit"]
    assert fresh.control(services_page=5)["services_page"] == 5
    pages = [fresh.services(of(*prms, page=page)).json for page in (1, 2, 3, 4)]
    assert [page["nbTotalServices"] for page in pages] == [14] * 4
    assert [len(page["serviceSouscrit"]) for page in pages] == [5, 5, 4, 0]
    assert sum((page["serviceSouscrit"] for page in pages), []) == whole
    assert fresh.services(of(*prms)).json == pages[0]
    assert len({service["id"] for service in whole}) == 14


def test_a_usage_point_that_is_named_twice_is_told_once(quiet):
    assert told(quiet.services(of(CLIENT_0, BOTH, CLIENT_0))) == {CLIENT_0: CONSUMER, BOTH: CONSUMER | FEEDER}


# --- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [
    "", "{", "[]", "null", '"x"', {}, {"comptage": False}, {"pointId": [CLIENT_0]}, of(), of(*[CLIENT_0] * 1001),
    of("123"), of(int(CLIENT_0)), of(None), {"pointId": CLIENT_0, "comptage": False}, of(CLIENT_0, comptage=True),
    of(CLIENT_0, comptage="false"), of(CLIENT_0, page=0), of(CLIENT_0, page=1.5), of(CLIENT_0, page="1"),
    of(CLIENT_0, etatCode="ACTIF"), of(CLIENT_0, etatCode=[]), of(CLIENT_0, etatCode=[1]), of(CLIENT_0, serviceType=None),
    of(CLIENT_0, more=1), of(CLIENT_0, autorisationId=123456), {"autorisationId": "123456", "comptage": False},
    {"autorisationId": -1, "comptage": False}, {"autorisationId": 1.5, "comptage": False}])
def test_a_body_outside_the_specification_is_a_technical_error(quiet, body):
    answer = quiet.services(body)
    assert (answer.status, answer.code) == (500, "technical_error")


def test_so_is_a_list_that_comes_twice_and_one_that_is_too_large(quiet):
    many = of(*[str(30000000000000 + n) for n in range(1000)])
    assert quiet.services(many).status == 200
    for body in (json.dumps(many)[:-1] + f', "pointId": ["{CLIENT_0}"]}}', " " * (1 << 20) + json.dumps(many)):
        answer = quiet.services(body)
        assert (answer.status, answer.code) == (500, "technical_error")


def test_a_form_is_no_body_of_it(quiet):
    headers = {"Authorization": f"Bearer {quiet.token}", "Content-Type": "application/x-www-form-urlencoded"}
    answer = quiet.request("POST", "/subscribed_services/v1", headers, json.dumps(of(CLIENT_0)))
    assert (answer.status, answer.code) == (500, "technical_error")


def test_it_takes_post_alone_and_has_refusals_like_the_others(fresh):
    assert fresh.get("/subscribed_services/v1").status == 405
    assert fresh.services(of(CLIENT_0), token="stale").json["code"] == "900901"
    fresh.control(unsubscribed=["subscribed_services"])
    answer = fresh.services(of(CLIENT_0))
    assert (answer.status, answer.code) == (403, "900908")
    assert fresh.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08").status == 200


def test_it_has_a_quota_of_its_own():
    with Sandbox("--quota", "1/1h", "--today", TODAY) as sandbox:
        assert [sandbox.services(of(CLIENT_0)).status for _ in range(2)] == [200, 429]
        assert sandbox.measure("daily_consumption", CLIENT_0, "2026-11-01", "2026-11-08").status == 200
        assert sandbox.stats()["by_api"]["subscribed_services"]["violations"] == 1


def test_v5_does_not_have_it():
    with Sandbox("--quota", "none", "--today", TODAY, "--api", "v5") as sandbox:
        assert sandbox.services(of(CLIENT_0)).status == 404


def test_wrongprm_tells_of_a_usage_point_that_was_not_asked(fresh):
    fresh.renew()
    fresh.control(faults={"wrongprm": 1})
    fresh.reset()
    assert {CLIENT_0, BOTH}.isdisjoint(told(fresh.services(of(CLIENT_0, BOTH))))
    assert told(fresh.services(of(NOBODY))) == {}
    stats = fresh.stats()
    assert (stats["errors"], stats["ok"]) == ({"wrongprm": 1}, 1)


@pytest.mark.parametrize("page", [0, 5001, 1.5, "5", None])
def test_a_bad_page_size_is_refused(fresh, page):
    answer = fresh.request("POST", "/__sandbox/control", body=json.dumps({"services_page": page}))
    assert answer.status == 400 and "services_page" in answer.json["error"]
