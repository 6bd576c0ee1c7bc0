"""Writes Lua scripts as C constants: embed_lua.py OUT.c SCRIPT.lua...

Each script becomes `const struct releve_script releve_script_<name>`, with the SHA-1 by which Redis knows it (EVALSHA). A
first line `--with days.lua span.lua` joins those files in front of it: what several scripts share. Run by meson at build time.
"""

import hashlib
import pathlib
import sys


def whole(path: pathlib.Path) -> bytes:
    text = path.read_bytes()
    first, _, rest = text.partition(b"\n")
    if not first.startswith(b"--with "):
        return text
    return b"".join((path.parent / name.decode()).read_bytes() for name in first.split()[1:]) + rest


def constant(path: pathlib.Path) -> str:
    text = whole(path)
    if max(text) > 126:
        sys.exit("embed_lua.py: scripts are plain ASCII")
    lines = [", ".join(str(b) for b in text[i : i + 24]) + "," for i in range(0, len(text), 24)]
    return (
        f"static const char {path.stem}_text[] = {{\n" + "\n".join(lines) + "\n0};\n"
        f"const struct releve_script releve_script_{path.stem} = {{\n"
        f'    "{path.stem}", {path.stem}_text, sizeof {path.stem}_text - 1,\n'
        f'    "{hashlib.sha1(text).hexdigest()}"}};\n'
    )


def main() -> None:
    out, *scripts = map(pathlib.Path, sys.argv[1:])
    parts = ["/* Made by embed_lua.py. */", "#include <adapters/redis/commands.h>", *map(constant, scripts)]
    out.write_text("\n".join(parts))


main()
