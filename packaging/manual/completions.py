"""Writes the completions of bash, zsh and fish: completions.py RELEVE BASH ZSH FISH, run by meson when RELEVE is built.

What can be proposed is read from what RELEVE prints as its help (help_text.py) and stands in the files as words: a
completion starts no program and asks no Redis. Where a value is free, nothing is proposed, and no files either.
"""
import pathlib
import re
import sys

import help_text
from help_text import DIRECTORIES, FILES, FREE, WORDS


def brief(text):
    """The beginning of a text, for a line in a list."""
    return re.split(r"[;:.] |, (?:in|unless|where|which)\\b| \(|[;:.]$", text)[0]


def places(help_):
    """(how the place is called, its Value): behind options, then operands by number, from 1."""
    for option in help_.options:
        for name in option.names if option.value else []:
            yield name, option.value
    for number, value in enumerate(help_.operands, 1):
        yield str(number), value


# --- bash ---------------------------------------------------------------------------------------

BASH = r"""# bash completion for releve: made of what its --help says (completions.py).

# What may stand in a place: "COMMAND --OPTION", or "COMMAND NUMBER" for a word that belongs to no option.
_releve_place()
{
    value=()
    case "$1" in
@PLACES@
    esac
}

_releve_options()
{
    case "$1" in
@OPTIONS@
    esac
}

_releve()
{
    local command="${COMP_WORDS[1]-}" current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
    local before="" behind="" options="" tail="" word
    local -a value=()
    COMPREPLY=()
    # bash takes "--kind=daily" for three words.
    if [[ $current == "=" ]]; then
        current="" behind=yes
    elif [[ $previous == "=" ]]; then
        previous="${COMP_WORDS[COMP_CWORD-2]}" behind=yes
    fi
    if [[ $COMP_CWORD -eq 1 ]]; then
        value=(words @FIRST@)
    else
        _releve_place "$command $previous"
    fi
    if [[ ${#value[@]} -eq 0 && -z $behind ]]; then
        [[ " ${COMP_WORDS[*]:2} " == *" -"* ]] || _releve_place "$command $((COMP_CWORD - 1))"
        [[ ${#value[@]} -ne 0 ]] || { _releve_options "$command" && value=(words $options); }
    fi
    case "${value[0]-}" in
    files) compopt -o default ;;
    directories) compopt -o dirnames ;;
    list) before="${current%"${current##*,}"}" && compopt -o nospace ;; # with commas between the words, each once
    words=) tail="=" && compopt -o nospace ;;
    esac
    for word in "${value[@]:1}"; do
        [[ $before$word != "$current"* || ,$before == *",$word,"* ]] || COMPREPLY+=("$before$word$tail")
    done
}

complete -F _releve releve
"""


def bash_value(value):
    if value.holds != WORDS:
        return value.holds
    return " ".join(["list" if value.several else f"words{value.tail}", *value.words])


def bash(whole, commands, others):
    alike = {}  # what holds in many places is said once
    for help_ in (*commands, *others):
        for place, value in places(help_):
            alike.setdefault(bash_value(value), []).append(f'"{help_.name} {place}"')
    cases = [f"    {' | '.join(where)})\n        value=({value})\n        ;;" for value, where in alike.items()]
    options = [f'    {help_.name}) options="{" ".join(options_of(help_, whole))}" ;;' for help_ in commands]
    first = " ".join(first_words(whole, commands, others))
    return BASH.replace("@PLACES@", "\n".join(cases)).replace("@OPTIONS@", "\n".join(options)).replace("@FIRST@", first)


def first_words(whole, commands, others):
    return [*(help_.name for help_ in (*commands, *others)), *(option.names[0] for option in whole.options)]


def options_of(help_, whole):
    """The long ones, and that which each command has: adapters/cli/main.c answers it for all."""
    return [option.names[0] for option in help_.options] + [help_option(whole).names[0]]


def help_option(whole):
    return help_text.find_option(whole, "--help") or whole.refuse("there is no option --help", "options:")


# --- zsh ----------------------------------------------------------------------------------------

ZSH = r"""#compdef releve
# zsh completion for releve: made of what its --help says (completions.py).

_releve() {
    local context state state_descr line
    typeset -A opt_args
    local -a commands=(
@COMMANDS@
    )
    _arguments -C -S @OPTIONS@ \
        '1:command:->command' '*::argument:->argument'
    case $state in
    command) _describe -t commands 'releve command' commands ;;
    argument)
        case $words[1] in
@CASES@
        esac
        ;;
    esac
}

_releve "$@"
"""


