"""iscsi-test-cu, each test in a process of its own, judged by the table expected.txt."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
import target as itgtd  # noqa: E402
from table import expected, known_tests, row_of, strangers  # noqa: E402

TEST_TIMEOUT_S = 120
SIZE = 100 << 20
UNITS = {"rw": "read-only=false", "ro": "read-only=true", "removable": "removable=true",
         "slow": "removable=true,max-bandwidth=20MiB/s"}
OUTPUT_MAX = 3000  # a test may repeat itself thousands of times


def run(test, urls):
    """Run one test: its outcome (pass, skip, fail) and all it said."""
    try:
        done = subprocess.run(["iscsi-test-cu", "--dataloss", "--allow-sanitize", "--test", "ALL." + test, *urls],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=TEST_TIMEOUT_S)
    except subprocess.TimeoutExpired as late:
        return "fail", f"{(late.output or b'').decode()}\nno end within {TEST_TIMEOUT_S} s"
    counts = re.search(r"^ +tests +1 +1 +1 +0 +0$", done.stdout, re.M)
    asserts = re.search(r"^ +asserts +(\d+) +\1 +\1 +0 +n/a$", done.stdout, re.M)
    if done.returncode or not counts or not asserts:
        return "fail", f"{done.stdout}\nexit status {done.returncode}"
    # Before and after a test the tool looks at reservations; a skip there is none of the test's.
    said = re.search(r"^ +Test: \S+ \.\.\.(.*?)passed", done.stdout, re.M | re.S)
    return "skip" if "[SKIPPED]" in said.group(1) else "pass", done.stdout


def judge(test, row, urls_of):
    """Run a test by its row; a sentence if that is a fault."""
    unit, wanted, reason = row
    if wanted == "off":
        return wanted, None
    outcome, output = run(test, urls_of[unit])
    if outcome == "pass" and wanted == "skip":
        print(f"{test}: passes, though the table says skip: {reason}")
    elif outcome != wanted:
        return outcome, f"{test}: {outcome}, expected {wanted}\n{output[:OUTPUT_MAX]}"
    return outcome, None


def serve(store, block_size, directory):
    """The daemon, with a logical unit of each kind that a row may name, behind two portals."""
    command = []
    for kind, option in UNITS.items():
        path = pathlib.Path(directory, kind)
        path.touch()
        os.truncate(path, SIZE)
        where = f"ram,size={SIZE}" if store == "ram" else f"{path},io={store}"
        command += ["--serve", f"{where},block-size={block_size},{option}"]
    return itgtd.Target(*command, "--portal", "127.0.0.1:0")


def by_unit(urls):
    """The URLs of each logical unit, one for each portal."""
    found = {}
    for url in urls:
        found.setdefault(int(url.rsplit("/", 1)[1]), []).append(url)
    return [found[number] for number in sorted(found)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("store", choices=["direct", "cached", "ram"])
    parser.add_argument("block_size", choices=["512", "4096"])
    parser.add_argument("test", nargs="*", help="Suite.Test; all by default")
    args = parser.parse_args()
    if not shutil.which("iscsi-test-cu"):
        itgtd.skip("iscsi-test-cu (package libiscsi-bin) is not installed")

    table = expected()
    rows = {test: row_of(table, test, args.block_size) for test in known_tests()}
    faults = [f"{test}: not in expected.txt" for test, row in rows.items() if not row]
    faults += [f"{row}: in expected.txt, but not in iscsi-test-cu" for row in strangers(table, rows)]
    count = {"pass": 0, "skip": 0, "off": 0, "fail": 0}
    with itgtd.workdir() as directory, serve(args.store, args.block_size, directory) as target:
        if args.store == "direct":  # else it would be the same run as "cached"
            faults += target.log_lines("served through the page cache")
        urls_of = {unit: urls[:1] for unit, urls in zip(UNITS, by_unit(target.urls))}
        urls_of["paths"] = by_unit(target.urls)[0]
        for test in args.test or [test for test, row in rows.items() if row]:
            outcome, fault = judge(test, rows[test], urls_of)
            count[outcome] += 1
            if fault:
                faults.append(f"{fault}\n{target.threads()}" if target.alive() else fault)
            if not target.alive():
                faults.append(f"{test}: the daemon ended")
                break
        for fault in faults:
            print(fault)
        print(", ".join(f"{number} {outcome}" for outcome, number in count.items()))
    sys.exit(1 if faults else 0)


main()
