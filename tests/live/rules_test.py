#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No diagnosis without a live case: each rule that the API names is shown by a case of the lab or by a story.

usage: rules_test.py OPENAPI.JSON. That they show it the lab and the stories check themselves. Needs no root.
"""

import collections
import importlib
import json
import sys

sys.dont_write_bytecode = True
from lab import case, run as lab  # noqa: E402
from stories import run as stories  # noqa: E402


def shown_by():
    """{rule: names of the cases and stories that show it}"""
    found = collections.defaultdict(list)
    for name in lab.CASE_FILES:
        importlib.import_module(f"lab.cases_{name}")
    for each in case.CASES:
        if each.rule:
            found[each.rule].append(each.name)
    for each in stories.load():
        for rule in each.rules:
            found[rule].append(each.name)
    return found


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rules = json.load(file)["components"]["schemas"]["Diagnosis"]["properties"]["rule"]["enum"]
    shown = shown_by()
    for rule in rules:
        print(f"{rule}: {', '.join(shown[rule]) or 'SHOWN BY NO CASE'}")
    strangers = sorted(set(shown) - set(rules))
    for rule in strangers:
        print(f"{rule}: NO SUCH RULE, claimed by {', '.join(shown[rule])}")
    return 1 if strangers or not all(shown[rule] for rule in rules) else 0


sys.exit(main())
