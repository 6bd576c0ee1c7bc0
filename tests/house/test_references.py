"""What comments and documents point to is there: files, sections of documents, anchors, tests."""
import ast
import functools
import io
import pathlib
import re
import tokenize

import pytest

# One process reads all the comments, once.
pytestmark = pytest.mark.xdist_group("references")
ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("adapters", "bench", "docs", "engine", "examples", "include", "packaging", "tests", "tools")
BLOCKS = {  # how a comment looks in each language but Python: whole, then what begins its lines
    ".c": (r"/\*.*?\*/", r"[/ ]*\**"), ".h": (r"/\*.*?\*/", r"[/ ]*\**"),
    ".lua": (r"--[^\n]*(?:\n[ \t]*--[^\n]*)*", r"[ \t]*-+"),
    ".sh": (r"(?:^|(?<=\s))#[^\n]*(?:\n[ \t]*#[^\n]*)*", r"[ \t]*#+"),
    ".build": (r"(?:^|(?<=\s))#[^\n]*(?:\n[ \t]*#[^\n]*)*", r"[ \t]*#+"),
}
C_STRING = r'"(?:\\.|[^"\\\n])*"'
FILE = re.compile(r"(?<![\w/.<])([\w*][\w./*-]*\.(?:c|h|lua|py|sh|md|build))\b(?!\w)")
SECTION = re.compile(r"(docs/[\w-]+\.md), (?=[A-Z])")
OUTLAWED = re.compile(r"\b(DESIGN|ENEDIS|STYLE)\b")
TEST = re.compile(r"\b(test_\w+\.(?:c|py))::(test_\w+)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
OUTSIDE = {"assert.h", "microhttpd.h", "uv.h", "uthash.h", "utlist.h"}  # of other projects


@functools.cache
def tree():
    """Every file of ours, by its path from the top."""
    found = [p for p in ROOT.iterdir() if p.is_file()]
    found += [p for folder in FOLDERS for p in (ROOT / folder).rglob("*")
              if p.is_file() and "__pycache__" not in p.parts]
    return {str(p.relative_to(ROOT)) for p in found}


def python_comments(text):
    lines = text.split("\n")
    comments = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line = token.start[0]
            above = comments[-1] if comments else None
            alone = lines[line - 1].lstrip().startswith("#")
            if above and alone and above[2] == line - 1:
                comments[-1] = (above[0], above[1] + " " + token.string.lstrip("# "), line)
            else:
                comments.append((line, token.string.lstrip("# "), line if alone else 0))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            comments.append((node.body[0].lineno, ast.get_docstring(node), 0))
    return [(line, " ".join(comment.split())) for line, comment, _ in comments]


def comments(suffix, text):
    """Every comment as one line of text, with the line on which it begins."""
    if suffix == ".py":
        return python_comments(text)
    block, margin = BLOCKS[suffix]
    if suffix in (".c", ".h"):
        block = f"{C_STRING}|{block}"
    found = []
    for match in re.finditer(block, text, re.DOTALL | re.MULTILINE):
        if match.group().startswith('"'):
            continue
        lines = [re.sub(f"^{margin}", "", line) for line in match.group().removesuffix("*/").split("\n")]
        found.append((text.count("\n", 0, match.start()) + 1, " ".join(" ".join(lines).split())))
    return found


@functools.cache
def headings(document):
    text = re.sub(r"^```.*?^```", "", (ROOT / document).read_text(), flags=re.DOTALL | re.MULTILINE)
    return [title.replace("`", "").strip() for title in re.findall(r"^#+ +(.+)$", text, re.MULTILINE)]


def slug(title):
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@functools.cache
def exists(name, beside):
    """A path from the top, from include/ or from the citing file's folder; a bare name may be anywhere in the tree."""
    placeholder = re.fullmatch(r"[A-Z_]+\.(?!md).*", name)
    if placeholder or name in OUTSIDE or name.startswith(("sys/", "curl/", "cjson/", "hiredis/")):
        return True
    pattern = re.compile(re.escape(name).replace(r"\*", "[^/]*"))
    bases = ("", "include/", f"{beside}/" if beside else "")
    if any(pattern.fullmatch(path[len(base):]) for base in bases for path in tree() if path.startswith(base)):
        return True
    return "/" not in name and any(pattern.fullmatch(path.rsplit("/", 1)[-1]) for path in tree())


def broken_sections(text):
    for match in SECTION.finditer(text):
        document, at = match.group(1), match.end()
        while document in tree():
            title = max((t for t in headings(document) if text.startswith(t, at)
                         and not re.match(r"\w", text[at + len(t):])), key=len, default=None)
            if title is None:
                yield f"{document} has no section \"{text[at:at + 30]}\""
                break
            more = re.match(r"(?:, | and )(?=[A-Z])", text[at + len(title):])
            if not more:
                break
            at += len(title) + more.end()


def broken_files(text, beside, bare=True):
    for match in FILE.finditer(text):
        if (bare or match.group(1).startswith(tuple(f"{folder}/" for folder in FOLDERS))) \
                and not exists(match.group(1), beside):
            yield f"{match.group(1)} is not in the tree"


def broken_tests(text):
    for file, name in TEST.findall(text):
        paths = [path for path in tree() if path.endswith(f"/{file}")]
        if not any(re.search(rf"\b{name}\b", (ROOT / path).read_text()) for path in paths):
            yield f"{file} has no {name}"


def broken_links(text, document):
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`\n]*`", "", text)
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        if not file.exists():
            yield f"{target}: no such file"
        elif anchor and anchor not in [slug(title) for title in headings(str(file.resolve().relative_to(ROOT)))]:
            yield f"{target}: no such heading"


def sources():
    return sorted(path for path in tree() if pathlib.Path(path).suffix in (*BLOCKS, ".py"))


def documents():
    return sorted(path for path in tree() if path.endswith(".md"))


@functools.cache
def each_comment():
    return [(path, line, comment) for path in sources()
            for line, comment in comments(pathlib.Path(path).suffix, (ROOT / path).read_text())]


def none(broken):
    assert not broken, f"{len(broken)} broken:\n" + "\n".join(broken)


def test_files_that_comments_name_are_there():
    none([f"{path}:{line}: {what}" for path, line, comment in each_comment()
          for what in broken_files(comment, str(pathlib.Path(path).parent))])


def test_sections_that_comments_name_are_there():
    none([f"{path}:{line}: {what}" for path, line, comment in each_comment() for what in broken_sections(comment)])


def test_no_comment_cites_what_is_not_published():
    none([f"{path}:{line}: cites {match.group()}" for path, line, comment in each_comment()
          for match in OUTLAWED.finditer(comment)])


def test_links_files_sections_and_tests_in_documents_are_there():
    broken = []
    for document in documents():
        text = (ROOT / document).read_text()
        prose = " ".join(re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE).replace("`", "").split())
        broken += [f"{document}: {what}" for what in (
            *broken_links(text, document), *broken_files(prose, str(pathlib.Path(document).parent), bare=False),
            *broken_sections(prose), *broken_tests(prose))]
    none(broken)


