"""
How scripts/test ends: CTest's summary of each build, and the tests that were skipped, with
their reasons. With CI set, a skipped test is a failed one: there everything is to be had, but for
what a machine may not allow.
"""
import os
import pathlib
import re
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Builds and mounts need rights that a machine may keep back, and file systems that its kernel may lack.
MAY_BE_SKIPPED = {"system_container", "system_file_systems"}
REASON = re.compile(r"^skipped: (.*)|\.\.\. skipped ['\"](.*)['\"]$", re.M)


def skipped(build):
    """(test, reason) of each that was skipped, and of each part that unittest has skipped."""
    for case in xml.etree.ElementTree.parse(build / "test.xml").getroot().iter("testcase"):
        reasons = [a or b for a, b in REASON.findall(case.findtext("system-out") or "")]
        if case.get("status") == "notrun":
            yield case.get("name"), reasons[0] if reasons else "it does not say why"
        elif case.get("status") == "run":
            yield from ((case.get("name") + ", in part", reason) for reason in reasons)


def counts(build):
    """The end of CTest's log."""
    log = (build / "test.log").read_text(errors="replace")
    found = re.search(r"^\d+% tests passed.*?(?=^\[ERROR_MESSAGE\]|\Z)", log, re.M | re.S)
    return found.group(0) if found else "CTest did not come to its end\n"


def main():
    skips = 0
    for preset in sys.argv[1:]:
        build = ROOT / "build" / preset
        print(f"\ntest: {preset}: {counts(build)}")
        for name, reason in skipped(build):
            print(f"test: {preset}: skipped {name}: {reason}")
            skips += name not in MAY_BE_SKIPPED
    if skips and os.environ.get("CI"):
        sys.exit("test: CI is set, and tests were skipped")


main()
