"""The tour is whole: ARCHITECTURE.md names every source file, and no file that is not there."""
import re

import tree


def main():
    text = (tree.ROOT / "ARCHITECTURE.md").read_text()
    named = set()
    # `name.[ch]` stands for both, `dir/name.c` and bare names for themselves.
    for word in re.findall(r"`([\w./\[\]-]+)`", text):
        for ending in ("c", "h") if word.endswith(".[ch]") else ("",):
            named.add(word.removesuffix(".[ch]") + ("." + ending if ending else ""))
    sources = tree.files("src/*/*.[ch]", "include/*/*.h")
    faults = []
    for path in sources:
        short = f"{path.parent.name}/{path.name}"
        if short not in named:
            faults.append(f"{tree.name(path)}: ARCHITECTURE.md does not name {short}")
    there = {f"{p.parent.name}/{p.name}" for p in sources}
    for word in sorted(named):
        if re.fullmatch(r"(%s)/\w+\.[ch]" % "|".join(tree.LAYERS), word) and word not in there:
            # A private pair may have only one of the two.
            twin = word[:-1] + ("c" if word.endswith("h") else "h")
            if twin not in there:
                faults.append(f"ARCHITECTURE.md: names {word}, which is not there")
    tree.finish(faults, sources and f"{len(sources)} files are in the tour")


main()
