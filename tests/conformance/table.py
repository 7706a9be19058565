"""expected.txt: what each test of iscsi-test-cu is expected to say, and where."""
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def expected():
    """The table: test → (logical unit, what is expected, reason)."""
    rows = {}
    for line in (HERE / "expected.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            test, unit, outcome, *reason = line.split(None, 3)
            assert test not in rows, f"{test} stands twice in expected.txt"
            assert outcome == "pass" or reason, f"{test}: no reason in expected.txt"
            rows[test] = unit, outcome, "".join(reason)
    return rows


def known_tests():
    """What iscsi-test-cu has, as Suite.Test."""
    listing = subprocess.run(["iscsi-test-cu", "--list"], capture_output=True, text=True, check=True)
    return re.findall(r"^ALL\.(\w+\.\S+)$", listing.stdout, re.M)


def row_of(table, test, block_size):
    """A test's row for this block size, or its row for all, or that of its suite."""
    suite = test.split(".")[0]
    return table.get(f"{test}@{block_size}") or table.get(test) or table.get(f"{suite}.*")


def strangers(table, tests):
    """Rows that match no test of the tool."""
    suites = {test.split(".")[0] + ".*" for test in tests}
    return [row for row in table if row.split("@")[0] not in suites.union(tests)]
