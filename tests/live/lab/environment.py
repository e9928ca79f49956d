# SPDX-License-Identifier: Apache-2.0
"""Whether a test of network namespaces can run here."""

import os
import shutil
import sys

import netlab


PACKAGES = {"ip": "iproute2", "tc": "iproute2", "nft": "nftables", "tcpdump": "tcpdump", "ethtool": "ethtool"}


def skip(reason):
    print(reason)
    sys.exit(77)


def check_environment(programs=tuple(PACKAGES)):
    """Skips the test unless it can make network namespaces and finds the programs."""
    if os.geteuid() != 0:
        skip("needs root, for network namespaces")
    missing = [f"{each} (package {PACKAGES[each]})" for each in programs if not shutil.which(each)]
    if missing:
        skip(f"needs {', '.join(missing)}")
    probe = f"rstwatch-probe-{os.getpid()}"
    try:
        netlab.run("ip", "netns", "add", probe)
    except RuntimeError as error:
        skip(f"cannot make a network namespace here: {' '.join(str(error).split())}")
    netlab.run("ip", "netns", "del", probe)
