"""``ohd plugin init``: writes a new plugin's project from the templates beside this module.

A language's project is made of layers, folders of files of which a later one wins; in texts, words
such as ``@NAME@`` are replaced. Nothing is built and nothing is fetched.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cli.errors import CannotGoOn, plain_errors
from supervisor.manifest import parse_manifest
from supervisor.registration import parse_registration

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,48}[a-z0-9])?")
_RENAMED = {"gitignore": ".gitignore"}
"""A file of this name in the package would make tools leave others out of it."""


@dataclass(frozen=True, slots=True)
class Language:
    """Files and requirements of a project in one language."""

    title: str
    layers: tuple[str, ...]
    main: str
    helper: str
    needs: str
    """Requirements to build it, as a phrase."""


LANGUAGES: Mapping[str, Language] = {
    "go": Language("Go", ("go",), "main.go", "ohd/ohd.go", "Go 1.24 or later"),
    "tinygo": Language(
        "Go, compiled by TinyGo", ("go", "tinygo"), "main.go", "ohd/ohd.go", "TinyGo 0.35 or later"
    ),
    "zig": Language("Zig", ("zig",), "main.zig", "ohd.zig", "Zig 0.17 or later"),
    "rust": Language(
        "Rust",
        ("rust",),
        "src/lib.rs",
        "src/ohd.rs",
        "Rust 1.63 or later with the target wasm32-unknown-unknown",
    ),
    "c": Language("C", ("c",), "main.c", "ohd.h", "Zig 0.11 or later, for its C compiler"),
    "assemblyscript": Language(
        "AssemblyScript",
        ("assemblyscript",),
        "main.ts",
        "ohd.ts",
        "Node.js 20 or later, and `npm install` once",
    ),
}


GOATKIT_LANGUAGES: Mapping[str, Language] = {
    "go": Language("Go", ("goatkit/go",), "main.go", "goatkit/goatkit.go", LANGUAGES["go"].needs),
    "zig": Language("Zig", ("goatkit/zig",), "main.zig", "goatkit.zig", LANGUAGES["zig"].needs),
    "rust": Language(
        "Rust", ("goatkit/rust",), "src/lib.rs", "src/goatkit.rs", LANGUAGES["rust"].needs
    ),
}
"""For plugins of the GoatKit contract."""
NATIVE_LANGUAGES: Mapping[str, Language] = {
    "go": Language(
        "Go",
        ("goatkit/go", "goatkit/native-go"),
        "main.go",
        "goatkit/goatkit.go",
        "Go 1.24 or later, and its module proxy once",
    ),
}
"""For native plugins: programs that speak go-plugin."""
_ABIS: Mapping[str, tuple[str, Mapping[str, Language]]] = {
    "ohd": ("a plugin", LANGUAGES),
    "goatkit": ("a GoatKit plugin", GOATKIT_LANGUAGES),
    "goatkit-native": ("a native GoatKit plugin", NATIVE_LANGUAGES),
}


def project_files(language: Language, name: str, plugin_id: str) -> dict[str, str]:
    """Return the texts of a new project by their paths in it; raises ManifestError."""
    files = _filled(("common", *language.layers), language, name, plugin_id)
    parse_manifest(files["manifest.json"].encode())
    return files


def goatkit_files(language: Language, name: str) -> dict[str, str]:
    """Return the texts of a new GoatKit project; raises RegistrationRefused."""
    files = _filled(("goatkit/common", *language.layers), language, name, f"goatkit.{name}")
    parse_registration(files["registration.json"].encode())
    return files


def _filled(layers: Sequence[str], language: Language, name: str, plugin_id: str) -> dict[str, str]:
    words = {
        "@NAME@": name,
        "@ID@": plugin_id,
        "@TITLE@": name.replace("-", " ").title(),
        "@LANGUAGE@": language.title,
        "@MAIN@": language.main,
        "@HELPER@": language.helper,
        "@NEEDS@": language.needs,
        # A module is called; a program serves.
        "@SERVE@": " goatkit.Serve() " if language in NATIVE_LANGUAGES.values() else "",
    }
    files = {}
    for layer in layers:
        for path, text in _layer(_TEMPLATES / layer):
            for word, value in words.items():
                text = text.replace(word, value)  # noqa: PLW2901 - all of them, one by one
            files[path] = text
    return files


def _layer(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            inside = path.relative_to(folder)
            name = _RENAMED.get(inside.name, inside.name)
            yield str(inside.with_name(name)), path.read_text("utf-8")


@click.command("init")
@click.argument("name")
@click.option(
    "--lang", type=click.Choice(list(LANGUAGES)), required=True, help="Language of the plugin."
)
@click.option(
    "--abi",
    type=click.Choice(list(_ABIS)),
    default="ohd",
    show_default=True,
    help="Contract: goatkit is for go, zig and rust, goatkit-native for go.",
)
@click.option("--id", "plugin_id", metavar="ID", help="[default: com.example.NAME]")
def init_plugin(name: str, lang: str, abi: str, plugin_id: str | None) -> None:
    """Create a plugin project in the new folder NAME."""
    if not _NAME.fullmatch(name):
        raise CannotGoOn(
            f"{name!r} cannot name a plugin; use at most 50 lower-case letters, digits and "
            'hyphens, a letter first, such as "slack-alerts"'
        )
    folder, goatkit = Path(name), abi != "ohd"
    kind, known = _ABIS[abi]
    language = _goatkit_language(lang, plugin_id, known) if goatkit else LANGUAGES[lang]
    with plain_errors():
        if goatkit:
            files = goatkit_files(language, name)
        else:
            files = project_files(language, name, plugin_id or f"com.example.{name}")
        _write(folder, files)
    click.echo(f"wrote {name}/ with {kind} in {language.title}:")
    for path in files:
        click.echo(f"  {path}")
    click.echo(f"Next steps (requires {language.needs}):")
    setup = ["npm install"] if "package.json" in files else []
    for command in (f"cd {name}", *setup, "make", "make test"):
        click.echo(f"  {command}")


def _goatkit_language(lang: str, plugin_id: str | None, known: Mapping[str, Language]) -> Language:
    if plugin_id is not None:
        raise CannotGoOn("--id is for ohd plugins; a GoatKit plugin has the id goatkit.NAME")
    if lang not in known:
        choices = ", ".join(known)
        raise CannotGoOn(f"there is no GoatKit template in {lang}; choose one of {choices}")
    return known[lang]


def _write(folder: Path, files: Mapping[str, str]) -> None:
    if folder.is_file():
        raise CannotGoOn(f"{folder} is a file; choose another name, or move it away")
    if folder.is_dir() and any(folder.iterdir()):
        raise CannotGoOn(f"the folder {folder} is not empty; choose another name, or empty it")
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
