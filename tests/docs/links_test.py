"""Every link in the documentation leads somewhere, and every page of docs/ can be found from its index."""
import os
import re
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CODE = re.compile(r"^```.*?^```", re.M | re.S)


def pages():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                            capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if os.path.exists(os.path.join(ROOT, name))]


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return CODE.sub("", file.read())


def slug(heading):
    """An anchor as forges and mkdocs make it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", text))


def anchors(name):
    return {slug(heading) for heading in re.findall(r"^#{1,6} (.*)$", read(name), re.M)}


def links(name):
    text = re.sub(r"`[^`\n]*`", lambda m: "" if "](" in m.group(0) else m.group(0), read(name))
    return re.findall(r"\]\(([^)\s]+)\)", text)


class Links(unittest.TestCase):
    def test_each_leads_somewhere(self):
        dead = []
        for name in pages():
            for link in links(name):
                if re.match(r"(https?|mailto):", link):
                    continue
                path, _, anchor = link.partition("#")
                target = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
                if not os.path.exists(os.path.join(ROOT, target)):
                    dead.append(f"{name}: {link}")
                elif anchor and target.endswith(".md") and anchor not in anchors(target):
                    dead.append(f"{name}: {link} (no such heading)")
        self.assertEqual([], dead)

    def test_each_page_is_found_from_the_index(self):
        seen, todo = set(), ["docs/README.md"]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            for link in links(name):
                target = os.path.normpath(os.path.join(os.path.dirname(name), link.split("#")[0]))
                if target.endswith(".md") and target.startswith("docs/") and os.path.exists(os.path.join(ROOT, target)):
                    todo.append(target)
        self.assertEqual([], sorted(name for name in pages() if name.startswith("docs/") and name not in seen))


if __name__ == "__main__":
    unittest.main(verbosity=2)
