"""The README has every SCSI command and VPD page of the tables, and no other."""
import re

import tree


def commands():
    """The names of the command table, without their service actions."""
    text = (tree.ROOT / "src/scsi/cmd_table.c").read_text()
    return {name.split(":")[0] for name in re.findall(r'^\t\{ 0x\w\w, \w+, "([^"]+)"', text, re.M)}


def pages():
    """The codes of the VPD pages."""
    text = (tree.ROOT / "src/scsi/vpd.c").read_text()
    return [code.upper() for code in re.findall(r"^\t\{ 0x(\w\w), \w+, \w+ \},?$", text, re.M)]


def told():
    """What the README has: (its commands, its VPD pages)."""
    readme = (tree.ROOT / "README.md").read_text()
    text = re.search(r"^Commands: (.*?)\.\n\n", readme, re.M | re.S).group(1)
    listed = re.search(r"VPD ([^)]*)\)", text).group(1).split()
    return set(names(text)), listed


def names(text):
    """NAME(10/16) are two names, NAME(LID1) is one; words in parentheses explain one."""
    text = re.sub(r"\s+\([^)]*\)", "", text).replace("\n", " ")
    for name in text.split(", "):
        base, lengths = re.fullmatch(r"([^()]+)(?:\(([\d/]+|LID1)\))?", name).groups()
        yield from (f"{base}({length})" for length in lengths.split("/")) if lengths else (base,)


def main():
    have, (listed, listed_pages) = commands(), told()
    faults = [f"README.md: does not have {name}" for name in sorted(have - listed)]
    faults += [f"README.md: has {name}, which src/scsi/cmd_table.c does not" for name in sorted(listed - have)]
    if pages() != listed_pages:
        faults.append(f"README.md: has the VPD pages {' '.join(listed_pages)}, src/scsi/vpd.c {' '.join(pages())}")
    tree.finish(faults, have and f"{len(have)} commands are in the README")


main()
