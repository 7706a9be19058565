"""itgt-dvt finds nothing wrong with itgtd, and finds what is wrong elsewhere."""
import json
import os
import re
import shlex
import subprocess

import cli

DVT = os.environ["ITGT_DVT"]
IQN = "iqn.2026-11.org.itgtd:dvt"
ROUNDS = 2000
CONF = """
portal-group "1" { listen = { "127.0.0.1:0" } }
auth-group "lab" {
  chap "host1" { secret = "a secret of host1" mutual-user = "itgtd" mutual-secret = "the target's secret" }
}
target "%s" {
  auth-group = "lab"
  lun "0" { backend = "ram" size = "16M" }
}
"""


def dvt(*args):
    """(exit code, standard output, standard error)"""
    out = subprocess.run([DVT, *args], capture_output=True, text=True, timeout=110, stdin=subprocess.DEVNULL)
    return out.returncode, out.stdout, out.stderr


def url(itgtd):
    return re.search(r"iscsi://\S+", itgtd.ready)[0]


class Dvt(cli.Case):
    def secret(self, name, text):
        path = self.write(name, text + "\n")
        os.chmod(path, 0o600)
        return path

    def test_itgtd_holds(self):
        with cli.Daemon("--serve", "ram,size=64M", "--portal", "127.0.0.1:0", "-l", "warning") as itgtd:
            code, out, err = dvt("--write", "--rounds", str(ROUNDS), "--seed", "7", "--json", url(itgtd))
            self.assertEqual((code, err), (0, ""), out)
            result = json.loads(out)
            self.assertEqual((result["rounds"], result["failures"], result["failed"]), (ROUNDS, 0, []))
            self.assertGreaterEqual(result["connections"], ROUNDS)
            self.assertEqual(result["pairs_met"], result["pairs"])

    def test_chap_both_ways(self):
        with cli.Daemon("-c", self.write("itgtd.conf", CONF % IQN), "-l", "warning") as itgtd:
            target = f"iscsi://127.0.0.1:{itgtd.ports[0]}/{IQN}/0"
            chap = ["--chap", "host1:" + self.secret("host1", "a secret of host1")]
            mutual = ["--mutual-chap", "itgtd:" + self.secret("target", "the target's secret")]
            args = ["--write", "--rounds", "200", "--seed", "1", *chap]
            self.assertEqual(dvt(*args, *mutual, "--always-chap", target)[0], 0)
            # The target demands CHAP: a round without it is refused.
            code, _, err = dvt(*args, "--failures", "1", target)
            self.assertEqual(code, 1)
            self.assertRegex(err, "round [0-9]+: the login was refused with status 0x0201, authentication failure\n")
            wrong = ["--mutual-chap", "itgtd:" + self.secret("wrong", "another secret")]
            code, _, err = dvt(*args, *wrong, "--always-chap", "--failures", "1", target)
            self.assertEqual(code, 1)
            self.assertRegex(err, "round [0-9]+: the target does not prove itself")

    def test_without_write_nothing_changes(self):
        image = self.write("disk.img", "")
        with open(image, "wb") as file:
            file.write(os.urandom(4 << 20))
        with open(image, "rb") as file:
            before = file.read()
        with cli.Daemon("--serve", f"{image},read-only=true", "--portal", "127.0.0.1:0") as itgtd:
            self.assertEqual(dvt("--rounds", "50", "--seed", "3", url(itgtd))[0], 0)
        with open(image, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_what_is_wrong_is_told_with_the_command_that_repeats_it(self):
        """A store that keeps nothing: what was written does not come back."""
        with cli.Daemon("--serve", "null,size=64M", "--portal", "127.0.0.1:0") as itgtd:
            code, out, err = dvt("--write", "--rounds", "20", "--seed", "5", "--failures", "2", "--json", url(itgtd))
            self.assertEqual(code, 1)
            failed = json.loads(out)["failed"]
            self.assertEqual(len(failed), 2)
            for failure in failed:
                self.assertIn("differ from what was written", failure["why"])
                self.assertIn("MaxBurstLength=", failure["keys"])
                self.assertIn(failure["repeat"], err)
                again = shlex.split(failure["repeat"])
                self.assertEqual(again[0], "itgt-dvt")
                code, _, err_again = dvt(*again[1:])
                self.assertEqual(code, 1)
                self.assertIn(f"round {failure['round']}: {failure['why']}\n", err_again)

    def test_time_ends_it(self):
        with cli.Daemon("--serve", "ram,size=64M", "--portal", "127.0.0.1:0") as itgtd:
            code, out, _ = dvt("--time", "300ms", "--keys", "InitialR2T,ImmediateData", "--json", url(itgtd))
            self.assertEqual(code, 0)
            self.assertGreaterEqual(json.loads(out)["seconds"], 0.3)

    def test_nobody_there(self):
        with cli.Daemon(*cli.RAM) as itgtd:
            gone = url(itgtd)
        code, out, err = dvt("--rounds", "1", gone)
        self.assertEqual((code, out), (3, ""))
        self.assertRegex(err, r"^itgt-dvt: 127\.0\.0\.1 port [0-9]+: Connection refused\n$")

    def test_wrong_usage(self):
        target = "iscsi://127.0.0.1/iqn.2026-11.org.itgtd:demo/0"
        open_secret = self.write("open.secret", "secret\n")
        os.chmod(open_secret, 0o644)
        good = self.secret("good.secret", "secret")
        for args, message in (
            ([], "which target?"),
            ([target, target], "one target at a time"),
            (["http://127.0.0.1/"], "is not iscsi://HOST"),
            (["--rounds", "0", target], '--rounds: "0" is not a number from 1'),
            (["--rounds", "-1", target], '--rounds: "-1" is not a number'),
            (["--time", "soon", target], '--time: "soon" is not a time'),
            (["--keys", "TargetName", target], '--keys: "TargetName" is no key that is tried'),
            (["--keys", "", target], "--keys: none is named"),
            (["--chap", "host1", target], "is not USER:FILE"),
            (["--chap", f"host1:{open_secret}", target], "others may read it"),
            (["--chap", "host1:/nowhere/at/all", target], "No such file"),
            (["--mutual-chap", f"itgtd:{good}", target], "--mutual-chap needs --chap"),
            (["--chap", f"host1:{good}", "--mutual-chap", f"itgtd:{good}", target], "secrets of their own"),
            (["--always-chap", target], "--always-chap needs --chap"),
            (["--no-such-option", target], "no-such-option"),
        ):
            with self.subTest(args=args):
                code, out, err = dvt(*args)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(message, err)
                self.assertTrue(err.endswith("\nTry 'itgt-dvt --help'.\n"), err)

    def test_help_version_keys(self):
        for option, what in (("--help", "Usage: itgt-dvt"), ("--version", "itgt-dvt "), ("--list-keys", "InitialR2T")):
            code, out, err = dvt(option)
            self.assertEqual((code, err), (0, ""))
            self.assertIn(what, out)


cli.main()
