#!/usr/bin/env python3
"""House rules that can be read off the text: first lines, lengths, names of folders, and nothing of one machine.

usage: text.py [ROOT]
"""
import pathlib
import re
import sys

SKIPPED = {"build", "out", "third_party", ".cache", ".git"}
MAX_LINES = 500
BANNED_FOLDERS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "backup", "old", "tmp"}
# Where people keep checkouts: a path below one of these exists on one machine only.
MACHINE_PATH = re.compile(r"(?<![\w.~\-/}])/(work|workspace|home|root|Users|mnt|builds|data)/[\w.\-]+")
HOST = re.compile(r"\b(?:https?|wss?|ftp|ssh|git)://([\w.\-]+)|\bgit@([\w.\-]+)")
KNOWN_HOSTS = {"www.apache.org", "apache.org", "localhost", "127.0.0.1", "example.com", "example.org", "www.w3.org",
               "arxiv.org", "github.com", "git-lfs",
               "git-lfs.github.com", "cv.iptc.org"}
ADDRESS = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])")
KNOWN_ADDRESSES = {"127.0.0.1", "0.0.0.0"}


def files(root):
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if parts[0] not in SKIPPED and "__pycache__" not in parts and path.is_file():
            yield path, pathlib.Path(*parts)


def check_header(name, lines):
    if len(lines) < 2 or not re.match(r"// .+", lines[0]):
        yield f"{name}:1: a header's first line is a comment: one sentence, what this file offers"
        return
    comment = next((i for i, line in enumerate(lines) if not line.startswith("//")), len(lines))
    if not re.search(r"[.:]$", " ".join(lines[:comment]).rstrip()):
        yield f"{name}:1: the comment must be a sentence and end with a full stop"
    if comment == len(lines) or lines[comment] != "#pragma once":
        yield f"{name}:{comment + 1}: expected #pragma once right after the first comment"


def check_lines(name, lines):
    for number, line in enumerate(lines, 1):
        for match in MACHINE_PATH.finditer(line):
            yield f"{name}:{number}: {match[0]} is a path of one machine"
        for match in HOST.finditer(line):
            host = match[1] or match[2]
            if host not in KNOWN_HOSTS and not host.endswith((".example.com", ".example.org")):
                yield f"{name}:{number}: host {host} is not among the known ones in tools/lint/text.py"
        for match in ADDRESS.finditer(line):
            if match[1] not in KNOWN_ADDRESSES:
                yield f"{name}:{number}: {match[1]} looks like the address of one machine"
        if line != line.rstrip():
            yield f"{name}:{number}: space at the end of the line"


def check(root):
    for path, name in files(root):
        for part in name.parts[:-1]:
            if part.lower() in BANNED_FOLDERS:
                yield f"{name}: a folder named '{part}' says nothing; name it after what it holds"
        if "corpus" in name.parts:
            continue
        data = path.read_bytes()
        if b"\0" in data:
            continue
        lines = data.decode(errors="replace").splitlines()
        if path.suffix in (".h", ".cc") and len(lines) > MAX_LINES:
            yield f"{name}: {len(lines)} lines; above {MAX_LINES} a file wants splitting by concept"
        if path.suffix == ".h":
            yield from check_header(name, lines)
        if data and not data.endswith(b"\n"):
            yield f"{name}: the last line has no end"
        if name != pathlib.Path("LICENSE"):
            yield from check_lines(name, lines)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    faults = list(check(root))
    print("\n".join(faults) or "text: every file keeps the house rules")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
