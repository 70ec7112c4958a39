# SPDX-License-Identifier: Apache-2.0
"""Pages of the site that stand elsewhere in the repository: the operators' cards, the changelog."""
import pathlib
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).parent.parent
CARDS = {card.parent.name: card for card in sorted((ROOT / "src/graphsieve/ops").glob("*/README.md"))
         if (card.parent / f"{card.parent.name}.h").exists()}


def on_files(files, config):
    pages = {f"operators/{name}.md": card for name, card in CARDS.items()} | {"changelog.md": ROOT / "CHANGELOG.md"}
    for page, source in pages.items():
        files.append(File.generated(config, page, content=source.read_text()))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links into the code become the card's page, or the file's name."""
    markdown = re.sub(r"\]\(\.\./src/graphsieve/ops/(\w+)/README\.md\)", r"](operators/\1.md)", markdown)
    return re.sub(r"\[([^]]*)\]\((?:\.\./)+(?:[\w/.-]+)\)", r"`\1`", markdown)
