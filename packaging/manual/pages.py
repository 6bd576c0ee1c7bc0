"""Writes the man pages of releve: pages.py RELEVE SCDOC VERSION DIR, run by meson when RELEVE is built.

What they say is what RELEVE prints as its help (help_text.py). scdoc makes roff of it; what has a meaning to scdoc is
escaped. A page bears the date of SOURCE_DATE_EPOCH, and none where that is not set: the time of a build is no property of
the text, and one source gives the same bytes everywhere.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import help_text

OPTION = r"(?<![\w-])--?[A-Za-z][a-z-]*(?!\w)"
OF_ALL_PAGES = ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO")
PIECE = re.compile(rf"{OPTION}|[A-Z][A-Z_]*|[a-z0-9_][\w-]*")


def escape(text):
    return re.sub(r"([\\*_`])", r"\\\1", text)


def prose(text):
    """A line of scdoc: options in bold."""
    line = "".join(f"*{part}*" if i % 2 else escape(part) for i, part in enumerate(re.split(f"({OPTION})", text)))
    if line.startswith("."):
        return f"**{line}"  # scdoc would lose it, and roff take it for a command
    return re.sub(r"^([#\-;|\[\]])", r"\\\1", line)


def synopsis(text):
    """What is typed as it stands in bold, what is to be replaced underlined."""
    parts, at = [], 0
    for piece in PIECE.finditer(text):
        mark = "_" if piece[0].isupper() and not piece[0].startswith("-") else "*"
        parts += [escape(text[at:piece.start()]), mark, escape(piece[0]), mark]
        at = piece.end()
    return re.sub(r"^([|\[\]])", r"\\\1", "".join(parts) + escape(text[at:]))


def definitions(rows, term):
    return "\n".join(f"{term(row.term)}\n\t{prose(row.text)}\n" for row in rows)


def bold(text):
    return f"*{escape(text)}*"


def words(text):
    return ", ".join(map(bold, text.split(", ")))


def reference(page):
    return f"*{page}*(1)"


def body(help_):
    for part in help_.body:
        if isinstance(part, str):
            yield f"{prose(part)}\n"
        elif isinstance(part, help_text.Example):
            yield "\n".join(["```", *(line.replace("\\", "\\\\") for line in part.lines), "```\n"])
        else:
            yield definitions(part, bold)


def sections(help_):
    """Those that the help names itself."""
    for section in help_.sections:
        if not help_.name and section.title in ("commands", "configuration"):
            continue
        if section.title.upper() in OF_ALL_PAGES:
            help_.refuse("a section of this name has every page already", section.title)
        yield f"# {section.title.upper()}\n"
        if section.note:
            yield f"{prose(section.note[0].upper() + section.note[1:])}.\n"
        yield definitions(section.rows, synopsis if help_text.holds_options(section) else words)


def page(name, help_, version, exits, own, environment, near):
    return "\n".join([
        f'{name}(1) "releve {version}" "releve"\n',
        "# NAME\n", f"{name} - {escape(help_.summary).rstrip('.')}\n",
        "# SYNOPSIS\n", "++\n".join(map(synopsis, help_.usages)) + "\n",
        "# DESCRIPTION\n", *body(help_), *sections(help_), *own,
        "# EXIT STATUS\n", definitions(exits, words),
        "# ENVIRONMENT\n", environment,
        "# SEE ALSO\n", ", ".join(map(reference, near)) + "\n"])


def program_page(whole, commands, version):
    settings, pages = whole.section("configuration"), [f"releve-{command.name}" for command in commands]
    own = ["# COMMANDS\n", *(f"{reference(name)}\n\t{prose(command.summary)}\n" for name, command in zip(pages, commands))]
    environment = f"{prose(settings.note[0].upper() + settings.note[1:])}.\n\n{definitions(settings.rows, words)}"
    return page("releve", whole, version, whole.exits, own, environment, pages)


def command_page(help_, whole, commands, version):
    said = " ".join(help_text.texts(help_))
    near = [f"releve-{command.name}" for command in commands
            if command is not help_ and re.search(rf"\breleve {command.name}(?![\w-])", said)]
    environment = f"{reference('releve')} has the settings, which are the same for all commands.\n"
    return page(f"releve-{help_.name}", help_, version, help_.exits or whole.exits, [], environment, ["releve", *near])


def line_of_roff(line):
    """With characters that a reader may copy: roff has prettier ones in their places."""
    if line.startswith(".TH "):
        return f"{line}\n.nh"  # names of settings and pages stay whole
    if line.startswith((".", "'")):
        return line
    line = re.sub(r"\\fB[^\\]*\\fR", lambda word: word[0].replace("-", r"\-"), line)
    return re.sub(r"(?<![\w\\])-", r"\\-", line).replace("~", r"\(ti").replace("^", r"\(ha")


def roff(scdoc, name, text):
    date = os.environ.get("SOURCE_DATE_EPOCH")
    done = subprocess.run([scdoc], input=text, capture_output=True, encoding="utf-8",
                          env={**os.environ, "SOURCE_DATE_EPOCH": date or "0"})
    if done.returncode != 0:
        sys.exit(f"scdoc refuses the page {name}: {done.stderr.strip()}\n{text}")
    page_ = done.stdout if date else done.stdout.replace(' "1970-01-01" ', ' "" ', 1)
    return "\n".join(map(line_of_roff, page_.split("\n")))


def texts(whole, commands, version):
    """{name: page}, for scdoc."""
    return {"releve": program_page(whole, commands, version),
            **{f"releve-{help_.name}": command_page(help_, whole, commands, version) for help_ in commands}}


def main():
    program, scdoc, version, directory = sys.argv[1:]
    whole, commands, _ = help_text.read_program(program)
    out = pathlib.Path(directory)
    shutil.rmtree(out, ignore_errors=True)  # no page stays of a command that is gone
    out.mkdir(parents=True)
    for name, text in texts(whole, commands, version).items():
        (out / f"{name}.1").write_text(roff(scdoc, name, text), encoding="utf-8")


if __name__ == "__main__":
    main()
