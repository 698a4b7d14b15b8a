#!/usr/bin/env python3
"""The counter-proof: on a server that does not hold a document while it changes it, the tests of several gateways
must fail. Otherwise they would see nothing, and the gate in tests/servers/ferretdb/ would be for nothing.

    mongodb_gate_test.py PROGRAM TESTS      (build/tests/mongodb_accounts_tests '*OneToken*')
"""
import os
import subprocess
import sys

ROUNDS = 10  # chance decides who meets whom; in nearly every round somebody does


def main():
    environment = {**os.environ, "SCALEMART_TEST_NO_GATE": "1"}
    for round_number in range(1, ROUNDS + 1):
        done = subprocess.run([sys.argv[1], "--gtest_brief=1", f"--gtest_filter={sys.argv[2]}"], env=environment,
                              capture_output=True, text=True, check=False)
        if done.returncode == 77:
            print(done.stderr)
            return 77
        if "FAILED" in done.stdout:
            print(f"round {round_number}: as it must, without the gate this fails:\n{done.stdout}")
            return 0
        if done.returncode != 0:
            print(f"round {round_number}: another failure\n{done.stdout}\n{done.stderr}")
            return 1
    print(f"{ROUNDS} rounds without the gate, and nothing was noticed")
    return 1


if __name__ == "__main__":
    sys.exit(main())
