"""The page of metrics: well-formed, true, and bounded."""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess

import cli

LOAD = os.environ["ITGT_LOAD"]
CONF = pathlib.Path(__file__).resolve().parents[2] / "conf/metrics"
IQN = "iqn.2026-11.org.itgtd:metrics"
CHAP = """
metrics = "127.0.0.1:0"
portal-group "1" { listen = { "127.0.0.1:0" } }
auth-group "lab" { chap "host1" { secret = "a secret of host1" } }
target "%s" { auth-group = "lab" lun "0" { backend = "ram" size = "16M" } }
""" % IQN


def start(*args):
    """A daemon, and its port of metrics: the log names it before it is ready."""
    itgtd = cli.Daemon(*args)
    port = next(int(m[1]) for m in (re.search(r"metrics: port (\d+)", line) for line in itgtd.said.seen) if m)
    return itgtd, port


def serve(*more):
    return start("--serve", "ram,size=64M", "--portal", "127.0.0.1:0", "--metrics", "127.0.0.1:0", *more)


def get(port, path="/metrics", method="GET", body=None):
    """(status, headers, text)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=cli.LIMIT_S)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def value(text, name, **labels):
    """A sample's value; None when there is no such line."""
    for line in text.splitlines():
        match = re.fullmatch(rf"{name}(?:\{{(.*?)\}})? (\S+)", line)
        if match and labels == dict(re.findall(r'(\w+)="(.*?)"', match[1] or "")):
            return float(match[2])
    return None