def test_a_broken_reference_is_found():
    def in_c(text):
        return [comment for _, comment in comments(".c", text)]

    assert in_c('/* a\n * docs/design.md,\n * Laws */ "/* no */" /* b */') == ["a docs/design.md, Laws", "b"]
    assert comments(".lua", "x = 1 -- a\n-- b\n\n-- c") == [(1, "a b"), (4, "c")]
    assert comments(".py", '"""A."""\n# b\n# c\nx = "# d"  # e\n') == [(2, "b c"), (4, "e"), (1, "A.")]
    assert list(broken_sections("docs/design.md, The step. docs/enedis.md, Quotas and Errors")) == []
    assert list(broken_sections("docs/design.md, Nothing")) and list(broken_sections("docs/design.md, Lawsuits"))
    assert list(broken_sections("docs/enedis.md, Quotas and Nothing"))
    assert list(broken_files("see plan.c, releve/plan.h, test_enedis_*.c and tests/house/test_references.py", "")) == []
    assert len(list(broken_files("nothing.c, docs/nothing.md, releve/nothing.h", ""))) == 3
    assert list(broken_tests("test_references.py::test_a_broken_reference_is_found")) == []
    assert list(broken_tests("test_references.py::test_" + "nothing"))
    assert list(broken_links("[a](design.md#laws) [b](#laws) `[c](nothing)`", "docs/design.md")) == []
    assert len(list(broken_links("[a](nothing.md) [b](#nothing) [c](enedis.md#laws)", "docs/design.md"))) == 3
    assert OUTLAWED.search("(STYLE 2)") and not OUTLAWED.search("ENEDIS_JSON_H")
