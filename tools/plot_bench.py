#!/usr/bin/env python3
"""Draws and tabulates what `lipstream bench network --json` measured.

usage: plot_bench.py JSON -o bench.svg              horizontal bars of ratio_to_ort
       plot_bench.py JSON --markdown                the table on standard output
       plot_bench.py JSON --update docs/benchmarks.md
                                                    ... between the marks <!-- network --> and <!-- /network -->,
                                                    below the picture where -o is given, too
       options: --threads N (default: the most), --batch N (default: the least)

JSON may also be what `lipstream bench all` wrote. Nothing but Python's own library is needed.
"""
import argparse
import json
import os
import pathlib
import re
import sys
from xml.sax.saxutils import escape

BEGIN, END = "<!-- network -->", "<!-- /network -->"
CACHE = {0: "nothing cached", 1: "deep features cached", 2: "skips cached", 3: "expanded skips cached"}
NAMES = {"ort": "ONNX Runtime", "cpu": "ours", "reference": "reference"}
COLOURS = {("ort", "f32"): "#9aa0a6", ("reference", "f32"): "#c8ccd0", ("cpu", "f32"): "#4c78a8",
           ("cpu", "bf16"): "#2a9d8f", ("cpu", "int8"): "#e08e2b"}
OTHER_COLOUR = "#7f7f7f"
WIDTH, LABELS, VALUES, BAR, GAP, TOP, BOTTOM = 900, 330, 70, 20, 8, 84, 60


def fail(message):
    print(f"plot_bench: {message}", file=sys.stderr)
    sys.exit(1)


def load(path):
    try:
        report = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(f"{path}: {error}")
    network = report.get("network", report) if isinstance(report, dict) else {}
    if not isinstance(network.get("results"), list) or not isinstance(report.get("machine"), dict):
        fail(f"{path}: no report of 'lipstream bench network' or 'bench all'")
    return report["machine"], network["results"]


def label(row):
    words = [NAMES.get(row["engine"], row["engine"]), row["precision"], CACHE.get(row["cache"], f"cache {row['cache']}")]
    if row["engine"] != "cpu" and row["cache"] == 0:
        words[-1] = "whole network"
    if row["mouth_only"]:
        words.append("mouth only")
    return words[0] + " " + ", ".join(words[1:])


def machine_line(machine):
    gib = round(machine.get("memory_bytes", 0) / 2**30)
    return (f"{machine.get('cpu', '?')} ({machine.get('isa_used', '?')}), {machine.get('cores', '?')} cores, {gib} GiB; "
            f"{machine.get('compiler', '?')}, {machine.get('flags', '?')}; lipstream {machine.get('version', '?')} "
            f"{machine.get('commit', '')}; {machine.get('date', '?')}")


def text(x, y, content, size=13, colour="#333333", anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(content)}</text>')


def tick_step(largest):
    return next((step for step in (0.5, 1, 2, 5, 10, 20, 50) if largest / step <= 10), 100)


