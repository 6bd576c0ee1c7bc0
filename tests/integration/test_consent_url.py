"""releve consent-url: the address of Enedis's consent page, taken apart by another parser. Nothing is sent, no Redis is
started, and neither is needed."""
import json
import re
import string
import urllib.parse

import pytest
from world import Running, clean_environment

HOST = "mon-compte-particulier.enedis.fr"
BACK = "https://example.org/back?from=enedis&x=1"
AWKWARD = string.punctuation + " " + string.ascii_letters[:5]
DURATIONS = ("P1Y", "P3Y", "P6M", "P36M", "P30D", "P1095D", "P1D", "P1M")
NO_DURATIONS = ("", "P", "1Y", "P0Y", "P4Y", "P37M", "P1096D", "P1W", "PT1H", "p1y", "P1Y6M", "P01Y", "P1Y ", "P-1Y", "P+1Y", "P1.5Y",
                "P99999999999999999999D", "Y1P", "P1")


@pytest.fixture
def run(tmp_path):
    def run(*words, **settings):
        redis = tmp_path / "redis"
        env = {**clean_environment(), "RELEVE_REDIS": f"embedded:{redis}", "CLIENT_ID": "client", **settings}
        ended = Running(["consent-url", *words], {name: value for name, value in env.items() if value is not None},
                        tmp_path).end()
        assert not redis.exists()
        return ended
    return run


def parts_of(ended):
    """The address on stdout, taken apart: (path, parameters); each parameter stands once."""
    assert ended.code == 0 and ended.out.count("\n") == 1, ended
    url = ended.out.rstrip("\n")
    assert set(url) <= set(string.ascii_letters + string.digits + "-._~%:/?=&"), url
    parts = urllib.parse.urlsplit(url)
    assert parts.scheme == "https" and parts.netloc == HOST and parts.fragment == "", url
    pairs = urllib.parse.parse_qsl(parts.query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs), url
    return parts.path, dict(pairs)


def refused(ended, *says):
    assert ended.code == 2 and ended.out == "" and ended.err.count("\n") == 1, ended
    for words in says:
        assert words in ended.err, ended


def test_the_form_of_2026(run):
    path, parameters = parts_of(run("--duration", "P1Y", "--state", "s"))
    assert path == "/dataconnect/v2/oauth2/authorize"
    assert parameters == {"client_id": "client", "response_type": "code", "state": "s", "duration": "P1Y"}


def test_the_form_of_v5(run):
    path, parameters = parts_of(run("--redirect", BACK, "--duration", "P6M", "--state", "s", RELEVE_API="v5"))
    assert path == "/dataconnect/v1/oauth2/authorize"
    assert parameters == {"client_id": "client", "response_type": "code", "state": "s", "duration": "P6M",
                          "redirect_uri": BACK}
    assert "redirect_uri" not in parts_of(run("--duration", "P6M", RELEVE_API="v5"))[1]


def test_2026_has_no_redirect_and_says_so(run):
    ended = run("--redirect", BACK, "--duration", "P1Y", "--state", "s")
    assert "redirect_uri" not in parts_of(ended)[1]
    assert ended.err.count("\n") == 1 and "--redirect is left out" in ended.err, ended


def test_everything_is_escaped(run):
    _, parameters = parts_of(run("--redirect", "https://example.org/" + "!$&'()*+,;=:@/?é%20", "--duration", "P1Y", "--state",
                                 AWKWARD, RELEVE_API="v5", CLIENT_ID="a client&secret=%41+é"))
    assert parameters["client_id"] == "a client&secret=%41+é" and parameters["state"] == AWKWARD
    assert parameters["redirect_uri"] == "https://example.org/" + "!$&'()*+,;=:@/?é%20"


def test_a_state_of_128_bits_is_drawn_and_said(run):
    states = set()
    for _ in range(20):
        ended = run("--duration", "P1Y")
        state = parts_of(ended)[1]["state"]
        assert re.fullmatch("[0-9a-f]{32}", state) and ended.err.count(state) == 1, ended
        states.add(state)
    assert len(states) == 20
    assert all(len({state[i] for state in states}) > 1 for i in range(32))


def test_a_state_that_is_given_is_not_said_again(run):
    assert run("--duration", "P1Y", "--state", "mine").err == ""


@pytest.mark.parametrize("words", [(), ("--state", "mine")])
def test_json_has_the_address_and_the_state(run, words):
    ended = run("--duration", "P1Y", "--json", *words)
    document = json.loads(ended.out)
    parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(document["url"]).query))
    assert ended.code == 0 and ended.err == "" and ended.out.count("\n") == 1, ended
    assert set(document) == {"api", "url", "state"} and document["api"] == "2026"
    assert document["state"] == parameters["state"] and (not words or document["state"] == "mine")


@pytest.mark.parametrize("upstream", ["production", "sandbox", "http://127.0.0.1:1", None])
def test_the_upstream_does_not_change_the_page_and_is_not_asked(run, upstream):
    assert parts_of(run("--duration", "P1Y", RELEVE_UPSTREAM=upstream))[0] == "/dataconnect/v2/oauth2/authorize"


@pytest.mark.parametrize("duration", DURATIONS)
def test_durations_up_to_three_years(run, duration):
    assert parts_of(run("--duration", duration))[1]["duration"] == duration


@pytest.mark.parametrize("duration", NO_DURATIONS)
def test_what_is_no_duration_is_refused_with_what_is_allowed(run, duration):
    refused(run("--duration", duration), "--duration", "P3Y", "P36M", "P1095D")


def test_a_duration_has_to_be_given(run):
    refused(run(), "--duration", "P3Y")


@pytest.mark.parametrize("state", ["", "x" * 101, "é", "a\nb", "\x7f"])
def test_what_is_no_state_is_refused_with_what_is_allowed(run, state):
    refused(run("--duration", "P1Y", "--state", state), "--state", "1 to 100")


@pytest.mark.parametrize("redirect", ["", "example.org", "ftp://example.org", "https://", "https://example.org/#part", "https://a b",
                                      "https:///path", "https://example.org/\n", "https://example.org/" + "x" * 1000,
                                      "javascript:alert(1)"])
@pytest.mark.parametrize("api", ["2026", "v5"])
def test_what_is_no_address_is_refused_with_what_is_allowed(run, redirect, api):
    refused(run("--duration", "P1Y", "--redirect", redirect, RELEVE_API=api), "--redirect", "https://")


def test_without_a_client_id_it_says_what_to_set_and_needs_no_secret(run):
    refused(run("--duration", "P1Y", CLIENT_ID=None), "CLIENT_ID is not set")
    parts_of(run("--duration", "P1Y", CLIENT_SECRET=None))


def test_a_secret_is_in_no_word_of_it(run):
    ended = run("--duration", "P1Y", CLIENT_SECRET="very-secret")
    assert parts_of(ended) and "very-secret" not in ended.out + ended.err


def test_help_and_wrong_words(run):
    ended = run("--help")
    assert ended.code == 0 and all(word in ended.out for word in ("--redirect", "--duration", "--state", "--json")), ended
    refused(run("--duration", "P1Y", "--frob"), "--frob")
