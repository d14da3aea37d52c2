"""Holds a storm's JSON against what seawall promises, and against the control that must storm."""

import json
import sys


def main(path):
    with open(path, encoding="utf-8") as file:
        storm = json.load(file)
    parameters = storm["parameters"]
    instances = parameters["services"] * parameters["instances"]
    fleets = {fleet["name"]: fleet for fleet in storm["fleets"]}
    failures = []

    def holds(fleet, promise, kept):
        print(f"{'ok  ' if kept else 'FAIL'} {fleet}: {promise}")
        if not kept:
            failures.append(promise)

    legacy = fleets["legacy"]
    holds("legacy", "storms (the control): over 8 requests a payment", legacy["amplification_in_window"] > 8)
    recovered = legacy["recovered_after_window_s"]
    holds("legacy", "has not recovered after 20 minutes", recovered is None or recovered > 1200)

    for name in ("seawall", "seawall_impatient"):
        fleet = fleets[name]
        recovered = fleet["recovered_after_window_s"]
        holds(name, "at most 2 requests an instance in the window", fleet["attempts_in_window"] <= 2 * instances)
        holds(name, "no 503 after the window", fleet["gateway_503_after_window"] == 0)
        holds(name, "a queue of at most 10 %", fleet["max_queue_after_window"] <= 0.1 * parameters["queue_limit"])
        holds(name, "no peak in the first minute", fleet["peak_ratio_first_minute"] <= 1.3)
        holds(name, "no peak later", fleet["peak_ratio_after"] <= 2.5)
        holds(name, "recovered within 150 s", recovered is not None and recovered <= 150)
        holds(name, "goodput of at least 0.85", fleet["goodput_after_window"] >= 0.85)
        for count in ("lost", "double_charged", "charged_but_reported_unpaid"):
            holds(name, f"{count} = 0", fleet[count] == 0)
    outbox = fleets["seawall"]
    holds("seawall", "everything paid", outbox["paid"] == outbox["payments"])

    print(f"{len(failures)} promises broken")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
