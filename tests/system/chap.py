"""libiscsi's tools and QEMU get in with the right CHAP secrets, one way and both ways, and only with those."""
import os
import shutil
import subprocess
import sys

import accounts
import target as itgtd
from accounts import MUTUAL, ONE_WAY

OPEN = "iqn.2026-11.org.itgtd:open"
RIGHT = ("host", "host-secret-123")
WRONG = [("host", "host-secret-124"), ("host", "host-secret-12"), ("guest", "host-secret-123")]
NONE = (None, None)
DISK = ("disk", "disk-secret-456")

# Target, what the initiator presents, what it wants to be shown, whether it gets in.
LOGINS = [
    (OPEN, NONE, NONE, True),
    (OPEN, RIGHT, NONE, True),
    (ONE_WAY, RIGHT, NONE, True),
    (ONE_WAY, NONE, NONE, False),
    *[(ONE_WAY, wrong, NONE, False) for wrong in WRONG],
    (MUTUAL, RIGHT, DISK, True),
    (MUTUAL, RIGHT, NONE, True),
    (MUTUAL, RIGHT, ("disk", "disk-secret-457"), False),
    (MUTUAL, RIGHT, ("tape", "disk-secret-456"), False),
    (MUTUAL, ("host", "host-secret-124"), DISK, False),
    (ONE_WAY, RIGHT, DISK, False),
]


def runs(command, **environment):
    """Does the command end well? What it said is in the answer, too."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=60, check=False, env={**os.environ, **environment})
    return done.returncode == 0, done.stdout


def libiscsi(url, user, target_user):
    """The environment that libiscsi's tools take secrets from, and the command."""
    names = {"LIBISCSI_CHAP_USERNAME": user[0], "LIBISCSI_CHAP_PASSWORD": user[1],
             "LIBISCSI_CHAP_TARGET_USERNAME": target_user[0], "LIBISCSI_CHAP_TARGET_PASSWORD": target_user[1]}
    return runs(["iscsi-inq", url], **{name: value for name, value in names.items() if value})


def qemu(target, iqn, user):
    options = f"driver=iscsi,transport=tcp,portal=127.0.0.1:{target.port},target={iqn},lun=0"
    command = ["qemu-io"]
    if user[0]:
        command += ["--object", f"secret,id=chap,data={user[1]}"]
        options += f",user={user[0]},password-secret=chap"
    return runs([*command, "--image-opts", options, "-c", "write -P 0x5a 0 64k", "-c", "read -P 0x5a 0 64k"])


def judge(what, result, wanted):
    succeeded, said = result
    if succeeded != wanted:
        sys.exit(f"{what}: {'gets in' if succeeded else 'is refused'}\n{said}")
    print(f"{what}: {'gets in' if succeeded else 'is refused'}, as it should")


def main():
    for name in ("iscsi-ls", "iscsi-inq", "qemu-io"):
        if not shutil.which(name):
            itgtd.skip(f"{name} is not installed")
    with itgtd.workdir() as directory:
        with accounts.start(directory, "one-way", {OPEN: "no-authentication"}) as target:
            portal = f"127.0.0.1:{target.port}"
            for iqn, user, target_user, wanted in LOGINS:
                what = f"{iqn.rsplit(':')[-1]}: {user[0]} {user[1]}, {target_user[0]} {target_user[1]}"
                judge(f"iscsi-inq {what}", libiscsi(f"iscsi://{portal}/{iqn}/0", user, target_user), wanted)
                if target_user == NONE:
                    judge(f"qemu-io {what}", qemu(target, iqn, user), wanted)
            listed = runs(["iscsi-ls", f"iscsi://{RIGHT[0]}%{RIGHT[1]}@{portal}"])
            judge("iscsi-ls with the right secret", listed, True)
            for iqn in OPEN, ONE_WAY, MUTUAL:
                if iqn not in listed[1]:
                    sys.exit(f"iscsi-ls does not list {iqn}:\n{listed[1]}")
            judge("iscsi-ls with a wrong secret", runs(["iscsi-ls", f"iscsi://host%no-such-secret@{portal}"]), False)
            judge("iscsi-ls without a secret", runs(["iscsi-ls", f"iscsi://{portal}"]), False)


main()
