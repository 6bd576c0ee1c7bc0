"""Packages of npm in a folder of their own, in the one version that a package.json of ours names."""
import shutil
import subprocess

import pytest

INSTALL_S = 100  # one that does not end by then is a failed test
# What npm says where there is no way to a registry: nothing about what is tested, and said as skipped.
NO_REGISTRY = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "SELF_SIGNED_CERT", "E503", "E502")


def install(package, folder):
    """Does `npm install` in `folder`, with that package.json; no script of a package is run."""
    shutil.copy(package, folder)
    ended = subprocess.run(
        ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_S)
    if ended.returncode != 0 and any(code in ended.stderr for code in NO_REGISTRY):
        pytest.skip(f"no npm registry can be reached from here: {ended.stderr.splitlines()[0]}")
    assert ended.returncode == 0, f"npm install: {ended.stderr}"
    return folder