def zsh_quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh_escape(text):
    return re.sub(r"([:\[\]\\])", r"\\\1", text)


def zsh_value(value):
    words = " ".join(value.words)
    action = {FILES: "_files", DIRECTORIES: "_files -/", FREE: " ", WORDS: f"({words})"}[value.holds]
    if value.holds == WORDS and value.several:
        action = f"_sequence compadd - {words}"
    elif value.holds == WORDS and value.tail:
        action = f"compadd -S {value.tail} - {words}"
    return f":{zsh_escape(value.label)}:{action}"


def zsh_option(option):
    again = "*" if "may be given again" in option.text else ""
    text = f"[{zsh_escape(brief(option.text))}]"
    if option.value:
        return zsh_quote(f"{again}{option.names[0]}={text}{zsh_value(option.value)}")
    return zsh_quote(f"{again}{option.names[0]}{text}")


def zsh(whole, commands, others):
    names = [f"        {zsh_quote(f'{help_.name}:{zsh_escape(help_.summary)}')}" for help_ in (*commands, *others)]
    cases = []
    for help_ in (*commands, *others):
        specs = [zsh_option(option) for option in (*help_.options, *([help_option(whole)] if help_ in commands else []))]
        specs += [zsh_quote(f"{number}{zsh_value(value)}") for number, value in enumerate(help_.operands, 1)]
        cases.append(f"        {help_.name})\n            _arguments -S \\\n                " + " \\\n                ".join(specs) +
                     "\n            ;;")
    options = " ".join(map(zsh_option, whole.options))
    return ZSH.replace("@COMMANDS@", "\n".join(names)).replace("@CASES@", "\n".join(cases)).replace("@OPTIONS@", options)


# --- fish ---------------------------------------------------------------------------------------

FISH = r"""# fish completion for releve: made of what its --help says (completions.py).

# The command line has this command, and, where a number is given, the word at the cursor is that one behind it.
function __releve_at --argument-names command number
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    test "$words[2]" = "$command"; and begin
        test -z "$number"; or test (count $words) -eq (math $number + 1)
    end
end

# No command yet.
function __releve_first
    test (count (commandline --tokenize --current-process --cut-at-cursor)) -eq 1
end

# Words with commas between them, each once.
function __releve_list
    set -l token (commandline --current-token --cut-at-cursor | string replace --regex '^--[^=]*=' '')
    set -l before (string match --regex '^.*,' -- $token)
    for word in $argv
        contains -- $word (string split , -- "$before"); or echo "$before$word"
    end
end

complete -c releve -f
"""


def fish_quote(text):
    return "'" + re.sub(r"([\\'])", r"\\\1", text) + "'"


def fish_value(value):
    if value.holds == FILES:
        return "-r -F"
    words = " ".join(value.words)
    proposed = {FREE: "", DIRECTORIES: "(__fish_complete_directories)",
                WORDS: f"(__releve_list {words})" if value.several else " ".join(word + value.tail for word in value.words)}
    return f"-x -a {fish_quote(proposed[value.holds])}" if proposed[value.holds] else "-x"


def fish_option(condition, option):
    long, *short = (name.lstrip("-") for name in option.names)
    return (f"complete -c releve -n {fish_quote(condition)} -l {long}" + "".join(f" -s {letter}" for letter in short) +
            (f" {fish_value(option.value)}" if option.value else "") + f" -d {fish_quote(brief(option.text))}")


def fish(whole, commands, others):
    lines = [fish_option("__releve_first", option) for option in whole.options]
    for help_ in (*commands, *others):
        lines.append(f"complete -c releve -n __releve_first -a {help_.name} -d {fish_quote(help_.summary)}")
    for help_ in (*commands, *others):
        lines.append("")
        options = [*help_.options, *([help_option(whole)] if help_ in commands else [])]
        lines += [fish_option(f"__releve_at {help_.name}", option) for option in options]
        lines += [f"complete -c releve -n '__releve_at {help_.name} {number}' {fish_value(value)}"
                  for number, value in enumerate(help_.operands, 1)]
    return FISH + "\n".join(lines) + "\n"


def main():
    program, *files = sys.argv[1:]
    read = help_text.read_program(program)
    for write, path in zip((bash, zsh, fish), files, strict=True):
        pathlib.Path(path).write_text(write(*read), encoding="utf-8")


if __name__ == "__main__":
    main()
