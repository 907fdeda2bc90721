#!/usr/bin/env python3
"""Whole renders, as a user runs them: frames per second, stage times and peak memory for a short and a long audio.

usage: bench/render.py LIPSTREAM --avatar DIR --audio WAV [--short 10] [--runs 3] [--json] [-- RENDER OPTIONS]

Runs the short and the long render alternately, each RUNS times; reports medians. Memory is constant when the ratio of
the peaks is close to 1.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile


def render(binary, args, options, duration):
    with tempfile.TemporaryDirectory() as folder:
        command = [binary, "render", "--avatar", args.avatar, "--audio", args.audio, "-o", f"{folder}/out.mp4", "--json"]
        if duration:
            command += ["--duration", str(duration)]
        done = subprocess.run(command + options, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
        return json.loads(done.stdout)


def summary(reports):
    median = lambda pick: statistics.median(pick(r) for r in reports)
    stages = {s: round(median(lambda r: r["stages"][s]["p50_ms"]), 2) for s in reports[0]["stages"]}
    return {
        "frames": reports[0]["frames"],
        "frames_per_second": round(median(lambda r: r["frames_per_second"]), 1),
        "first_frame_s": round(median(lambda r: r["first_frame_s"]), 3),
        "peak_rss_mb": round(median(lambda r: r["peak_rss_bytes"]) / 2**20, 1),
        "stage_p50_ms": stages,
        "engine": reports[0]["engine"],
    }


def main():
    options = sys.argv[sys.argv.index("--") + 1:] if "--" in sys.argv else []
    own = sys.argv[1:sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lipstream")
    parser.add_argument("--avatar", required=True)
    parser.add_argument("--audio", required=True)
    parser.add_argument("--short", type=float, default=10, help="seconds of the short render")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(own)
    binary = os.path.abspath(args.lipstream)
    short, long = [], []
    for _ in range(args.runs):
        short.append(render(binary, args, options, args.short))
        long.append(render(binary, args, options, None))
    result = {"short": summary(short), "long": summary(long)}
    result["peak_rss_ratio"] = round(result["long"]["peak_rss_mb"] / result["short"]["peak_rss_mb"], 3)
    if args.json:
        print(json.dumps(result, indent=2))
        return
    for name in ("short", "long"):
        r = result[name]
        print(f"{name:6} {r['frames']:6} frames  {r['frames_per_second']:8.1f} fps  first frame {r['first_frame_s']:.2f} s  "
              f"peak {r['peak_rss_mb']:.0f} MB  p50 ms: {r['stage_p50_ms']}")
    print(f"peak memory, long / short: {result['peak_rss_ratio']}   engine: {result['long']['engine']}")


if __name__ == "__main__":
    main()
