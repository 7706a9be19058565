"""Every script that is a test is run by CTest: none lies in the tree unrun."""
import argparse
import json
import re

import tree

# Their scripts are tests when they end with a call; the others are modules that these share.
FOLDERS = ("cli", "conformance", "system", "tree")


def tests():
    for path in tree.files(*(f"tests/{folder}/*.py" for folder in FOLDERS)):
        if re.search(r"^(\w+\.)?main\(\)$", path.read_text().splitlines()[-1]):
            yield path


def commands(build):
    """All words of the commands that CTest would run."""
    listed = json.loads(tree.run("ctest", "--test-dir", build, "--show-only=json-v1").stdout)
    return {word for test in listed["tests"] for word in test.get("command", [])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    have, run = list(tests()), commands(parser.parse_args().build)
    faults = [f"{tree.name(path)}: no test of CTest runs it" for path in have if str(path) not in run]
    tree.finish(faults, have and f"CTest runs {len(have)} scripts")


main()
