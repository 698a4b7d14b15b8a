"""What mkdocs does not know of docs/: its menu is in docs/README.md, and some links lead into the rest of the repository."""
import os
import re

LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def menu_of(text):
    """The sections of the index and the pages that their tables begin with."""
    menu = [{"Start": "README.md"}]
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        pages = [{title: target} for title, target in re.findall(r"^\| \[([^\]]+)\]\(([^)#]+\.md)\)", section, flags=re.M)]
        if pages:
            menu.append({section.splitlines()[0]: pages})
    return menu


def on_config(config):
    with open(os.path.join(config["docs_dir"], "README.md"), encoding="utf-8") as file:
        config["nav"] = menu_of(file.read())
    return config


def on_page_markdown(markdown, page, config, **_):
    """Files outside of docs/ are not on the site: they are named instead."""
    here = os.path.dirname(os.path.join(config["docs_dir"], page.file.src_path))

    def told(match):
        text, target = match.groups()
        if target.startswith(("#", "http:", "https:", "mailto:")):
            return match.group(0)
        inside = os.path.relpath(os.path.normpath(os.path.join(here, target.split("#")[0])), config["docs_dir"])
        if not inside.startswith(".."):
            return match.group(0)
        name = os.path.relpath(os.path.join(config["docs_dir"], inside), os.path.dirname(config["docs_dir"]))
        return f"`{name}`" if text.strip("`") in (name, target) else f"{text} (`{name}`)"
    # Not inside code.
    parts = re.split(r"(^```.*?^```|`[^`\n]+`(?!\]))", markdown, flags=re.M | re.S)
    return "".join(part if part.startswith("`") else LINK.sub(told, part) for part in parts)
