"""releve token: what it prints is a token in the form that clients look into, and what it keeps is no way in. Neither Redis nor
upstream is asked."""
import base64
import concurrent.futures
import hashlib
import json
import re
import stat
import time

import pytest
from world import Running, clean_environment

PRMS = ["22516914714270", "00000000000001", "12655648759651"]
MOST = 128


@pytest.fixture
def run(tmp_path):
    def run(*words):
        env = {**clean_environment(), "RELEVE_REDIS": f"embedded:{tmp_path}/redis"}
        ended = Running(["token", *words], env, tmp_path).end()
        assert not (tmp_path / "redis").exists()
        return ended
    return run


def of(prms):
    return [word for prm in prms for word in ("--prm", prm)]


def parts_of(ended):
    """(the token, its header, its payload, what stands where a signature would)"""
    assert ended.code == 0 and re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", ended.out), ended
    token = ended.out.strip()
    header, payload, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    return token, json.loads(header), json.loads(payload), signature


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def test_a_token_names_its_usage_points_in_their_order(run):
    ended = run(*of(PRMS), "--prm", PRMS[0])
    token, header, payload, signature = parts_of(ended)
    assert header == {"alg": "HS256", "typ": "JWT"} and payload["sub"] == PRMS and len(signature) == 32
    assert time.time() - 60 < payload["iat"] <= time.time()
    assert ended.err.splitlines()[-1] == f"{digest(token)} {' '.join(PRMS)}" and token not in ended.err


def test_no_two_tokens_are_alike(run):
    tokens = [parts_of(run("--prm", PRMS[0])) for _ in range(5)]
    assert len({signature for *_, signature in tokens}) == len({token for token, *_ in tokens}) == 5


def test_lines_are_appended_to_a_file_of_ones_own_and_it_has_no_token(run, tmp_path):
    file = tmp_path / "tokens"
    tokens = [parts_of(run(*of(prms), "--token-file", str(file)))[0] for prms in (PRMS, PRMS[:1])]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == f"{digest(tokens[0])} {' '.join(PRMS)}\n{digest(tokens[1])} {PRMS[0]}\n"


def test_a_last_line_without_an_end_stays_a_line(run, tmp_path):
    file = tmp_path / "tokens"
    file.write_text("# of nobody")
    file.chmod(0o600)
    token = parts_of(run("--prm", PRMS[0], "--token-file", str(file)))[0]
    assert file.read_text() == f"# of nobody\n{digest(token)} {PRMS[0]}\n"


def test_commands_at_once_lose_no_line(run, tmp_path):
    file = tmp_path / "tokens"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        tokens = [parts_of(ended)[0] for ended in
                  pool.map(lambda prm: run("--prm", prm, "--token-file", str(file)), [f"{i:014}" for i in range(24)])]
    assert sorted(file.read_text().splitlines()) == sorted(f"{digest(token)} {i:014}" for i, token in enumerate(tokens))


def test_usage_points_come_from_a_file_and_are_at_most_so_many(run, tmp_path):
    file = tmp_path / "points.csv"
    file.write_text("\n".join(f"{i:014}" for i in range(MOST)))
    token, _, payload, _ = parts_of(run("--prms", str(file)))
    assert len(payload["sub"]) == MOST and len(token) < 4096  # what releve takes as CONSO_TOKEN
    file.write_text("\n".join(f"{i:014}" for i in range(MOST + 1)))
    ended = run("--prms", str(file))
    assert (ended.code, ended.out) == (2, "") and "at most 128" in ended.err


@pytest.mark.parametrize("words, says", [([], "--prm"), (["--prm", "1"], "14 digits"), (["22516914714270"], "--prm"),
                                         (["--prm", PRMS[0], "--token-file"], "needs a value")])
def test_a_wrong_command_line_gets_one_line_and_2(run, words, says):
    ended = run(*words)
    assert (ended.code, ended.out) == (2, "") and ended.err.count("\n") == 1 and says in ended.err, ended


def test_no_token_is_made_where_its_line_cannot_be_kept(run, tmp_path):
    file = tmp_path / "tokens"
    file.write_text("nonsense\n")
    file.chmod(0o600)
    ended = run("--prm", PRMS[0], "--token-file", str(file))
    assert (ended.code, ended.out) == (2, "") and "line 1" in ended.err and file.read_text() == "nonsense\n", ended
    file.write_text("")
    file.chmod(0o640)
    ended = run("--prm", PRMS[0], "--token-file", str(file))
    assert (ended.code, ended.out) == (2, "") and "chmod 600" in ended.err and file.read_text() == "", ended
    ended = run("--prm", PRMS[0], "--token-file", str(tmp_path / "nowhere" / "tokens"))
    assert (ended.code, ended.out) == (2, "") and "nowhere" in ended.err, ended


def test_what_is_no_file_is_refused(run):
    ended = run("--prm", PRMS[0], "--token-file", "/dev/null")
    assert (ended.code, ended.out) == (2, "") and "is no file" in ended.err, ended
