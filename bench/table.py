#!/usr/bin/python3
"""Makes one Markdown table of what the programs of bench/ print, and JSON.

    ... | bench/table.py FILE      the table on standard output as it comes, FILE in the end

A line with a figure (figures.py has its form) becomes a row; any other line stands as it is, and the next figure begins a
new table.
"""
import json
import re
import sys

FIGURE = re.compile(r"(?P<what>.+?) {2,}(?P<figure>-?\d[\d.e+-]*)(?: (?P<rest>.*))?$")
BOUND = re.compile(r"(?P<unit>.*?) *(?P<bound>[<>]= .*?) +(?P<verdict>ok|MISSED)$")
HEAD = "| what | figure | bound | |\n|---|---|---|---|"


def read(line):
    """{what, figure, unit, bound, verdict} of a line; None where it has no figure."""
    found = FIGURE.match(line)
    if line.startswith("|") or found is None:
        return None
    rest = (found["rest"] or "").strip()
    bound = BOUND.match(rest)
    return {"what": found["what"].strip(), "figure": float(found["figure"]), "unit": bound["unit"] if bound else rest,
            "bound": bound["bound"] if bound else None, "verdict": bound["verdict"] if bound else None}


def main():
    figures, in_table = [], False  # in_table: the line before was a row
    for line in sys.stdin:
        row = read(line.rstrip("\n"))
        if row is None:
            print(f"\n{line}" if in_table and line.strip() else line, end="", flush=True)
            in_table = False
            continue
        if not in_table:
            print(f"\n{HEAD}")
        in_table = True
        figures.append(row)
        verdict = "**missed**" if row["verdict"] == "MISSED" else row["verdict"] or ""
        print(f"| {row['what']} | {row['figure']:.6g} {row['unit']} | {row['bound'] or ''} | {verdict} |", flush=True)
    with open(sys.argv[1], "w") as file:
        json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
