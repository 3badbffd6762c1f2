"""The client in Python that abi/conformance leads: examples/python, and a thread for each name."""

import gc
import os
import queue
import select
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../examples/python"))
import schedhint  # noqa: E402

client = schedhint.Client()
client.publish_collections()
gc.disable()  # but for those that are asked for
counters = threading.local()


def cycles(count):
    nodes = []
    for _ in range(count):
        node = {}
        node["self"] = node
        nodes.append(node)
    return nodes


def write_groups(ms):
    end = time.monotonic() + int(ms) / 1000
    k = getattr(counters, "k", 0)
    while time.monotonic() < end:
        for _ in range(20):
            k += 1
            client.set(deadline_ns=k, urgency=k % 1024 + 1, user=3 * k)
    counters.k = k


def collect(kind):
    kept = cycles(20_000)
    gc.collect(2 if kind == "major" else 0)
    del kept


VERBS = {
    "attach": lambda role: client.attach(
        schedhint.ROLE_MAIN if role == "main" else schedhint.ROLE_WORKER
    ),
    "urgency": lambda urgency, hints: client.set_urgency(int(urgency), int(hints)),
    "phase": lambda phase: client.set_phase(int(phase)),
    "groups": write_groups,
    "collect": collect,
    "detach": client.detach,
}


def obey(line):
    verb, _, *words = line.split()
    try:
        VERBS[verb](*words)
    except Exception as error:
        return f"error {error}"
    return f"ok {threading.get_native_id()}" if verb == "attach" else "ok"


def live(lines, answers):
    while True:
        answers.put(obey(lines.get()))


threads = {}


def ask(name, line):
    if name == "main":
        return obey(line)
    if name not in threads:
        threads[name] = queue.Queue(), queue.Queue()
        threading.Thread(target=live, args=threads[name], daemon=True).start()
    lines, answers = threads[name]
    lines.put(line)
    return answers.get()


while True:
    if not select.select([0], [], [], 0.1)[0]:
        client.poll()
        continue
    line = os.read(0, 4096).decode().strip()
    if line in ("", "end"):
        print("ok", flush=True)
        os._exit(0)
    print(ask(line.split()[1], line), flush=True)
