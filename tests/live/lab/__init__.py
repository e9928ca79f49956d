# SPDX-License-Identifier: Apache-2.0
"""The live lab: real ways in which TCP connections fail, watched by a running rstwatchd. Begin with run.py."""
