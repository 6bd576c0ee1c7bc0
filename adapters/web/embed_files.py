"""Writes files as C constants: embed_files.py OUT.c FILE...

index.html becomes `/`, openapi.json `/openapi.json`, any other file `/page/<name>`: entries of `releve_web_files` (files.h).
Run by meson at build time.
"""

import hashlib
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}


def path_of(file: pathlib.Path) -> str:
    return {"index.html": "/", "openapi.json": "/openapi.json"}.get(file.name, f"/page/{file.name}")


def constant(number: int, file: pathlib.Path) -> str:
    text = file.read_bytes()
    lines = [", ".join(f"(char){b}" if b > 127 else str(b) for b in text[i : i + 24]) + "," for i in range(0, len(text), 24)]
    return f"static const char file_{number}[] = {{\n" + "\n".join(lines) + "\n0};\n"


def entry(number: int, file: pathlib.Path) -> str:
    etag = hashlib.sha256(file.read_bytes()).hexdigest()[:32]
    return f'    {{"{path_of(file)}", "{TYPES[file.suffix]}", "\\"{etag}\\"", file_{number}, sizeof file_{number} - 1}},'


def main() -> None:
    out, *files = map(pathlib.Path, sys.argv[1:])
    parts = ["/* Made by embed_files.py. */", "#include <adapters/web/files.h>"]
    parts += [constant(number, file) for number, file in enumerate(files)]
    parts += ["const struct releve_web_file releve_web_files[] = {", *(entry(number, file) for number, file in enumerate(files)), "};"]
    parts += ["const size_t releve_web_files_count = sizeof releve_web_files / sizeof releve_web_files[0];", ""]
    out.write_text("\n".join(parts))


main()
