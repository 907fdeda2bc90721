#!/usr/bin/env python3
"""Every header of src/ compiles alone.

usage: headers.py [ROOT]   (CXX names the compiler)

A header that some source includes first has been proven by the build; only the others are compiled here.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys


def first_includes(root):
    """What the sources include before anything else."""
    found = (re.search(r'^#include ["<](.+)[">]', path.read_text(), re.MULTILINE) for path in (root / "src").rglob("*.cc"))
    return {root / "src" / match[1] for match in found if match}


def complaint(root, header):
    command = [os.environ.get("CXX", "c++"), "-std=c++20", "-I", root / "src", "-fsyntax-only", "-Wall", "-Wextra",
               "-Wno-pragma-once-outside-header", "-x", "c++", "-include", header, "/dev/null"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else f"{header.relative_to(root)}: does not compile alone:\n{run.stderr}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    proven = first_includes(root)
    headers = sorted((root / "src").rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        alone = [header for header in headers if header not in proven]
        faults = [text for text in pool.map(lambda header: complaint(root, header), alone) if text]
    print("\n".join(faults) or f"headers: {len(headers)} compile alone, {len(alone)} of them checked here")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
