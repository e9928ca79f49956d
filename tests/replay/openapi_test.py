#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon answers is what its OpenAPI document says, to the last member, and the other way round.

usage: openapi_test.py RSTWATCHD CAPTURE. Exit code 77: skipped.

The daemon replays the capture, which comes through its standard input, so that streams of events are open before its
first packet. Then every path that it has is asked, and every answer held against its schema, which is read strictly: a
member that is not documented is a fault, and so is one that is documented and in no answer.
"""

import http.client
import json
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("needs python3-jsonschema")
    sys.exit(77)

HTTP_METHODS = {"get", "post"}
# Members that only what this capture does not show would have.
NOT_SHOWN = {
    "Dropped.count",  # a listener that is too slow
    "Identity.reset_text",  # a RST with words in it
}
# A replay has no clock but its packets'.
NOT_SHOWN |= {
    f"Status.wall_clock.{member}" for member in ("offset_seconds", "steps", "last_step_seconds", "last_step_at",
                                                 "tick_jumps", "ticks_per_second", "slewed_per_million")
}
# What some values of a parameter need others for.
NEEDED_WITH = {
    ("scope", "host"): "&subject=10.20.1.11",
    ("scope", "service"): "&subject=10.20.2.22:5432",
    ("direction", "incoming"): "&scope=host&subject=10.20.1.11",
    ("direction", "outgoing"): "&scope=host&subject=10.20.1.11",
}
SETTINGS = """
[sensor]
name = "tap"
[services]
labels = "{directory}/names.toml"
[store]
path = "{directory}/history.db"
[window]
seconds = 3600
[alerts]
mode = "both"
[baseline]
history = 3600
[[sink]]
webhook = "http://127.0.0.1:9/"
"""
NAMES = '''
"10.20.2.22" = "db-1"
"10.20.2.22:5432" = "ledger"
'''


def segment(time: int, source: str, ports: tuple[int, int], target: str, numbers: tuple[int, int], flags: int) -> bytes:
    """A TCP segment without data, as a record of a little-endian pcap file."""
    tcp = struct.pack(">HHIIBBHHH", *ports, *numbers, 0x50, flags, 1024, 0, 0)
    addresses = bytes(int(part) for part in f"{source}.{target}".split("."))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0x4000, 64, 6, 0) + addresses
    frame = bytes(12) + b"\x08\x00" + ip + tcp
    return struct.pack("<IIII", time, 0, len(frame), len(frame)) + frame


def scan(time: int) -> bytes:
    """10.20.9.9 tries one port after the other, and is refused."""
    packets = b""
    for i in range(20):
        ports, syn, rst_ack = (40000 + i, 7000 + i), 0x02, 0x14
        packets += segment(time + i, "10.20.9.9", ports, "10.20.2.99", (1000, 0), syn)
        packets += segment(time + i, "10.20.2.99", ports[::-1], "10.20.9.9", (0, 1001), rst_ack)
    return packets


def unusual(time: int) -> bytes:
    """An hour in which nothing fails, then 10.20.2.98:80 refuses a connection every other second."""
    packets = b"".join(
        segment(time + i, "10.20.9.8", (50000, 22), "10.20.2.97", (1000 + i, 1), 0x10) for i in range(3700))
    for i in range(150):
        when, ports = time + 3700 + 2 * i, (41000 + i, 80)
        packets += segment(when, "10.20.9.8", ports, "10.20.2.98", (1000, 0), 0x02)
        packets += segment(when, "10.20.2.98", ports[::-1], "10.20.9.8", (0, 1001), 0x14)
    return packets


class Daemon:
    def __init__(self, program: str, capture: pathlib.Path, directory: str):
        path = pathlib.Path(directory)
        (path / "names.toml").write_text(NAMES)
        self._settings = path / "rstwatch.toml"
        self._settings.write_text(SETTINGS.format(directory=directory))
        command = [program, "--config", str(path / "rstwatch.toml"), "--capture", "-", "--listen", "127.0.0.1:0"]
        self._log = open(path / "log", "w+")
        self._process = subprocess.Popen(command + ["--socket", "off"], stdin=subprocess.PIPE, stderr=self._log)
        packets = capture.read_bytes()
        header, first, self._packets = packets[:24], packets[24:32], packets[24:]
        # What a capture is shows in its first 64 KiB, so they have to hold nothing that would be told.
        nothing = first + struct.pack("<II", 60, 60) + bytes(12) + b"\x88\xb5" + bytes(46)
        self._process.stdin.write(header + nothing * 1000)
        self._process.stdin.flush()
        self.port = int(self.wait_for_log(r"REST at http://127\.0\.0\.1:(\d+)").group(1))
        self.wait_for_log("ready")

    def wait_for_log(self, pattern: str) -> re.Match:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            text = pathlib.Path(self._log.name).read_text()
            if found := re.search(pattern, text):
                return found
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"no {pattern!r} in the daemon's log:\n{text}")

    def play(self) -> None:
        self._process.stdin.write(self._packets + scan(1795214690) + unusual(1795214720))
        self._process.stdin.close()
        self.wait_for_log("replay finished")

    def reload(self) -> None:
        with open(self._settings, "a") as settings:
            settings.write("[rx]\nqueues = 2\n")
        self._process.send_signal(signal.SIGHUP)
        self.wait_for_log("needs a restart")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def ask(self, target: str, method: str = "GET", headers: dict | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, target, headers=headers or {})
        answer = connection.getresponse()
        return answer, answer.read() if answer.getheader("Content-Type") != "text/event-stream" else b""


def listen(port: int, events: list) -> threading.Thread:
    """Collects (event, data) of everything that happens until the daemon ends."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/v1/events")
    answer = connection.getresponse()
    assert answer.status == 200, answer.status

    def read() -> None:
        kind = ""
        try:
            for line in answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                if name == "data":
                    events.append((kind, json.loads(value)))
        except (OSError, http.client.HTTPException):
            pass  # the daemon has ended

    thread = threading.Thread(target=read)
    thread.start()
    return thread


