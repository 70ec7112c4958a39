#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The report's page in a real browser, at desktop and phone width, with and without scripts. Needs Debian's chromium-headless-shell,
or another headless Chromium that $GRAPHSIEVE_BROWSER names; skipped without."""
import csv
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest

from engine_testing import EngineTest, SHORT, sets

BROWSER = os.environ.get("GRAPHSIEVE_BROWSER") or shutil.which("chromium-headless-shell")
SCREENS = {"desktop": "1280,900", "phone": "390,844"}
HOSTILE = "</script><img src=x onerror=alert(1)>"

# Put into a copy of the page: how long it took, and what does not fit.
PROBE = """
addEventListener("load", () => {
  const page = document.documentElement;
  page.dataset.overflow = page.scrollWidth - innerWidth;  // lays it out
  page.dataset.opened = performance.now();
  page.dataset.width = innerWidth;
  page.dataset.images = document.images.length;
  page.dataset.empty = [...document.querySelectorAll("canvas")].filter((c) => c.clientWidth < 100 || c.clientHeight < 100).length;
  page.dataset.unnamed = document.querySelectorAll("canvas:not([aria-label]), svg:not([aria-label]), table:not(:has(caption))").length;
});
"""


def undisturbed():
    """Does a process get the processor that it asks for? Else it is not the page that takes its time."""
    wall, used = time.perf_counter(), time.process_time()
    sum(range(20_000_000))
    return time.process_time() - used > 0.9 * (time.perf_counter() - wall) and os.getloadavg()[0] < os.cpu_count()


@unittest.skipUnless(BROWSER, "no headless Chromium: install chromium-headless-shell, or set GRAPHSIEVE_BROWSER")
class Page(EngineTest):
    def browse(self, page, screen, *args):
        """The DOM after it was loaded, and the console's messages."""
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={self.dir / 'profile'}",
                   f"--window-size={SCREENS[screen]}", "--enable-logging=stderr", *args, pathlib.Path(page).as_uri()]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=240)
        return shown.stdout, [line for line in shown.stderr.splitlines() if "CONSOLE" in line]

    def probe(self, page):
        """A copy of the page that measures itself."""
        text = pathlib.Path(page).read_text()
        nonce = re.search(r"script-src 'nonce-(\w+)'", text)[1]
        copy = pathlib.Path(page).with_suffix(".probe.html")
        copy.write_text(text.replace("</body>", f'<script nonce="{nonce}">{PROBE}</script></body>'))
        return copy

    def check(self, page, charts):
        page = pathlib.Path(page)
        self.assertLess(page.stat().st_size, 6e6)
        for screen, size in SCREENS.items():
            dom, console = self.browse(self.probe(page), screen, "--dump-dom")
            self.assertEqual(console, [], screen)
            found = dict(re.findall(r' data-(\w+)="([^"]*)"', re.search("<html[^>]*>", dom)[0]))
            self.assertEqual(found["width"], size.split(",")[0])
            self.assertGreaterEqual(int(found["drawn"]), charts, screen)
            self.assertLessEqual(int(found["overflow"]), 0, screen)
            if float(found["opened"]) >= 2000 and undisturbed():
                self.fail(f"{page} took {found['opened']} ms to open, {screen}")
            self.assertEqual((found["images"], found["empty"], found["unnamed"]), ("0", "0", "0"), screen)
            self.picture(page, screen)

    def picture(self, page, screen):
        """A screenshot that is no blank page; kept where $GRAPHSIEVE_SCREENSHOTS names a folder, to be looked at."""
        keep = os.environ.get("GRAPHSIEVE_SCREENSHOTS")
        to = pathlib.Path(keep) / f"{page.parent.name}-{page.stem}-{screen}.png" if keep else self.dir / "screen.png"
        tall = f"--window-size={SCREENS[screen].split(',')[0]},8000" if keep else f"--window-size={SCREENS[screen]}"
        _, console = self.browse(page, screen, f"--screenshot={to}", tall)
        self.assertEqual(console, [])
        self.assertGreater(to.stat().st_size, 15000)

    def test_a_run_with_hostile_names_and_an_explained_node(self):
        with open(self.dir / "n.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "f", "g", "label", "split"])
            for i in range(90):
                table.writerow([f"user {i}{HOSTILE}", i % 7 / 7, i % 3, (HOSTILE, "b", "c")[i % 3], ("train", "val", "test")[i % 5 % 3]])
        with open(self.dir / "e.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["source", "destination"])
            for i in range(90):
                table.writerows([[f"user {i}{HOSTILE}", f"user {(i + s) % 90}{HOSTILE}"] for s in (1, 2, 7)])
        self.call("convert", "--nodes", "n.csv", "--edges", "e.csv", "--out", "own")
        run = self.run_folder("own", *SHORT, report=True)
        self.check(run / "report.html", 10)
        self.call("report", run, "--node", f"user 8{HOSTILE}", "--out", "node.html")
        self.check(self.dir / "node.html", 12)

    def test_several_runs(self):
        one = self.run_folder("minesweeper:20", *sets(estimator__epochs=8, network__epochs=30), name="one")
        two = self.run_folder("minesweeper:20", *sets(model="exphormer", network__epochs=10), name="two")
        self.call("report", one, two, "--out", "both.html")
        self.check(self.dir / "both.html", 20)

    def test_without_scripts_the_tables_are_there(self):
        run = self.run_folder("minesweeper:12", *SHORT, report=True)
        page = self.dir / "plain.html"
        page.write_text(re.sub("<script.*?</script>", "", (run / "report.html").read_text(), flags=re.S))
        dom, console = self.browse(page, "desktop", "--dump-dom")
        self.assertEqual(console, [])
        self.assertNotIn("<canvas", dom)
        self.assertEqual(dom.count("<details"), 1)  # the recipe; no table is folded away
        self.assertGreater(dom.count("<table"), 12)


if __name__ == "__main__":
    unittest.main()
