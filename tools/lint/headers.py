#!/usr/bin/env python3
"""Every header of src/ compiles alone.

usage: headers.py [ROOT]   (CXX names the compiler)

A header that its own source or test includes first has been proven by the build; only the others are compiled here.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys


def proven_by_build(root, header):
    wanted = str(header.relative_to(root / "src"))
    for source in (header.with_suffix(".cc"), header.with_name(header.stem + "_test.cc")):
        if source.exists():
            first = re.search(r'^#include ["<](.+)[">]', source.read_text(), re.MULTILINE)
            if first and first[1] == wanted:
                return True
    return False


def complaint(root, header):
    command = [os.environ.get("CXX", "c++"), "-std=c++20", "-I", root / "src", "-fsyntax-only", "-Wall", "-Wextra",
               "-Wno-pragma-once-outside-header", "-x", "c++", "-include", header, "/dev/null"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else f"{header.relative_to(root)}: does not compile alone:\n{run.stderr}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    headers = sorted((root / "src").rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        alone = [header for header in headers if not proven_by_build(root, header)]
        faults = [text for text in pool.map(lambda header: complaint(root, header), alone) if text]
    print("\n".join(faults) or f"headers: {len(headers)} compile alone, {len(alone)} of them checked here")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
