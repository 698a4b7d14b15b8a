"""What shells complete and what man shows, made by the program of its own commands."""
import json
import os
import re
import subprocess
import tempfile
import unittest

import place

place.need("bash", "zsh", "fish", "man")


def script(shell):
    return place.run(place.BINARY, "completion", shell).stdout


def completes(*words):
    """What bash offers for the last of these words."""
    quoted = " ".join(f"'{word}'" for word in ("scalemart", *words))
    text = script("bash") + f'\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words)}\n_scalemart 2>/dev/null\nprintf "%s\\n" "${{COMPREPLY[@]}}"\n'
    out = subprocess.run(["bash", "-c", text], text=True, capture_output=True, check=True).stdout
    return set(out.split())


def commands():
    """As the program's help lists them."""
    said = place.run(place.BINARY, "--help").stdout.split("Subcommands:")[1]
    return set(re.findall(r"(?m)^  ([a-z]+)", said))


class Completion(unittest.TestCase):
    def test_bash_knows_commands_options_and_files(self):
        self.assertGreaterEqual(completes(""), commands())
        self.assertEqual(completes("qu"), {"queue"})
        self.assertEqual(completes("queue", "re"), {"retry", "resume"})
        self.assertIn("--listen", completes("serve", "--li"))
        self.assertIn("--total", completes("product", "create", "--"))
        self.assertEqual(completes("product", "create", "--total", ""), set(), "a number is nobody's to guess")
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, "shop.toml"), "w", encoding="ascii").close()
            self.assertEqual(completes("serve", "--config", folder + "/sh"), {folder + "/shop.toml"})

    def test_every_shell_takes_its_script(self):
        for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
            with tempfile.NamedTemporaryFile("w", suffix="." + shell) as file:
                file.write(script(shell))
                file.flush()
                place.run(*check, file.name)
            for command in commands():
                self.assertIn(command, script(shell))

    def test_another_shell_is_refused(self):
        done = place.run(place.BINARY, "completion", "tcsh", code=2)
        self.assertRegex(done.stderr, r"^scalemart[^\n]*bash[^\n]*zsh[^\n]*fish[^\n]*\n")


class Manual(unittest.TestCase):
    def test_each_command_has_a_page_that_man_takes(self):
        with tempfile.TemporaryDirectory() as folder:
            place.run(place.BINARY, "manual", "--into", folder)
            pages = sorted(os.listdir(folder))
            self.assertEqual(pages, sorted(["scalemart.1", "scalemart.toml.5"] + [f"scalemart-{c}.1" for c in commands()]))
            for page in pages:
                done = place.run("man", "--warnings", "--local-file", "--pager=cat", os.path.join(folder, page),
                                 env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
                self.assertEqual(done.stderr, "", page)
                self.assertIn("NAME", done.stdout)

    def test_the_settings_page_has_every_setting(self):
        with tempfile.TemporaryDirectory() as folder:
            place.run(place.BINARY, "manual", "--into", folder)
            page = place.read(folder, "scalemart.toml.5").replace("\\", "")
            example = place.run(place.BINARY, "config", "--example").stdout
        keys = set(re.findall(r"(?m)^# ([a-z0-9_]+) = ", example))
        self.assertGreater(len(keys), 40)
        for key in keys:
            self.assertIn(key, page)


class Example(unittest.TestCase):
    def config_with(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            return json.loads(place.run(place.BINARY, "config", "--json", "--config", file.name).stdout)

    def test_the_example_file_changes_nothing_and_says_the_defaults(self):
        example = place.run(place.BINARY, "config", "--example").stdout
        defaults = json.loads(place.run(place.BINARY, "config", "--json").stdout)
        self.assertEqual(self.config_with(example), defaults)
        # The default of connections_max gives way to this machine's limit of files, the same number in a file does not.
        filled = re.sub(r'(?m)^# ((?!connections_max)[a-z0-9_]+ = (?!"").*)$', r"\1", example)
        self.assertNotEqual(filled, example)
        values = {name: each["value"] for name, each in self.config_with(filled).items()}
        self.assertEqual(values, {name: each["value"] for name, each in defaults.items()})


if __name__ == "__main__":
    unittest.main(verbosity=2)
