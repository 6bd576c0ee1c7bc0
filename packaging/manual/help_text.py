"""Reads what `releve --help` and `releve help COMMAND` print: the one source of the man pages and of the completions.

A help text is made of blocks with an empty line between them:

    usage: releve get ...           forms of the command line; more of them below, indented
    A paragraph.                    may end with rows, below it
    options:                        a section: rows, as those of a paragraph, with what they are about above them;
    KIND (one or several):          in brackets what is true of all rows
      --out DIR  what it does       a row: what it is about, two spaces or more, a text that goes on below, indented
      one, two,                     ... or only what it is about, and the text below
          what they are
      releve consent | releve ...   an example: a block of indented lines that are no rows
    exit codes: 0 this; 1 that

What is in capitals is to be replaced (FILE: of a file; KIND: by what stands in the section KIND), what is not is typed as it
stands (high|normal|low). What does not look like that ends the program with the line that it stands in: no word of a help text
may be lost on the way to the page.
"""
import dataclasses
import re
import subprocess
import sys

HEADING = re.compile(r"([A-Za-z]+)(?: \((.+)\))?:")
ROW = re.compile(r"  (\S.*?)(?:  +(\S.*))?")
OPTION = re.compile(r"(?:(-[A-Za-z]), )?(--[a-z][a-z-]*)(?: (\S+))?")
MENTIONED = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
EXIT = re.compile(r"(\d+(?:, \d+)*) (.+)")
FREE, FILES, DIRECTORIES, WORDS = "free", "files", "directories", "words"
PLACES = {"FILE": FILES, "DIR": DIRECTORIES}


@dataclasses.dataclass
class Row:
    term: str
    text: str


@dataclasses.dataclass
class Example:
    lines: list


@dataclasses.dataclass
class Section:
    title: str
    note: str  # what the heading has in brackets
    rows: list


@dataclasses.dataclass
class Value:
    """What stands behind an option, or in a command line as it is."""
    label: str      # as the help writes it: KIND[,...]
    holds: str      # FREE: nothing can be proposed
    words: list
    several: bool   # with commas between them
    tail: str       # what follows the word: the = of NAME=RATE


@dataclasses.dataclass
class Option:
    names: list     # --version, and the short one if there is one
    value: Value    # None: it has none
    text: str


@dataclasses.dataclass
class Help:
    """Of a command, or of the program (name: "")."""
    name: str
    usages: list = dataclasses.field(default_factory=list)
    body: list = dataclasses.field(default_factory=list)      # paragraphs (str), lists of rows, examples
    sections: list = dataclasses.field(default_factory=list)
    exits: list = dataclasses.field(default_factory=list)     # rows
    summary: str = ""
    options: list = dataclasses.field(default_factory=list)
    operands: list = dataclasses.field(default_factory=list)  # a Value for each place behind the command's name

    def section(self, title):
        return next((section for section in self.sections if section.title == title), None)

    def refuse(self, what, line):
        sys.exit(f"releve {f'help {self.name}' if self.name else '--help'}: {what}: {line.strip()!r} "
                 "(packaging/manual/help_text.py says how help is laid out)")


def read_rows(help_, lines):
    rows = []
    for line in lines:
        row = ROW.fullmatch(line)
        if row and not line.startswith("   "):
            if not rows or rows[-1].text:
                rows.append(Row(row[1], row[2] or ""))
            elif rows[-1].term.endswith(","):
                rows[-1] = Row(f"{rows[-1].term} {row[1]}", row[2] or "")
            else:
                help_.refuse("a row without a text", rows[-1].term)
        elif line.startswith("      ") and rows:
            rows[-1].text = f"{rows[-1].text} {line.strip()}".lstrip()
        else:
            help_.refuse("this is no row of a table", line)
    if not rows or not rows[-1].text:
        help_.refuse("a row without a text", lines[-1] if lines else "")
    return rows


def read_usages(help_, lines):
    begin = f"releve {help_.name}".strip()
    for line in lines:
        text = line.removeprefix("usage: ").strip()
        if text.startswith("releve "):
            help_.usages.append(text)
        elif help_.usages:
            help_.usages[-1] += f" {text}"
        if not help_.usages or not f"{help_.usages[-1]} ".startswith(f"{begin} "):
            help_.refuse(f"a usage line begins with {begin}", line)


def read_exits(help_, lines):
    for item in re.split(r"; (?=\d)", " ".join(map(str.strip, lines)).removeprefix("exit codes: ")):
        code = EXIT.fullmatch(item)
        if not code:
            help_.refuse("an exit code is a number and a text", item)
        help_.exits.append(Row(code[1], code[2]))


def read_block(help_, lines):
    heading = HEADING.fullmatch(lines[0])
    if lines[0].startswith("usage: "):
        read_usages(help_, lines)
    elif lines[0].startswith("exit codes: "):
        read_exits(help_, lines)
    elif heading:
        if help_.section(heading[1]):
            help_.refuse("a section that is there already", lines[0])
        if not lines[1:]:
            help_.refuse("a section without rows", lines[0])
        help_.sections.append(Section(heading[1], heading[2] or "", read_rows(help_, lines[1:])))
    elif lines[0].startswith(" "):
        for line in lines:
            if re.search(r"^   |\S  ", line) or not line.startswith("  "):
                help_.refuse("a table has a heading, and an example no columns", line)
        help_.body.append(Example([line.strip() for line in lines]))
    else:
        count = next((i for i, line in enumerate(lines) if line.startswith(" ")), len(lines))
        help_.body.append(" ".join(lines[:count]))
        if lines[count:]:
            rows = read_rows(help_, lines[count:])
            if rows[0].term.startswith("-"):
                help_.refuse("a table of options has a heading", lines[count])
            help_.body.append(rows)


