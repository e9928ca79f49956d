# SPDX-License-Identifier: Apache-2.0
"""Live stories: how a failure is told while it happens, from its first packet to the end of its alert. See run.py."""
