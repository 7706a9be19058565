"""itgtctl: its arguments, its help, its exit codes, and what it prints."""
import pathlib
import re
import subprocess

import cli
import ctl

# The arguments, what is said, and the command that it is about, where there is one.
WRONG = [
    ([], "which command?"),
    (["nosuch"], 'there is no command "nosuch"'),
    (["target"], '"target" is not a whole command (write one of these behind it: add, list, remove, show)'),
    (["target", "nosuch"], 'target has no command "nosuch" (it has: add, list, remove, show)'),
    (["target.list"], 'there is no command "target.list"'),
    (["status", "more"], '"more" is one word too many', "status"),
    (["status", "--force"], 'there is no switch "--force" here', "status"),
    (["-x", "status"], 'there is no switch "-x" here', "status"),
    (["target", "show"], "IQN is missing: the target's name", "target show"),
    (["log-level", "loud"], 'LEVEL must be one of error, warning, notice, info, debug, not "loud"', "log-level"),
    (["status", "--watch"], "--watch needs an argument: SECONDS"),
    (["status", "--watch", "0"], '--watch takes seconds from 0.1 to 300, not "0"'),
    (["status", "--watch", "nan"], '--watch takes seconds from 0.1 to 300, not "nan"'),
    (["shutdown", "--watch", "1"], "--watch goes with commands that only look", "shutdown"),
]


class Arguments(ctl.Case):
    def test_wrong_usage_is_told_and_needs_no_daemon(self):
        for args, message, *command in WRONG:
            with self.subTest(args=args):
                words = "".join(word + " " for word in command)
                self.assertEqual(self.itgtctl(*args), (2, "", f"itgtctl: {message}\nTry 'itgtctl {words}--help'.\n"))

    def test_without_a_daemon_it_says_so(self):
        self.assertEqual(self.itgtctl("status"),
                         (3, "", f"itgtctl: {self.socket}: No such file or directory (does itgtd run?)\n"))

    def test_version_and_help(self):
        code, out, err = self.itgtctl("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^itgtctl \d+\.\d+\.\d+\n$")
        code, out, err = self.itgtctl("--help")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("  target show IQN ", out)
        code, out, err = self.itgtctl("log-level", "--help")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out.splitlines()[0],
                         "itgtctl log-level [LEVEL]: show or set the least grave messages that are logged")
        self.assertIn("(error, warning, notice, info, debug)", out)
        for words in ("log-level",), (), ("lun", "add"):
            self.assertEqual(self.itgtctl("help", *words), self.itgtctl(*words, "--help"))
        out = self.itgtctl("help", "portal")[1]
        self.assertEqual(re.findall(r"(?m)^  (\w+ \w+) ", out), ["portal add", "portal list", "portal remove"])

    def test_help_and_the_methods_are_the_same_rows(self):
        with self.serve() as itgtd:
            names = [method["name"].replace(".", " ") for method in self.show("method", "list")]
            out = self.itgtctl("--help")[1]
            for name in names:
                self.assertRegex(out, rf"(?m)^  {name}[ \[]")
            self.assertEqual(itgtd.end(), 0)


class Commands(ctl.Case):
    def test_status(self):
        with self.serve() as itgtd:
            status = self.show("status")
            self.assertEqual(status["pid"], itgtd.process.pid)
            self.assertEqual((status["targets"], status["luns"], status["sessions"]), (1, 1, 0))
            code, out, err = self.itgtctl("status")
            self.assertEqual((code, err), (0, ""))
            self.assertRegex(out, r"(?m)^targets +1$")
            self.assertEqual(itgtd.end(), 0)

    def test_target_list_and_show(self):
        with self.serve() as itgtd:
            self.assertEqual([t["name"] for t in self.show("target", "list")], [ctl.IQN])
            self.assertRegex(self.itgtctl("target", "list")[1], rf"^NAME .*\n{ctl.IQN} ")
            self.assertEqual(self.show("target", "show", ctl.IQN.upper())["name"], ctl.IQN)
            self.assertEqual(self.itgtctl("target", "show", "iqn.x"),
                             (1, "", 'itgtctl: there is no target "iqn.x"\n'))
            self.assertEqual(itgtd.end(), 0)

    def test_log_level(self):
        with self.serve() as itgtd:
            self.assertEqual(self.itgtctl("log-level", "debug"), (0, "level  debug\n", ""))
            self.assertEqual(self.show("log-level"), {"level": "debug"})
            self.assertEqual(itgtd.end(), 0)

    def test_shutdown(self):
        with self.serve() as itgtd:
            self.assertEqual(self.itgtctl("shutdown")[0], 0)
            self.assertEqual(itgtd.wait(), 0)
        self.assertFalse(self.socket.exists())

    def test_watch_repeats(self):
        with self.serve() as itgtd:
            with subprocess.Popen([ctl.ITGTCTL, "-s", str(self.socket), "log-level", "--watch", "0.1"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watch:
                self.assertEqual(watch.wait(cli.LIMIT_S), 2)  # it changes something
            with subprocess.Popen([ctl.ITGTCTL, "-s", str(self.socket), "--json", "target", "list", "--watch", "0.1"],
                                  stdout=subprocess.PIPE) as watch:
                lines = cli.Lines(watch.stdout.fileno())
                for _ in range(3):
                    lines.until("^]$")
                watch.terminate()
            self.assertEqual(itgtd.end(), 0)


class Completion(ctl.Case):
    def in_bash(self, line):
        """What bash would offer behind the line."""
        script = ('source "$1"; COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=("$3"); COMP_WORDBREAKS=$\' "\\\'><=;|&(:\';'
                  ' _itgtctl; printf "%s\\n" "${COMPREPLY[@]}"')
        file = pathlib.Path(__file__).resolve().parents[2] / "completion/itgtctl.bash"
        out = subprocess.run(["bash", "-c", script, "bash", str(file), line, ctl.ITGTCTL], capture_output=True,
                             text=True, timeout=cli.LIMIT_S)
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        return out.stdout.split()

    def test_in_bash(self):
        with self.serve() as itgtd:
            line = f"itgtctl -s {self.socket} target "
            self.assertEqual(self.in_bash(line + "sh"), ["show"])
            self.assertEqual(self.in_bash(line + "show "), [ctl.IQN])
            self.assertEqual(self.in_bash(line + "show iqn.2026-11.org.itgtd:d"), ["demo"])
            self.assertEqual(self.in_bash("itgtctl --complet"), [])
            self.assertEqual(itgtd.end(), 0)

    def complete(self, text):
        code, out, err = self.itgtctl("--complete", text)
        self.assertEqual((code, err), (0, ""))
        return out.split()

    def test_commands_words_and_names(self):
        with self.serve() as itgtd:
            self.assertIn("target", self.complete("itgtctl "))
            self.assertEqual(self.complete("itgtctl targ"), ["target"])
            self.assertEqual(self.complete("itgtctl target sh"), ["show"])
            self.assertEqual(self.complete("itgtctl target show "), [ctl.IQN])
            self.assertEqual(self.complete(f"itgtctl -s {self.socket} --json target show iqn.2026"), [ctl.IQN])
            self.assertEqual(self.complete("itgtctl -s /nosuch target show "), [])
            self.assertEqual(self.complete("itgtctl log-level n"), ["notice"])
            self.assertEqual(self.complete("itgtctl --js"), ["--json"])
            self.assertEqual(self.complete("itgtctl nosuch "), [])
            self.assertEqual(itgtd.end(), 0)
        self.assertEqual(self.complete("itgtctl target show "), [])  # nobody knows


ctl.main()