class Metrics(cli.Case):
    def load(self, itgtd, *options):
        url = re.search(r"iscsi://\S+", itgtd.ready)[0]
        out = subprocess.run([LOAD, "-w", "0", "--json", "--quiet", *options, url], capture_output=True, text=True,
                             timeout=cli.LIMIT_S)
        return out, json.loads(out.stdout) if out.returncode == 0 else None

    def promtool(self, *args, text=None):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        out = subprocess.run(["promtool", *args], input=text, capture_output=True, text=True)
        self.assertEqual((out.returncode, out.stderr), (0, ""), out.stdout)

    def test_what_is_told_is_what_was_done(self):
        itgtd, port = serve("-l", "notice")
        with itgtd:
            out, result = self.load(itgtd, "-t", "300ms", "-r", "50", "--header-digest")
            self.assertTrue(result, out.stderr)
            status, headers, text = get(port)
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            lun = {"target": "iqn.2026-11.org.itgtd:demo", "lun": "0"}
            done = [value(text, "itgtd_lun_commands_total", **lun, op=op) for op in ("read", "write")]
            self.assertGreaterEqual(sum(done), result["jobs"][0]["ios"])
            for op, n in zip(("read", "write"), done):
                self.assertEqual(value(text, "itgtd_lun_bytes_total", **lun, op=op), 4096 * n)
                self.assertEqual(value(text, "itgtd_lun_latency_seconds_count", **lun, op=op), n)
                self.assertEqual(value(text, "itgtd_lun_latency_seconds_bucket", **lun, op=op, le="+Inf"), n)
                self.assertEqual(value(text, "itgtd_lun_errors_total", **lun, op=op), 0)
            self.assertEqual(value(text, "itgtd_lun_size_bytes", **lun), 64 << 20)
            self.assertEqual(value(text, "itgtd_logins_total"), 1)
            self.assertEqual(value(text, "itgtd_targets"), 1)
            self.assertEqual(value(text, "itgtd_luns"), 1)
            self.assertGreater(value(text, "itgtd_loop_turn_seconds_count"), 0)
            self.promtool("check", "metrics", text=text)

    def test_refused_logins_are_told_by_reason(self):
        itgtd, port = start("-c", self.write("itgtd.conf", CHAP), "-l", "notice")
        with itgtd:
            url = f"iscsi://127.0.0.1:{itgtd.ports[0]}/{IQN}/0"
            out = subprocess.run([LOAD, "-t", "100ms", "--quiet", url], capture_output=True, timeout=cli.LIMIT_S)
            self.assertNotEqual(out.returncode, 0)
            text = get(port)[2]
            self.assertEqual(value(text, "itgtd_login_failures_total", status="0x0201",
                                   reason="authentication failure"), 1)
            self.assertEqual(value(text, "itgtd_logins_total"), 0)
            self.promtool("check", "metrics", text=text)

    def test_a_session_is_told_while_it_is_there(self):
        itgtd, port = serve("-l", "notice")
        with itgtd:
            url = re.search(r"iscsi://\S+", itgtd.ready)[0]
            name = "iqn.2026-11.org.itgtd:seen"
            with subprocess.Popen([LOAD, "-t", "60s", "--quiet", "--initiator", name, url]) as load:
                try:
                    itgtd.said.until("logged in")
                    text = get(port)[2]
                    labels = {"sid": "1", "target": "iqn.2026-11.org.itgtd:demo", "initiator": name}
                    self.assertIsNotNone(value(text, "itgtd_session_commands_total", **labels, op="read"))
                    self.assertIsNotNone(value(text, "itgtd_session_queue_depth", **labels))
                    self.assertEqual(value(text, "itgtd_target_sessions", target=labels["target"]), 1)
                    self.assertEqual(value(text, "itgtd_connections", state="LOGGED_IN"), 1)
                    self.promtool("check", "metrics", text=text)
                finally:
                    load.terminate()

    def test_other_requests(self):
        itgtd, port = serve("-l", "notice")
        with itgtd:
            for path, method, body, status in (("/", "GET", None, 404), ("/metrics/", "GET", None, 404),
                                               ("/metrics", "HEAD", None, 200), ("/metrics", "DELETE", None, 405),
                                               ("/metrics?a=b", "GET", None, 200)):
                with self.subTest(path=path, method=method):
                    self.assertEqual(get(port, path, method, body)[0], status)

    def test_hostile_requests_do_no_harm(self):
        itgtd, port = serve("-l", "notice")
        with itgtd:
            for sent in (b"\0" * 4096, b"GET /metrics HTTP/1.1\r\nX: " + b"a" * 200000, b"GET " + b"/" * 100000,
                         b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\n" + b"x" * 70000,
                         b"GET /metrics HTTP/9.9\r\n\r\n", b"\r\n" * 1000, b"GET /metrics HTTP/1.1\r\n"):
                with socket.create_connection(("127.0.0.1", port), cli.LIMIT_S) as s:
                    try:
                        s.sendall(sent)
                        s.shutdown(socket.SHUT_WR)
                        while s.recv(65536):
                            pass
                    except OSError:  # it has hung up already
                        pass
            # Many that say nothing: they are turned away beyond a few, and the target serves on.
            silent = [socket.create_connection(("127.0.0.1", port), cli.LIMIT_S) for _ in range(30)]
            out, result = self.load(itgtd, "-t", "100ms")
            self.assertTrue(result, out.stderr)
            for s in silent:
                s.close()
            self.assertEqual(get(port)[0], 200)
            self.assertEqual(itgtd.end(), 0)

    def test_who_says_nothing_makes_room(self):
        """Twice as many as have room, and one: the second half comes in when the first has been sent away."""
        itgtd, port = serve("-l", "notice")
        with itgtd:
            silent = [socket.create_connection(("127.0.0.1", port), cli.LIMIT_S) for _ in range(33)]
            for s in silent[:32]:
                self.assertEqual(s.recv(1), b"")
            self.assertEqual(get(port)[0], 200)
            for s in silent:
                s.close()
            self.assertEqual(itgtd.end(), 0)

    def test_a_thousand_luns(self):
        luns = "".join(f'  lun "{n}" {{ backend = "null" size = "1M" }}\n' for n in range(1100))
        conf = ('metrics = "[::1]:0"\nportal-group "1" { listen = { "127.0.0.1:0" } }\n'
                f'target "{IQN}" {{\n  auth-group = "no-authentication"\n{luns}}}\n')
        itgtd, port = start("-c", self.write("itgtd.conf", conf), "-l", "notice")
        with itgtd:
            connection = http.client.HTTPConnection("::1", port, timeout=cli.LIMIT_S)
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
            connection.close()
            self.assertEqual(value(text, "itgtd_luns"), 1100)
            self.assertEqual(len(re.findall("^itgtd_lun_size_bytes{", text, re.M)), 1000)
            self.promtool("check", "metrics", text=text)

    def test_an_address_that_is_taken_or_wrong(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            code, _, err = cli.run(*cli.RAM, "--metrics", f"127.0.0.1:{port}")
        self.assertEqual(code, 4)
        self.assertIn(f"metrics: 127.0.0.1:{port}: Address already in use", err)
        for text in ("127.0.0.1", "localhost:9814", "[::1]", "::1", "9814"):
            path = self.write("itgtd.conf", f'metrics = "{text}"\n')
            code, _, err = cli.run("--check", "-c", path)
            self.assertEqual(code, 3, text)
            self.assertIn(f'{path}:1: metrics: "{text}" is not an address and port', err)

    def test_rules_and_dashboard_name_what_there_is(self):
        itgtd, port = serve("-l", "notice")
        with itgtd:
            there = set(re.findall(r"^# TYPE (\w+)", get(port)[2], re.M))
        self.promtool("check", "rules", str(CONF / "itgtd.rules.yml"))
        dashboard = (CONF / "grafana-itgtd.json").read_text()
        json.loads(dashboard)
        for text in ((CONF / "itgtd.rules.yml").read_text(), dashboard):
            named = {re.sub("_(bucket|sum|count)$", "", name) for name in re.findall(r"\bitgtd_\w+", text)}
            self.assertTrue(named)
            self.assertEqual(named - there, set())


cli.main()
