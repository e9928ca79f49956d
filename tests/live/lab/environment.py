# SPDX-License-Identifier: Apache-2.0
"""Whether a test of network namespaces can run here."""

import os
import shutil
import sys

import netlab


def skip(reason):
    print(reason)
    sys.exit(77)


def check_environment():
    if os.geteuid() != 0:
        skip("needs root, for network namespaces")
    missing = [each for each in ("ip", "nft", "tc", "tcpdump", "ethtool") if not shutil.which(each)]
    if missing:
        skip(f"needs {', '.join(missing)} (packages iproute2, nftables, tcpdump, ethtool)")
    probe = f"rstwatch-probe-{os.getpid()}"
    try:
        netlab.run("ip", "netns", "add", probe)
    except RuntimeError as error:
        skip(f"cannot make a network namespace here: {' '.join(str(error).split())}")
    netlab.run("ip", "netns", "del", probe)
