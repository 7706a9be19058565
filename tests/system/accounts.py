"""What the tests of CHAP share: two targets with accounts, one that proves itself, too, and one that does not."""
import pathlib

import target as itgtd

ONE_WAY = "iqn.2026-11.org.itgtd:one-way"
MUTUAL = "iqn.2026-11.org.itgtd:mutual"

CONFIG = """
portal-group "1" {{
  listen = {{ "127.0.0.1:0" }}
  discovery-auth-group = "{discovery}"
}}
auth-group "one-way" {{
  chap "host" {{ secret = "host-secret-123" }}
}}
auth-group "mutual" {{
  chap "host" {{
    secret = "host-secret-123"
    mutual-user = "disk"
    mutual-secret = "disk-secret-456"
  }}
}}
"""

TARGET = """
target "{iqn}" {{
  portal-groups = {{ "1" }}
  auth-group = "{group}"
  lun "0" {{ backend = "ram" size = "16M" }}
}}
"""


def start(directory, discovery, more=None):
    """A daemon with both targets, and those of more, each with its auth group. Discovery is for the group of that name."""
    targets = {ONE_WAY: "one-way", MUTUAL: "mutual", **(more or {})}
    config = pathlib.Path(directory, "itgtd.conf")
    config.write_text(CONFIG.format(discovery=discovery) +
                      "".join(TARGET.format(iqn=iqn, group=group) for iqn, group in targets.items()))
    config.chmod(0o600)
    return itgtd.Target("-c", str(config))
