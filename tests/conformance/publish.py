"""CONFORMANCE.md is what expected.txt says: checked, or written anew with --write."""
import argparse
import pathlib
import shutil
import sys

from table import expected, known_tests, row_of

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "CONFORMANCE.md"
BLOCK_SIZES = ("512", "4096")

HEAD = """# Conformance

What Debian's `iscsi-test-cu` (libiscsi 1.19) says of itgtd. Each of its {tests} tests runs in a process of its own, with
`--dataloss` and `--allow-sanitize`, against a file with O_DIRECT, a file through the page cache, and RAM; the results are
the same for the three. The tests that need one meet a removable, a read-only or a slow logical unit, those of
multipathing two portals.

| blocks of | passed | skipped | not run | failed |
|---|---|---|---|---|
{counts}

*Skipped*: the test looks at the disk and finds that it has nothing, or not all, to do. *Not run*: it cannot pass, for the
reason told.

| test | blocks of | | reason |
|---|---|---|---|
{exceptions}

`ctest -L conformance` runs all of it; `tests/conformance/expected.txt`, from which this page is made, is what it holds the
results against.

## Where the standards leave a choice

- A command that is wrong in itself is told ILLEGAL REQUEST, also where it would meet another's reservation or a unit
  attention. SAM-5 (5.3.3) has RESERVATION CONFLICT come behind the unit attentions of resets and of lost commands and before
  all others, but lets ILLEGAL REQUEST, BUSY and TASK SET FULL take any place in that order. Nothing of the medium or of
  the reservation shows by it: only the CDB is looked at. During SANITIZE and FORMAT UNIT their progress is told first.
- InitiatorName, SessionType and TargetName may be said twice where CHAP was offered and nobody asks for it, which RFC 7143
  (6.3) has refused: libiscsi and QEMU do that. `ARCHITECTURE.md` says why.
- The command timeouts descriptors of REPORT SUPPORTED OPERATION CODES recommend no time: `ARCHITECTURE.md` says why.
"""


def count(rows):
    outcomes = [row[1] for row in rows.values()]
    return {outcome: outcomes.count(outcome) for outcome in ("pass", "skip", "off")}


def exceptions(rows_of):
    """A line for each test and reason; one for both block sizes where they agree."""
    words = {"skip": "skipped", "off": "not run"}
    for test in sorted({test for rows in rows_of.values() for test, row in rows.items() if row[1] != "pass"}):
        found = {size: rows[test] for size, rows in rows_of.items() if rows[test][1] != "pass"}
        for outcome, reason in sorted({(row[1], row[2]) for row in found.values()}):
            sizes = [size for size, row in found.items() if row[1:] == (outcome, reason)]
            yield f"| {test} | {', '.join(sizes)} | {words[outcome]} | {reason} |"


def document():
    table, tests = expected(), known_tests()
    rows_of = {size: {test: row_of(table, test, size) for test in tests} for size in BLOCK_SIZES}
    counts = {size: count(rows) for size, rows in rows_of.items()}
    lines = [f"| {size} bytes | {n['pass']} | {n['skip']} | {n['off']} | 0 |" for size, n in counts.items()]
    return HEAD.format(tests=len(tests), counts="\n".join(lines), exceptions="\n".join(exceptions(rows_of)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if not shutil.which("iscsi-test-cu"):
        print("skipped: iscsi-test-cu (package libiscsi-bin) is not installed")
        sys.exit(77)
    if args.write:
        DOCUMENT.write_text(document())
    elif not DOCUMENT.exists() or DOCUMENT.read_text() != document():
        sys.exit("CONFORMANCE.md is not what expected.txt says: tests/conformance/publish.py --write makes it anew")


main()
