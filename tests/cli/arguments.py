"""Wrong usage ends with 2, a short message and a hint; help and version with 0."""
import os
import unittest

import cli

HINT = "Try 'itgtd --help'.\n"

WRONG = [
    (["--bogus"], 'itgtd: there is no such switch: "--bogus"\n'),
    (["-x"], 'itgtd: there is no such switch: "-x"\n'),
    (["--serve"], 'itgtd: this switch needs an argument: "--serve"\n'),
    (["-c"], 'itgtd: this switch needs an argument: "-c"\n'),
    (["disk.img"], 'itgtd: what is this? (write --serve before what to serve): "disk.img"\n'),
    (["-l", "loud"], 'itgtd: -l: not error, warning, notice, info or debug: "loud"\n'),
    (["--ready-fd", "77"], 'itgtd: --ready-fd: not an open descriptor: "77"\n'),
    (["--ready-fd", "x"], 'itgtd: --ready-fd: not an open descriptor: "x"\n'),
    (["--ready-fd", "99999999999999999999"],
     'itgtd: --ready-fd: not an open descriptor: "99999999999999999999"\n'),
    (["--metrics", "9814"], 'itgtd: --metrics: not an address and port (write 127.0.0.1:9814): "9814"\n'),
    (["--metrics", "127.0.0.1"], 'itgtd: --metrics: not an address and port (write 127.0.0.1:9814): "127.0.0.1"\n'),
    (["--metrics", "[::1]"], 'itgtd: --metrics: not an address and port (write 127.0.0.1:9814): "[::1]"\n'),
    (["-c", "x", "--serve", "y"], "itgtd: -c and --serve: serve what a file says, or without one\n"),
    (["--portal", "127.0.0.1"],
     "itgtd: --portal goes with --serve only (the configuration file has options for it)\n"),
    (["--read-only"], "itgtd: --read-only goes with --serve only (the configuration file has options for it)\n"),
    (["--serve", "ram,size=1M", "--target", "iqn.2026-11.org.example:a", "--target", "iqn.2026-11.org.example:a"],
     "itgtd: --target is given twice\n"),
    (["--serve", "x", "--chap", "a:b", "--chap", "a:b"], "itgtd: --chap is given twice\n"),
    (["-c", "x", "--config", "y"], "itgtd: -c, --config is given twice\n"),
    (["-p", "x", "-p", "y"], "itgtd: -p, --pidfile is given twice\n"),
    (["-l", "info", "-l", "info"], "itgtd: -l, --log-level is given twice\n"),
    (["--ready-fd", "2", "--ready-fd", "2"], "itgtd: --ready-fd is given twice\n"),
    (["-d", "-f"], "itgtd: -d and -f: in the background, or in the foreground\n"),
    (["-d", "--exit-with-parent"], "itgtd: -d and --exit-with-parent: in the background there is no parent\n"),
]


class Arguments(cli.Case):
    def test_wrong_usage_is_told_with_a_hint(self):
        for args, message in WRONG:
            with self.subTest(args=args):
                self.assertEqual(cli.run(*args), (2, "", message + HINT))

    def test_a_faulty_spec_is_wrong_usage(self):
        message = 'itgtd: --serve "ram,size=10X": size: "10X" is not a size (write 512M, 10G, 1T)\n'
        self.assertEqual(cli.run("--serve", "ram,size=10X"), (2, "", message))

    def test_all_that_is_wrong_with_the_switches_is_told(self):
        code, _, err = cli.run("--serve", "ram", "--serve", "x,sise=1", "--portal", "here", "--target", "disk",
                               "--chap", "user")
        self.assertEqual(code, 2)
        self.assertEqual(len(err.splitlines()), 5, err)
        for line in err.splitlines():
            self.assertRegex(line, r"^itgtd: --(serve|portal|target|chap)\b")

    def test_a_switch_without_argument_and_a_list_may_stand_twice(self):
        code, _, err = cli.run("--check", "--check", *cli.RAM, *cli.RAM, "--read-only", "--read-only")
        self.assertEqual((code, err), (0, ""))

    @unittest.skipIf(os.path.exists("/etc/itgtd.conf"), "this machine has a configuration")
    def test_without_a_file_it_tells_how_to_do_without(self):
        self.assertEqual(cli.run(), (3, "", "/etc/itgtd.conf: No such file or directory\n"
                                            "itgtd: without a configuration file: itgtd --serve disk.img,size=10G\n"))

    def test_an_open_door_is_warned_of(self):
        warning = "itgtd: warning: whoever reaches 0.0.0.0:3260 may use what is served (--chap asks for a secret)\n"
        code, _, err = cli.run("--check", "--serve", "ram,size=1M", "--portal", "127.0.0.1", "--portal", "0.0.0.0")
        self.assertEqual((code, err), (0, warning))
        secret = self.write("secret", "abcdefghijklmnop\n")
        os.chmod(secret, 0o600)
        for more in (["--portal", "[::1]"], ["--portal", "0.0.0.0", "--chap", f"me:{secret}"]):
            code, _, err = cli.run("--check", "--serve", "ram,size=1M", *more)
            self.assertEqual((code, err), (0, ""))

    def test_help_and_version(self):
        code, out, err = cli.run("--help")
        self.assertEqual((code, err), (0, ""))
        for switch in ("--serve SPEC", "-c, --config FILE", "--ready-fd N", "[--portal ADDR[:PORT]]...\n", "null,size=1T",
                       "[--target IQN] [--chap USER:SECRET-FILE] [--read-only]\n"):
            self.assertIn(switch, out)
        code, out, err = cli.run("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^itgtd \d+\.\d+\.\d+\n$")


cli.main()