def read_value(help_, label, commands):
    bare = re.sub(r"\[,[^]]*\]$", "", label)
    head, equals, _ = bare.partition("=")
    value = Value(label, FREE, [], bare != label, equals)
    for part in head.split("|"):
        section = help_.section(part)
        if part in PLACES:
            value.holds = PLACES[part]
        elif part == "COMMAND":
            value.words += commands
        elif section:
            value.words += [word for row in section.rows for word in row.term.split(", ")]
        elif re.fullmatch(r"[a-z0-9_-]*[a-z0-9][a-z0-9_-]*", part):
            value.words.append(part)
    if value.words and value.holds == FREE:
        value.holds = WORDS
    return value


def read_options(help_, commands):
    for section in filter(holds_options, help_.sections):
        for row in section.rows:
            option = OPTION.fullmatch(row.term)
            if not option:
                help_.refuse("an option is --name, or --name VALUE", row.term)
            names = [option[2], *filter(None, [option[1]])]
            if find_option(help_, option[2]):
                help_.refuse("an option that is there already", row.term)
            help_.options.append(Option(names, read_value(help_, option[3], commands) if option[3] else None, row.text))


def holds_options(section):
    return section.title == "options" or section.rows[0].term.startswith("-")


def find_option(help_, name):
    return next((option for option in help_.options if name in option.names), None)


def read_operands(help_, commands):
    """What stands in the usage lines and is neither an option nor the value of one."""
    for usage in help_.usages:
        if usage.count("[") != usage.count("]"):
            help_.refuse("a bracket is missing", usage)
        words = usage.replace("|--", " --").split()[2 if help_.name else 1:]
        place = 0
        while words:
            word = words.pop(0).removesuffix("...")
            name = word.strip("[]")
            option = find_option(help_, name)
            if name.startswith("-"):
                if not option or (option.value and (word.endswith("]") or not words)):
                    help_.refuse(f"{name} stands otherwise in the table of options", usage)
                if option.value:
                    words.pop(0)
                continue
            word = word[1:-1] if word.startswith("[") else word
            if word.count("[") != word.count("]"):
                help_.refuse(f"the brackets around {word}", usage)
            section = help_.section(word)
            if word == "OPTION" or (section and holds_options(section)):
                continue
            value = read_value(help_, word, commands)
            if place == len(help_.operands):
                help_.operands.append(value)
            else:
                there = help_.operands[place]
                there.words += [word for word in value.words if word not in there.words]
                there.holds, there.label = (WORDS, "|".join(there.words)) if there.words else (there.holds, there.label)
            place += 1


def read_help(name, text, commands):
    """`commands`: the names of all; of the program's own help they are not known yet."""
    help_ = Help(name)
    for block in re.split(r"\n{2,}", text.strip("\n")):
        lines = block.split("\n")
        if not name and lines[0].startswith("releve: "):
            help_.summary = " ".join(lines).removeprefix("releve: ")
        else:
            read_block(help_, lines)
    if not help_.usages or not (help_.body or help_.summary):
        help_.refuse("there is no usage line, or nothing that says what it does", text[:40])
    if name:
        read_options(help_, commands)
        read_operands(help_, commands)
    return help_


def print_of(program, *words):
    done = subprocess.run([program, *words], capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"releve {' '.join(words)}: exit code {done.returncode}; {done.stderr.strip()}")
    return done.stdout


def read_program(program):
    return read(lambda *words: print_of(program, *words))


def read(ask):
    """(Help of the program, [Help of each command], [Help of each other word that may stand in the place of a command])

    `ask("help", "plan")` is what the program prints."""
    whole = read_help("", ask("--help"), [])
    for title in ("options", "commands", "configuration"):
        if not whole.section(title):
            whole.refuse("a section is missing", title)
    names = [row.term for row in whole.section("commands").rows]
    read_options(whole, names)
    commands = []
    for row in whole.section("commands").rows:
        commands.append(read_help(row.term, ask("help", row.term), names))
        commands[-1].summary = row.text
    others = [Help(usage.split()[1], [usage]) for usage in whole.usages if usage.split()[1].islower()]
    for help_ in others:
        read_operands(help_, names)
        help_.summary = help_.usages[0]
    known = {name for help_ in (whole, *commands) for option in help_.options for name in option.names}
    for help_ in (whole, *commands):
        for text in texts(help_):
            for name in MENTIONED.findall(text):
                if name not in known:
                    help_.refuse(f"there is no option {name}", text)
    return whole, commands, others


def texts(help_):
    """All that is said in sentences."""
    for part in help_.body:
        if isinstance(part, str):
            yield part
        else:
            yield from part.lines if isinstance(part, Example) else (row.text for row in part)
    for section in help_.sections:
        yield section.note
        yield from (row.text for row in section.rows)
    yield from (row.text for row in help_.exits)
