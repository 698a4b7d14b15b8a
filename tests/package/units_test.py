"""The systemd units: confined, complete, and of one mind with the program."""
import os
import re
import unittest

import place

place.need("systemd-analyze")
FOLDER = os.path.join(place.ROOT, "deploy", "systemd")
SERVICES = ("scalemart.service", "scalemart-worker@.service")
EXPOSURE_MAX = 2.0
SLOWEST_DRAIN_DEFAULT = 30


def settings_of(unit):
    """Of [Service] and the others, the last value of each name."""
    lines = [line for line in place.read(FOLDER, unit).splitlines() if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


class Units(unittest.TestCase):
    def test_they_are_exposed_to_little(self):
        for unit in SERVICES:
            said = place.run("systemd-analyze", "security", "--offline=true", "--no-pager", os.path.join(FOLDER, unit)).stdout
            exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said).group(1))
            self.assertLessEqual(exposure, EXPOSURE_MAX, said)

    def test_systemd_knows_every_line(self):
        for unit in (*SERVICES, "scalemart.socket"):
            name = os.path.join(FOLDER, unit.replace("@.", "@one."))
            done = place.run("systemd-analyze", "verify", "--man=no", name if os.path.exists(name) else os.path.join(FOLDER, unit), code=None)
            odd = [line for line in done.stderr.splitlines() if re.search(r"scalemart\S*:\d+:|Unknown|Failed to parse", line)]
            self.assertEqual(odd, [], unit)

    def test_commands_are_the_programs(self):
        for unit in SERVICES:
            command = settings_of(unit)["ExecStart"].split()
            self.assertEqual(command[0], "/usr/bin/scalemart")
            said = place.run(place.BINARY, command[1], "--help").stdout
            for option in (word for word in command if word.startswith("--")):
                self.assertRegex(said, rf"(?m)^\s*{option}\b", unit)

    def test_it_is_supervised_by_what_the_program_says(self):
        for unit in SERVICES:
            said = settings_of(unit)
            self.assertEqual(said["Type"], "notify")
            self.assertGreater(int(said["WatchdogSec"]), 0)
            self.assertGreater(int(said["TimeoutStopSec"]), SLOWEST_DRAIN_DEFAULT)
            self.assertEqual(said["RestartPreventExitStatus"], "2", "wrong usage does not get better")
            self.assertEqual((said["User"], said["StateDirectory"]), ("scalemart", "scalemart"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