def plot(machine, rows, threads, batch):
    rows = [row for row in rows if row["threads"] == threads and row["batch"] == batch and row["ratio_to_ort"]]
    if not rows:
        fail(f"no rows with {threads} threads, batch {batch} and a ratio to ONNX Runtime")
    largest = max(1.0, *(row["ratio_to_ort"] for row in rows)) * 1.05
    scale = (WIDTH - LABELS - VALUES) / largest
    height = TOP + len(rows) * (BAR + GAP) + BOTTOM
    bottom = height - BOTTOM
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
           f'font-family="Helvetica, Arial, sans-serif">',
           f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
           text(20, 30, "Speed of the network relative to ONNX Runtime", 18, "#111111", weight="bold"),
           text(20, 52, f"longer is faster; medians of one run, {threads} thread{'s' if threads != 1 else ''}, "
                        f"{batch} frame{'s' if batch != 1 else ''} a call", 13, "#666666")]
    step = tick_step(largest)
    for i in range(int(largest / step) + 1):
        x = LABELS + i * step * scale
        out.append(f'<line x1="{x:.1f}" y1="{TOP - 10}" x2="{x:.1f}" y2="{bottom}" stroke="#e4e6e8"/>')
        out.append(text(x, bottom + 18, f"{i * step:g}x", 12, "#666666", "middle"))
    for i, row in enumerate(rows):
        y = TOP + i * (BAR + GAP)
        colour = COLOURS.get((row["engine"], row["precision"]), OTHER_COLOUR)
        length = row["ratio_to_ort"] * scale
        opacity = 1 if row["mouth_only"] or row["engine"] != "cpu" else 0.8
        out.append(text(LABELS - 10, y + BAR - 5, label(row), 13, anchor="end"))
        out.append(f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" fill="{colour}" '
                   f'fill-opacity="{opacity}"/>')
        out.append(text(LABELS + length + 6, y + BAR - 5, f"{row['ratio_to_ort']:.2f}x", 13, weight="bold"))
    one = LABELS + scale
    out.append(f'<line x1="{one:.1f}" y1="{TOP - 10}" x2="{one:.1f}" y2="{bottom}" stroke="#888888" '
               f'stroke-dasharray="4 3"/>')
    out.append(text(20, height - 14, machine_line(machine), 11, "#888888"))
    out.append("</svg>")
    return "\n".join(out) + "\n"


def number(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}"


def markdown(machine, rows, threads, batch):
    lines = [f"Machine: {machine_line(machine)}.", ""]
    for peak in machine.get("peaks", []):
        if peak["threads"] == threads:
            lines += [f"Measured peak at {threads} thread{'s' if threads != 1 else ''}: {peak['f32_gflops']:.0f} GFLOP/s "
                      f"in f32, {peak['bf16_gflops']:.0f} in bf16, {peak['int8_gflops']:.0f} in int8.", ""]
    lines += [f"| {threads} threads, batch {batch} | ms per frame | p95 | min | ratio to ORT | GFLOP/s | of peak | PSNR |",
              "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for row in rows:
        if row["threads"] != threads or row["batch"] != batch:
            continue
        peak = row["peak_fraction"]
        psnr = "equal" if row["psnr_db"] == 120 else f"{row['psnr_db']:.1f} dB"
        lines.append(f"| {label(row)} | {number(row['median_ms'])} | {number(row['p95_ms'])} | {number(row['min_ms'])} | "
                     f"{number(row['ratio_to_ort'])} | {row['gflops']:.0f} | "
                     f"{'-' if peak is None else f'{100 * peak:.0f} %'} | {psnr} |")
    return "\n".join(lines) + "\n"


def update(path, table, picture):
    page = pathlib.Path(path)
    if picture:
        table = f"![speed relative to ONNX Runtime]({os.path.relpath(picture, page.parent)})\n\n{table}"
    old = page.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        fail(f"{path}: expected one {BEGIN} and one {END}")
    new = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: f"{BEGIN}\n{table}{END}", old, flags=re.DOTALL)
    page.write_text(new, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json")
    parser.add_argument("-o", "--output", help="SVG to write")
    parser.add_argument("--markdown", action="store_true", help="print the table")
    parser.add_argument("--update", metavar="FILE", help="put the table into this page")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--batch", type=int)
    arguments = parser.parse_args()
    machine, rows = load(arguments.json)
    if not rows:
        fail(f"{arguments.json}: no results")
    threads = arguments.threads or max(row["threads"] for row in rows)
    batch = arguments.batch or min(row["batch"] for row in rows)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(plot(machine, rows, threads, batch), encoding="utf-8")
    table = markdown(machine, rows, threads, batch)
    if arguments.markdown:
        print(table, end="")
    if arguments.update:
        update(arguments.update, table, arguments.output)
    if not (arguments.output or arguments.markdown or arguments.update):
        fail("nothing to do: give -o FILE, --markdown or --update FILE")


if __name__ == "__main__":
    main()
