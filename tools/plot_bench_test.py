#!/usr/bin/env python3
"""The picture is valid XML with a bar per row, the table has a line per row, and what is no report is refused."""
import json
import pathlib
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

PLOT = pathlib.Path(__file__).resolve().parent / "plot_bench.py"
SVG = "{http://www.w3.org/2000/svg}"


def row(engine, precision, cache, ratio, **more):
    return {"engine": engine, "precision": precision, "cache": cache, "mouth_only": False, "threads": 2, "batch": 1,
            "median_ms": 57.0 / (ratio or 1), "p95_ms": 60.0, "min_ms": 50.0, "ratio_to_ort": ratio, "gflops": 171.0,
            "peak_fraction": 0.73, "psnr_db": 68.0, **more}


REPORT = {
    "machine": {"cpu": "A <fast> & small CPU", "isa_used": "avx512", "cores": 2, "memory_bytes": 24 << 30, "flags": "-O3",
                "compiler": "g++ 12", "version": "0.1.0", "commit": "abc", "date": "2026-11-23",
                "peaks": [{"threads": 2, "f32_gflops": 233, "bf16_gflops": 467, "int8_gflops": 930}]},
    "results": [row("ort", "f32", 0, 1.0), row("cpu", "f32", 3, 1.87), row("cpu", "bf16", 3, 4.1, mouth_only=True),
                row("cpu", "f32", 3, 1.8, threads=1), row("reference", "f32", 0, None, psnr_db=120)],
    "skipped": [],
}


class PlotTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.json = self.folder / "bench.json"
        self.json.write_text(json.dumps(REPORT))

    def run_plot(self, *arguments):
        return subprocess.run([PLOT, *map(str, arguments)], capture_output=True, text=True, check=False)

    def test_the_picture_is_valid_xml_with_a_bar_per_row(self):
        svg = self.folder / "bench.svg"
        run = self.run_plot(self.json, "-o", svg)
        self.assertEqual(run.returncode, 0, run.stderr)
        root = xml.etree.ElementTree.parse(svg).getroot()
        self.assertEqual(root.tag, SVG + "svg")
        bars = [float(bar.get("width")) for bar in root.iter(SVG + "rect") if bar.get("rx")]
        self.assertEqual(len(bars), 3)  # two threads, and a ratio is known
        self.assertAlmostEqual(bars[1] / bars[0], 1.87, places=2)
        texts = [text.text for text in root.iter(SVG + "text")]
        self.assertIn("ours bf16, expanded skips cached, mouth only", texts)
        self.assertIn("4.10x", texts)
        for element in root.iter(SVG + "rect"):
            self.assertLessEqual(float(element.get("x", 0)) + float(element.get("width")), float(root.get("width")))

    def test_the_table_has_a_line_per_row_of_that_thread_count(self):
        run = self.run_plot(self.json, "--markdown")
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = [line for line in run.stdout.splitlines() if line.startswith("|")]
        self.assertEqual(len(lines), 2 + 4)
        self.assertIn("| ours f32, expanded skips cached |", lines[3])
        self.assertIn("| equal |", lines[5])
        self.assertEqual({line.count("|") for line in lines}, {9})

    def test_the_page_is_changed_between_its_marks_only(self):
        page = self.folder / "page.md"
        page.write_text("before\n<!-- network -->\nold\n<!-- /network -->\nafter\n")
        for _ in range(2):
            self.assertEqual(self.run_plot(self.json, "--update", page).returncode, 0)
        new = page.read_text()
        self.assertTrue(new.startswith("before\n<!-- network -->\nMachine: "))
        self.assertTrue(new.endswith("|\n<!-- /network -->\nafter\n"))
        self.assertNotIn("old", new)
        self.assertNotIn("![", new)
        self.run_plot(self.json, "-o", self.folder / "pictures.svg", "--update", page)
        self.assertIn("](pictures.svg)\n\nMachine: ", page.read_text())

    def test_what_bench_all_wrote_is_read_too(self):
        self.json.write_text(json.dumps({"machine": REPORT["machine"], "network": {"results": REPORT["results"]}}))
        self.assertEqual(self.run_plot(self.json, "--markdown").returncode, 0)

    def test_what_is_no_report_is_refused_in_one_sentence(self):
        for text in ("", "[]", "{}", '{"machine": {}, "results": []}'):
            self.json.write_text(text)
            run = self.run_plot(self.json, "--markdown")
            self.assertEqual(run.returncode, 1, text)
            self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)
        page = self.folder / "page.md"
        page.write_text("no marks\n")
        self.json.write_text(json.dumps(REPORT))
        self.assertEqual(self.run_plot(self.json, "--update", page).returncode, 1)


if __name__ == "__main__":
    unittest.main()
