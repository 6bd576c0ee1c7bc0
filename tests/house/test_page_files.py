"""What can be seen of the page of releve serve without a browser: its files are built in, and each text is there in both
languages."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "adapters/web/page"
LITERAL = r'"((?:[^"\\]|\\.)*)"'
ENTRY = re.compile(r"^  (\w+): \[(.*?)\],$", re.MULTILINE | re.DOTALL)


def texts():
    """{name: [text, …]}: two of them, or twice one for one and one for several."""
    found = [entry for path in PAGE.glob("texts_*.js") for entry in ENTRY.findall(path.read_text())]
    assert len({name for name, _ in found}) == len(found), "a name stands for two texts"
    return {name: re.findall(LITERAL, text) for name, text in found}


def test_each_file_of_the_page_is_built_into_the_program():
    listed = re.findall(r"'page/([\w.]+)'", (ROOT / "adapters/web/meson.build").read_text())
    assert sorted(listed) == sorted(path.name for path in PAGE.iterdir())


def test_each_text_is_there_in_both_languages_with_the_same_values():
    found = texts()
    assert len(found) > 150
    for name, forms in found.items():
        assert len(forms) in (2, 4) and all(forms), name
        english, french = forms[:len(forms) // 2], forms[len(forms) // 2:]
        values = [{value for form in language for value in re.findall(r"\{(\w+)\}", form)} for language in (english, french)]
        assert values[0] == values[1], name


def test_each_text_that_is_asked_for_is_there():
    found = texts()
    for path in PAGE.glob("*.js"):
        for name in re.findall(r'\bword\("(\w+)"', path.read_text()):
            assert name in found, f"{path.name}: {name}"


def test_nothing_is_written_as_markup_and_nothing_is_fetched_from_elsewhere():
    for path in PAGE.iterdir():
        text = path.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), path.name
        assert not re.search(r"""https?://(?!www\.w3\.org/2000/svg)""", text), path.name
        assert path.suffix != ".html" or not re.search(r"<style|\sstyle=|<script(?![^>]* src=)|\son\w+=", text), path.name
