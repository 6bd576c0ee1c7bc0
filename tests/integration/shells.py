"""Interactive shells on a pseudo-terminal, and what they propose behind a beginning."""
import functools
import os
import pty
import re
import select
import shlex
import subprocess
import time

from terminal import resize, take_terminal

END_S = 110
ALL, KEY, SAY, CLEAR = "\x18a", "\t", "\x18s", "\x18c"  # keys: insert all that is proposed; complete; print the line; empty it

# What is proposed is inserted into the line by the shell itself, and the line printed between marks.
BASH = rf"""
PS1='READY '
. /usr/share/bash-completion/bash_completion
bind 'set bell-style none' 'set bracketed-paste off'
bind '"\C-xa": insert-completions' '"\t": complete' '"\C-xc": kill-whole-line'
say() {{ printf '<<<%s>>>\n' "$READLINE_LINE"; }}
bind -x '"\C-xs": say'
"""
ZSH = r"""
PS1='READY '
unsetopt zle_bracketed_paste prompt_cr prompt_sp beep
fpath=("$FUNCTIONS" $fpath)
autoload -Uz compinit && compinit -u -D
say() { zle -I; print -r -- "<<<$BUFFER>>>" }
zle -N say
zle -C every complete-word _generic
zstyle ':completion:every::::' completer _all_matches _complete
zstyle ':completion:every:*' insert true
bindkey '^Xc' kill-whole-line '^Xa' every '^Xs' say '^I' complete-word
"""


class Shell:
    """Of one kind, in the folder `cwd`, with the completions that are installed under `share`."""

    def __init__(self, words, setup, share, home, cwd, path):
        self.side, other = pty.openpty()
        resize(self.side, 4000, 400)
        self.process = subprocess.Popen(words, stdin=other, stdout=other, stderr=other, env=environment(share, home, path), cwd=cwd,
                                        start_new_session=True, preexec_fn=take_terminal)
        os.close(other)
        self.seen = ""
        (home / "setup").write_text(setup)
        self.send(". ~/setup; echo SET-$((40 + 2))\n")
        self.wait_for("SET-42\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.side)  # hangs up
        self.process.wait(timeout=END_S)

    def wait_for(self, pattern):
        until = time.monotonic() + END_S
        while not (found := re.search(pattern, self.seen, re.DOTALL)):
            assert time.monotonic() < until and self.process.poll() is None, self.seen[-2000:]
            if select.select([self.side], [], [], 1)[0]:
                self.seen += os.read(self.side, 65536).decode(errors="replace").replace("\r", "")
        self.seen = self.seen[found.end():]
        return found

    def send(self, text):
        os.write(self.side, text.encode())

    def press(self, line, key=KEY):
        """What the line is when that key was pressed at its end."""
        self.send(line + key + SAY)
        after = self.wait_for("<<<(.*?)>>>\n")[1]
        self.send(CLEAR)
        return after

    def proposals(self, line):
        """All words that are proposed in the place of the last one."""
        return shlex.split(self.press(line, ALL)[len(line.rpartition(" ")[0]):])


class Fish:
    """It can be asked without a terminal."""

    def __init__(self, share, home, cwd, path):
        self.run = functools.partial(subprocess.run, env=environment(share, home, path), cwd=cwd, capture_output=True, text=True,
                                     timeout=END_S, check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def proposals(self, line):
        return [proposal.split("\t")[0] for proposal in self.run(["fish", "-c", "complete -C $argv[1]", line]).stdout.splitlines()]


def environment(share, home, path):
    return {"TERM": "dumb", "LC_ALL": "C.UTF-8", "HOME": str(home), "PATH": path, "INPUTRC": "/dev/null",
            "XDG_DATA_DIRS": f"{share}:/usr/local/share:/usr/share", "FUNCTIONS": f"{share}/zsh/site-functions"}


def open_bash(*where):
    return Shell(["bash", "--noprofile", "--norc", "-i"], BASH, *where)


def open_zsh(*where):
    return Shell(["zsh", "-f", "-i"], ZSH, *where)
