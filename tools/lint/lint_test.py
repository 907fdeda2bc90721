#!/usr/bin/env python3
"""A lint that finds nothing proves nothing: each rule is shown a planted fault and must name it, and a sound tree must pass."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

LINT = pathlib.Path(__file__).resolve().parent

SOUND = {
    "src/floors.txt": "base\ntensor\nimage audio\nmodel media\n",
    "src/base/CMakeLists.txt": "lips_library(base\n  SOURCES result.cc  # values\n  WALL spdlog::spdlog)\n",
    "src/base/result.h": "// Errors as values.\n#pragma once\n\n#include <string>\n\nstd::string Code();\n",
    "src/base/result.cc": '#include "base/result.h"\n\n#include <spdlog/spdlog.h>\n',
    "src/image/CMakeLists.txt": "lips_library(image SOURCES view.cc DEPS base TESTS view_test.cc TEST_LIBS opencv::imgproc)\n",
    "src/image/view.h": '// Pictures.\n#pragma once\n\n#include "base/result.h"\n',
    "src/image/view.cc": '#include "image/view.h"\n',
    "src/image/view_test.cc": "#include <gtest/gtest.h>\n\n#include <opencv2/imgproc.hpp>\n",
    "src/audio/CMakeLists.txt": "lips_library(audio SOURCES mel.cc DEPS base)\n",
    "src/audio/mel.cc": "",
    "src/media/CMakeLists.txt": "lips_library(media SOURCES reader.cc DEPS image)\n",
    "src/media/reader.cc": '#include <sys/mman.h>\n\n#include "base/result.h"\n#include "image/view.h"\n',
}


class LintTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "tools/lint").mkdir(parents=True)
        shutil.copy(LINT / "walls.txt", self.root / "tools/lint")
        for name, text in SOUND.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_lint(self, script, *arguments, **variables):
        return subprocess.run([LINT / script, *(arguments or [self.root])], capture_output=True, text=True, check=False,
                              env={**os.environ, **variables})

    def assert_passes(self, script):
        run = self.run_lint(script)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def assert_finds(self, script, *words):
        run = self.run_lint(script)
        self.assertNotEqual(run.returncode, 0, f"{script} found nothing")
        for word in words:
            self.assertIn(word, run.stdout + run.stderr)


class SoundTreeTest(LintTest):
    def test_passes(self):
        for script in ("layers.py", "headers.py", "text.py", "format.sh"):
            with self.subTest(script):
                self.assert_passes(script)


class LayersTest(LintTest):
    def test_include_outside_the_deps(self):
        self.write("src/audio/mel.cc", '#include "image/view.h"\n')
        self.assert_finds("layers.py", "src/audio/mel.cc:1", "image/")

    def test_deps_on_the_same_floor(self):
        self.write("src/audio/CMakeLists.txt", "lips_library(audio SOURCES mel.cc DEPS image)\n")
        self.assert_finds("layers.py", "audio/CMakeLists.txt", "not on a lower floor")

    def test_deps_upwards(self):
        self.write("src/base/CMakeLists.txt", "lips_library(base SOURCES result.cc DEPS media)\n")
        self.assert_finds("layers.py", "base/CMakeLists.txt", "not on a lower floor")

    def test_folder_without_a_floor(self):
        self.write("src/attic/CMakeLists.txt", "lips_library(attic SOURCES a.cc)\n")
        self.assert_finds("layers.py", "src/attic", "floors.txt")

    def test_third_party_outside_its_wall(self):
        self.write("src/image/view.cc", "#include <libavutil/frame.h>\n")
        self.assert_finds("layers.py", "src/image/view.cc:1", "libavutil")

    def test_third_party_in_a_header_even_inside_the_wall(self):
        self.write("src/base/result.h", "// Errors.\n#pragma once\n\n#include <spdlog/spdlog.h>\n")
        self.assert_finds("layers.py", "src/base/result.h:4", "header of ours")

    def test_header_of_a_closed_wall_included_from_outside(self):
        self.write("src/base/result.cc", '#include "train/torch/net.h"\n')
        self.assert_finds("layers.py", "src/base/result.cc:1", "for files of src/train/torch/ alone")

    def test_third_party_nobody_declared(self):
        self.write("src/base/result.cc", "#include <leveldb/db.h>\n")
        self.assert_finds("layers.py", "leveldb/db.h", "walls.txt")

    def test_oracle_in_product_code(self):
        self.write("src/image/view.cc", "#include <opencv2/imgproc.hpp>\n")
        self.assert_finds("layers.py", "src/image/view.cc:1", "opencv2")

    def test_gtest_in_a_header_of_product_code(self):
        self.write("src/image/oracle.h", "// Expectations.\n#pragma once\n\n#include <gtest/gtest.h>\n")
        self.write("src/image/view_test.cc", '#include "image/oracle.h"\n')
        self.assert_passes("layers.py")
        self.write("src/image/view.cc", '#include "image/oracle.h"\n')
        self.assert_finds("layers.py", "src/image/oracle.h:4", "gtest")

    def test_product_code_that_includes_from_the_tests(self):
        self.write("tests/testdata/face.h", "// A face.\n#pragma once\n")
        for name in ("tests/testdata/face.h", "../tests/testdata/face.h"):
            with self.subTest(name):
                self.write("src/audio/mel.cc", f'#include "{name}"\n')
                self.assert_finds("layers.py", "src/audio/mel.cc:1", "testdata")

    def test_source_that_is_not_built(self):
        self.write("src/audio/forgotten.cc", "")
        self.assert_finds("layers.py", "src/audio/forgotten.cc", "does not build")


class HeadersTest(LintTest):
    def test_header_that_needs_another_first(self):
        self.write("src/audio/mel.h", "// Mel.\n#pragma once\n\nstd::string Name();\n")
        self.assert_finds("headers.py", "src/audio/mel.h", "does not compile alone")


class TextTest(LintTest):
    def test_planted_faults(self):
        home = "/ho" + "me/someone/checkout"
        for name, text, word in (
                ("src/base/a.h", "#pragma once\n", "first line"),
                ("src/base/a.h", "// no full stop\n#pragma once\n", "full stop"),
                ("src/base/a.h", "// Fine.\n\n#pragma once\n", "#pragma once"),
                ("src/base/a.cc", "// line\n" * 501, "501 lines"),
                ("src/utils/a.cc", "", "utils"),
                ("docs/a.md", f"see {home}\n", "path of one machine"),
                ("docs/a.md", "http" + "://registry.invalid/x\n", "registry.invalid"),
                ("docs/a.md", "at 10.1." + "2.3\n", "address"),
                ("docs/a.md", "trailing \n", "end of the line"),
                ("docs/a.md", "no end", "no end")):
            with self.subTest(word):
                self.write(name, text)
                self.assert_finds("text.py", name, word)
                (self.root / name).unlink()


class FormatTest(LintTest):
    def test_crooked_code(self):
        shutil.copy(LINT.parents[1] / ".clang-format", self.root)
        self.write("src/audio/mel.cc", "int  x ;\n")
        self.assert_finds("format.sh", "mel.cc:1")


class ScriptsTest(LintTest):
    def test_unquoted_variable_in_shell(self):
        self.write("run", "#!/bin/sh\nrm $1\n")
        self.assert_finds("scripts.sh", "SC2086")

    def test_python_that_does_not_parse(self):
        self.write("run", "#!/bin/sh\ntrue\n")
        self.write("a.py", "def f(:\n")
        self.assert_finds("scripts.sh", "SyntaxError")


class IsaObjectsTest(LintTest):
    def compile(self, code):
        folder = self.root / "objects"
        folder.mkdir(exist_ok=True)
        self.write("kernel.cc", code)
        subprocess.run(["c++", "-O0", "-c", self.root / "kernel.cc", "-o", folder / "kernel_avx2.o"], check=True)
        return self.run_lint("isa_objects.sh", folder)

    def test_plain_functions_pass_and_inline_ones_do_not(self):
        self.assertEqual(self.compile("void Kernel(int* x) { *x = 1; }\n").returncode, 0)
        run = self.compile("inline int Twice(int x) { return 2 * x; }\nint Kernel(int x) { return Twice(x); }\n")
        self.assertEqual(run.returncode, 1)
        self.assertIn("Twice", run.stdout)

    def test_no_objects_at_all_is_a_fault(self):
        (self.root / "empty").mkdir()
        self.assertNotEqual(self.run_lint("isa_objects.sh", self.root / "empty").returncode, 0)


if __name__ == "__main__":
    unittest.main()
