#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs that are killed and resumed end in the same bits; checkpoints, locks, signals."""
import json
import os
import random
import signal
import subprocess
import time
import unittest

from engine_testing import PROGRAM, EngineTest, sets, TIMED

# A random moment of about a second; more kills with GRAPHSIEVE_KILLS.
KILLS = int(os.environ.get("GRAPHSIEVE_KILLS", "5"))
SETTINGS = sets(estimator__epochs=12, estimator__restarts=2, estimator__norms_every=2, network__epochs=12, network__batch_size=9,
                network__eval_every=2, network__norms_every=3, network__patience=9, network__ema_decay=0.9, network__eval_draws=2,
                data__label_inputs="true")


class Resume(EngineTest):
    def setUp(self):
        super().setUp()
        self.data = self.graph(nodes=300, degree=6)

    def command(self, name, *args):
        return [PROGRAM, "run", self.data, "--threads", "2", "--checkpoint", "0", "--out", name, *SETTINGS, *args]

    def start(self, name, *args):
        return subprocess.Popen(self.command(name, *args), cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def unfinished(self, name):
        return self.dir / f".{name}.unfinished"

    def kill_when_begun(self, name, *args, seconds=0.0):
        """Killed so long after its first checkpoint; returns whether it was still running."""
        process = self.start(name, *args)
        while process.poll() is None and not (self.unfinished(name) / "checkpoint" / "checkpoint-0.safetensors").exists():
            time.sleep(0.002)
        time.sleep(seconds)
        process.kill()
        process.communicate()
        return process.returncode == -signal.SIGKILL

    def bits(self, name):
        folder = self.dir / name
        files = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
        self.assertFalse([f for f in files if f.name.startswith(".") or "checkpoint" in str(f)])
        return {str(f): (folder / f).read_bytes() for f in files if f.name not in TIMED}

    def figures(self, name):
        """result.json without times and memory."""
        def kept(value):
            if isinstance(value, list):
                return [kept(v) for v in value]
            if isinstance(value, dict):
                return {k: kept(v) for k, v in value.items() if "seconds" not in k and "bytes" not in k}
            return value
        return kept(json.loads((self.dir / name / "result.json").read_text()))

    def expect_same(self, name):
        whole, resumed = self.bits("whole"), self.bits(name)
        self.assertEqual(sorted(whole), sorted(resumed))
        for file in whole:
            self.assertEqual(whole[file], resumed[file], file)
        self.assertEqual(self.figures("whole"), self.figures(name))

    def finish(self, name, *args):
        done = subprocess.run(self.command(name, "--resume", *args), cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def kills(self, *args, number):
        subprocess.run(self.command("whole", *args), cwd=self.dir, check=True, capture_output=True)
        begun = time.monotonic()
        subprocess.run(self.command("timed", *args), cwd=self.dir, check=True, capture_output=True)
        length = time.monotonic() - begun
        moments = random.Random(0)
        killed = 0
        while killed < number:  # several kills a run, so that what is resumed was itself resumed
            while killed < number:
                if not self.kill_when_begun("cut", "--resume", *args, seconds=moments.random() * length * 0.4):
                    break
                killed += 1
            self.finish("cut", *args)
            self.expect_same("cut")
            subprocess.run(["rm", "-r", self.dir / "cut"], check=True)

    def test_killed_at_any_moment(self):
        self.kills(number=KILLS)

    def test_killed_with_several_runs(self):
        self.kills("--split", "all", "--repeats", "2", number=max(2, KILLS // 4))

    def test_killed_with_a_shared_estimator(self):
        self.kills("--split", "all", *sets(protocol="release"), number=max(2, KILLS // 4))

    def test_killed_with_batches_in_stage_1(self):
        self.kills(*sets(estimator__batch_size=40, estimator__fan_out=4), number=max(2, KILLS // 4))

    def test_killed_in_a_full_network(self):
        self.kills(*sets(model="exphormer", network__batch_size=0, network__eval_draws=1), number=max(2, KILLS // 4))

    def test_terminated_in_time(self):
        process = self.start("run", *sets(network__epochs=100000, network__patience=0))
        while not list(self.unfinished("run").glob("scores/type.npy")) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.3)
        begun = time.monotonic()
        process.terminate()
        _, told = process.communicate()
        self.assertEqual(process.returncode, 128 + signal.SIGTERM, told)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertIn("--resume", told)
        self.assertFalse((self.dir / "run").exists())
        # begun again with other settings, or without --resume: refused, and nothing is lost
        asked = self.call("run", self.data, "--out", "run", code=1)
        self.assertIn("an unfinished run is there", asked.stderr)
        asked = self.call("run", self.data, "--out", "run", "--resume", "--seed", "1", code=1)
        self.assertIn("the unfinished run has another --seed (0, this one 1)", asked.stderr)
        asked = self.call("run", self.data, "--out", "run", "--resume", "--raw-ids", code=1)
        self.assertIn("the unfinished run has another --raw-ids (false, this one true)", asked.stderr)
        self.assertTrue(self.unfinished("run").exists())
        self.call("run", self.data, "--out", "run", "--overwrite", *sets(estimator__epochs=1, network__epochs=1))
        self.assertTrue((self.dir / "run").exists())
        self.assertFalse(self.unfinished("run").exists())
        # a finished run is told again, if it is the one that is asked for
        short = sets(estimator__epochs=1, network__epochs=1)
        self.assertIn("edge share", self.call("run", self.data, "--out", "run", "--resume", *short).stdout)
        for other, asked in (("recipe", []), ("seed", [*short, "--seed", "1"])):
            refused = self.call("run", self.data, "--out", "run", "--resume", *asked, code=1)
            self.assertIn(f"the finished run has another {other}", refused.stderr)
        refused = self.call("run", "minesweeper:20:1", "--out", "run", "--resume", *short, code=1)
        self.assertIn("the finished run has another graph", refused.stderr)

    def test_a_damaged_checkpoint_is_passed_over(self):
        subprocess.run(self.command("whole"), cwd=self.dir, check=True, capture_output=True)
        for damage in (lambda b: b[:len(b) // 2], lambda b: b[:-9] + bytes([b[-9] ^ 1]) + b[-8:], lambda b: b""):
            self.kill_when_begun("cut", seconds=0.4)
            files = sorted((self.unfinished("cut") / "checkpoint").glob("checkpoint-*"), key=lambda p: p.stat().st_mtime)
            self.assertEqual(len(files), 2)
            files[-1].write_bytes(damage(files[-1].read_bytes()))
            told = self.finish("cut").stderr
            self.assertIn("a damaged checkpoint is passed over", told)
            self.expect_same("cut")
            subprocess.run(["rm", "-r", self.dir / "cut"], check=True)

    def test_two_runs_on_one_folder(self):
        first = self.start("run", *sets(network__epochs=100000, network__patience=0))
        while not (self.unfinished("run") / "checkpoint" / "checkpoint-0.safetensors").exists():
            time.sleep(0.01)
        for extra in ([], ["--resume"], ["--overwrite"]):
            asked = self.call("run", self.data, "--out", "run", *extra, code=1)
            self.assertIn("another process is writing it", asked.stderr)
        first.kill()
        first.communicate()

    def test_nothing_to_resume_and_complete_already(self):
        told = self.finish("run").stderr
        self.assertIn("nothing to resume: begins anew", told)
        again = self.finish("run")
        self.assertIn("run", again.stdout)
        self.assertIn("--resume needs --out", self.call("run", self.data, "--resume", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
