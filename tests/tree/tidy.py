"""clang-tidy finds nothing in the daemon's own sources."""
import argparse
import concurrent.futures
import json
import os
import shutil

import tree


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = parser.parse_args().build
    if not shutil.which("clang-tidy"):
        tree.skip("clang-tidy is not installed")
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        known = {os.path.realpath(entry["file"]) for entry in json.load(f)}
    sources = [p for p in tree.files("src/*/*.c") if str(p) in known]

    def check(path):
        # Flags that only gcc knows are of no concern here.
        return tree.run("clang-tidy", "-p", build, "--quiet", "--extra-arg=-Wno-unknown-warning-option",
                        "--extra-arg=-Wno-ignored-optimization-argument", str(path))

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(check, sources))
    faults = [r.stdout + r.stderr for r in results if r.returncode]
    tree.finish(faults, sources and f"{len(sources)} files are tidy")


main()
