"""The documentation builds as a site, from what lies in the repository, and its pages ask nobody else for anything."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MISSING = 77


def main():
    if not shutil.which("mkdocs"):
        print("SKIPPED: mkdocs is not installed", flush=True)
        return 1 if os.environ.get("SCALEMART_REQUIRE_ALL") == "1" else MISSING
    with tempfile.TemporaryDirectory(prefix="scalemart-site-") as site:
        # Strict: a link that leads nowhere ends it.
        done = subprocess.run(["mkdocs", "build", "-f", os.path.join(ROOT, "tools", "site", "mkdocs.yml"), "-d", site], text=True,
                              capture_output=True, timeout=100, check=False)
        print(done.stdout, done.stderr, sep="", flush=True)
        assert done.returncode == 0, "mkdocs is not content"
        pages = [os.path.join(folder, name) for folder, _, names in os.walk(site) for name in names if name.endswith(".html")]
        for name in os.listdir(os.path.join(ROOT, "docs")):
            assert not name.endswith(".md") or name == "README.md" or os.path.join(site, name[:-3] + ".html") in pages, name
        for page in pages:
            with open(page, encoding="utf-8") as file:
                text = file.read()
            foreign = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(https?:)?//[^"]*"', text)
            assert not foreign, f"{page} loads {foreign}"
        index = os.path.join(site, "index.html")
        with open(index, encoding="utf-8") as file:
            menu = re.findall(r'class="reference internal" href="([^"#]+)', file.read())
        assert len(menu) >= 12, menu
        print(f"{len(pages)} pages, {len(menu)} in the menu")
    return 0


if __name__ == "__main__":
    sys.exit(main())