class Contract:
    """The document, and what of it has been seen."""

    def __init__(self, document: dict):
        self._document = document
        self._strict = self._made_strict(json.loads(json.dumps(document)))
        self.faults: list[str] = []
        self.seen: set[str] = set()

    def _made_strict(self, schema):
        if isinstance(schema, list):
            return [self._made_strict(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        if "allOf" in schema:
            schema = self._joined(schema)
        schema = {name: self._made_strict(value) for name, value in schema.items()}
        if isinstance(schema.get("properties"), dict) and "type" in schema:
            schema.setdefault("additionalProperties", False)
        return schema

    def _joined(self, schema: dict) -> dict:
        """Parts that are strict would not let each other's members pass."""
        _, schema = self.resolve(schema)
        if "allOf" not in schema:
            return schema
        parts = [self._joined(part)["properties"] for part in schema["allOf"]]
        return {"type": "object", "properties": {name: each for part in parts for name, each in part.items()}}

    def check(self, what: str, schema: dict, value) -> None:
        validator = Draft202012Validator({**self._made_strict(schema), "components": self._strict["components"]})
        for error in list(validator.iter_errors(value))[:5]:
            self.faults.append(f"{what}: {error.json_path}: {error.message[:300]}")
        self._mark(schema, value, what)

    def resolve(self, schema: dict) -> tuple[str, dict]:
        name = ""
        while "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            schema = self._document["components"][schema["$ref"].split("/")[2]][name]
        return name, schema

    def _mark(self, schema: dict, value, place: str) -> None:
        name, schema = self.resolve(schema)
        place = name or place
        for part in schema.get("allOf", []) + schema.get("anyOf", []):
            self._mark(part, value, place)
        if isinstance(value, list):
            for each in value:
                self._mark(schema.get("items", {}), each, place)
        if isinstance(value, dict):
            for member, inner in schema.get("properties", {}).items():
                if member in value:
                    self.seen.add(f"{place}.{member}")
                    self._mark(inner, value[member], f"{place}.{member}")

    def documented(self) -> set[str]:
        """Every member of every named schema."""
        found: set[str] = set()

        def walk(schema: dict, place: str) -> None:
            for part in schema.get("allOf", []) + schema.get("anyOf", []):
                if "$ref" not in part:
                    walk(part, place)
            if "items" in schema and "$ref" not in schema["items"]:
                walk(schema["items"], place)
            for member, inner in schema.get("properties", {}).items():
                found.add(f"{place}.{member}")
                if "$ref" not in inner:
                    walk(inner, f"{place}.{member}")

        for name, schema in self._document["components"]["schemas"].items():
            walk(schema, name)
        return found


def targets_of(path: str, alerts: list) -> list[str]:
    """What to ask of a path: its plain form, and what shows members that this does not."""
    return {
        "/api/v1/top": [path, path + "?by=client&outcome=failed", path + "?by=service", path + "?from=1&to=2000000000"],
        "/api/v1/destinations": [path, path + "?failing=true", path + "?n=1"],
        "/api/v1/destinations/{endpoint}": [
            "/api/v1/destinations/" + each
            for each in ("10.20.2.22:5432", "127.0.0.1:7211", "10.20.2.23:9000", "[2001:db8:20:2::22]:5432")
        ],
        "/api/v1/clients/{address}": [
            "/api/v1/clients/" + each for each in ("10.20.2.22", "10.20.1.11", "10.20.9.9", "127.0.0.1", "10.20.2.23")
        ],
        "/api/v1/history": [
            path + "?from=1795214600&to=1795214700",
            path + "?from=1795000000&to=1795214700&step=86400",
            path + "?scope=service&subject=10.20.2.22:5432&from=1795214600&to=1795214700",
            path + "?scope=host&subject=10.20.1.11&direction=outgoing&from=1795214600&to=1795214700",
        ],
        "/api/v1/alerts/{id}/acknowledge": [f"/api/v1/alerts/{alert['id']}/acknowledge" for alert in alerts[:1]],
    }.get(path, [path])


def check_paths(daemon: Daemon, document: dict, faults: list) -> None:
    """The daemon names its paths, and the parameters of each, where it refuses a request."""
    answer, body = daemon.ask("/nowhere")
    paths = set(json.loads(body)["limit"].split(", "))
    for path in paths ^ set(document["paths"]):
        faults.append(f"{path} is {'not documented' if path in paths else 'documented, and not there'}")
    for path, methods in document["paths"].items():
        concrete = targets_of(path, [{"id": "x"}])[0].split("?")[0]
        answer, _ = daemon.ask(concrete, "OPTIONS")
        allowed = {each.lower() for each in (answer.getheader("Allow") or "").split(", ")} & HTTP_METHODS
        if allowed != set(methods) & HTTP_METHODS:
            faults.append(f"{path} answers {sorted(allowed)}, and documented are {sorted(methods)}")
        if "get" not in methods:
            continue
        parameters = {each["name"]: each for each in methods["get"].get("parameters", []) if each["in"] == "query"}
        _, body = daemon.ask(concrete + "?bogus=1")
        known = json.loads(body)["limit"]
        if set(parameters) != (set() if known == "none" else set(known.split(", "))):
            faults.append(f"{path} has the parameters {known}, and documented are {', '.join(parameters)}")
        for name, parameter in parameters.items():
            schema = parameter["schema"]
            for value in schema.get("enum", [schema["default"]] if "default" in schema else []):
                answer, body = daemon.ask(f"{concrete}?{name}={value}{NEEDED_WITH.get((name, value), '')}")
                if answer.status != 200:
                    faults.append(f"{path}?{name}={value}: {answer.status} {body.decode()}")


def check_answers(daemon: Daemon, document: dict, contract: Contract) -> None:
    alerts = json.loads(daemon.ask("/api/v1/alerts")[1])["alerts"]
    for path, methods in document["paths"].items():
        for method in set(methods) & HTTP_METHODS:
            good = contract.resolve(methods[method]["responses"]["200"])[1]["content"]
            for target in targets_of(path, alerts):
                answer, body = daemon.ask(target, method.upper())
                kind = answer.getheader("Content-Type").split(";")[0]
                what = f"{method.upper()} {target}"
                if answer.status != 200 or kind not in good:
                    contract.faults.append(f"{what}: {answer.status}, {kind}: {body.decode()[:300]}")
                elif kind == "application/json" and "schema" in good[kind]:
                    contract.check(what, good[kind]["schema"], json.loads(body))
    problem = {"$ref": "#/components/schemas/Problem"}
    for target in ("/nowhere", "/api/v1/top?n=0", "/api/v1/destinations/x", "/api/v1/clients/192.0.2.1"):
        answer, body = daemon.ask(target)
        if answer.getheader("Content-Type") != "application/problem+json":
            contract.faults.append(f"{target}: {answer.getheader('Content-Type')}")
        contract.check(target, problem, json.loads(body))


def check_not_modified(daemon: Daemon, faults: list) -> None:
    answer, body = daemon.ask("/api/v1/alerts")
    tag = answer.getheader("ETag")
    again, nothing = daemon.ask("/api/v1/alerts", headers={"If-None-Match": tag or ""})
    if again.status != 304 or nothing:
        faults.append(f"/api/v1/alerts with If-None-Match: {tag} answers {again.status}")
    other, body = daemon.ask("/api/v1/alerts", headers={"If-None-Match": '"another"'})
    if other.status != 200 or not body:
        faults.append(f"/api/v1/alerts with another tag answers {other.status}")


def main() -> int:
    program, capture = sys.argv[1], pathlib.Path(sys.argv[2])
    events: list = []
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(program, capture, directory)
        listener = listen(daemon.port, events)
        try:
            daemon.play()
            daemon.reload()
            document = json.loads(daemon.ask("/api/v1/openapi.json")[1])
            contract = Contract(document)
            check_paths(daemon, document, contract.faults)
            check_not_modified(daemon, contract.faults)
            check_answers(daemon, document, contract)
        finally:
            daemon.stop()
        listener.join()
    schemas = {"failure": "Failure", "alert": "AlertEvent", "dropped": "Dropped"}
    for kind, data in events:
        contract.check(f"event {kind}", {"$ref": f"#/components/schemas/{schemas[kind]}"}, data)
    for member in sorted(contract.documented() - contract.seen - NOT_SHOWN):
        contract.faults.append(f"{member} is documented, and in no answer")
    for fault in contract.faults:
        print(fault)
    print(f"{len(document['paths'])} paths, {len(contract.seen)} members, {len(events)} events,", end=" ")
    print(f"{len(contract.faults)} faults")
    return 1 if contract.faults else 0


if __name__ == "__main__":
    sys.exit(main())
