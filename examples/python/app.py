"""A process that makes garbage, and publishes its collections and its urgency as hints."""

import threading
import time

import schedhint


def work(client, role, urgency):
    client.attach(role)
    client.set_urgency(urgency)
    client.set_phase(schedhint.PHASE_SERVING)
    survivors = []
    while True:
        # Circles are what the collector is for.
        for _ in range(2000):
            node = {}
            node["self"] = node
            survivors.append(node)
        if len(survivors) > 200_000:
            survivors.clear()
        client.poll()
        time.sleep(0.01)


client = schedhint.Client()
client.publish_collections()
threading.Thread(
    target=work, args=(client, schedhint.ROLE_WORKER, schedhint.URGENCY_LOW), daemon=True
).start()
work(client, schedhint.ROLE_MAIN, schedhint.URGENCY_HIGH)
