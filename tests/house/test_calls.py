"""The house: calls between the files of engine/core, and between those of engine/runtime, run one way.

The compiler's own word for it: which object file needs a symbol that another one of the same library defines.
"""
import os
import pathlib
import subprocess

BUILD = pathlib.Path(os.environ["RELEVE_BIN"]).resolve().parents[2]
# docs/design.md, Who knows whom: who may be called by whom; a file that is not named here is a leaf that anybody may call.
LAYERS = {"core": 0, "react": 1, "schedule": 1, "job": 1, "preflight": 2, "refuse": 2, "fail": 3, "reach": 3, "claim": 3, "cut": 4,
          "series": 5, "limits": 6, "floor": 7, "freshness": 7, "result": 7, "plan": 7, "coverage": 8}
LEAVES = LAYERS["limits"]


def calls(library):
    """{file: {file that it calls: {symbols}}} of a static library."""
    listing = subprocess.run(["nm", BUILD / library], capture_output=True, text=True, check=True).stdout
    defined, needed, member = {}, {}, None
    for line in listing.splitlines():
        words = line.split()
        if line.endswith(".o:"):
            member = line[:-len(".c.o:")].split("/")[-1]
            needed[member] = set()
        elif len(words) == 2 and words[0] == "U":
            needed[member].add(words[1])
        elif len(words) == 3 and words[1] in "TRDB":
            defined[words[2]] = member
    graph = {}
    for caller, symbols in needed.items():
        graph[caller] = {}
        for symbol in symbols & defined.keys():
            if defined[symbol] != caller:
                graph[caller].setdefault(defined[symbol], set()).add(symbol)
    return graph


def find_circle(graph):
    """A list of files each of which calls the next one and the last the first; None where there is none."""
    done, path = set(), []

    def visit(file):
        if file in path:
            return path[path.index(file):]
        if file in done:
            return None
        path.append(file)
        for callee in sorted(graph[file]):
            circle = visit(callee)
            if circle:
                return circle
        done.add(path.pop())
        return None

    return next((circle for circle in map(visit, sorted(graph)) if circle), None)


def test_a_circle_is_found_where_there_is_one():
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def test_no_circle_of_calls_in_the_core():
    graph = calls("engine/core/libreleve_core.a")
    assert "series" in graph["react"], "nm was read wrongly"
    assert find_circle(graph) is None


def test_no_circle_of_calls_in_the_runtime():
    graph = calls("engine/runtime/libreleve_runtime.a")
    assert "perform" in graph["runtime"], "nm was read wrongly"
    assert find_circle(graph) is None


def test_the_layers_of_the_core():
    for caller, callees in calls("engine/core/libreleve_core.a").items():
        for callee, symbols in callees.items():
            if caller in LAYERS and callee in LAYERS:
                assert LAYERS[caller] < LAYERS[callee], f"{caller}.c calls {callee}.c: {symbols}"


def test_the_leaves_of_the_core_call_nothing_above_them():
    for caller, callees in calls("engine/core/libreleve_core.a").items():
        if caller not in LAYERS or LAYERS[caller] >= LEAVES:
            assert not [callee for callee in callees if LAYERS.get(callee, LEAVES) < LEAVES], f"{caller}.c: {callees}"
