"""`interop completion`: a static script for a shell, made from what the commands themselves declare.

What it completes: commands, their options, choices, files, and the names that a matrix knows: frameworks, topologies, laws.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from interop.bridges.crossing import NAMES, TOPOLOGIES
from interop.commands.catalogue import CHAPTERS, entries
from scenarios.fetch_and_save import FRAMEWORKS

EXAMPLES = """examples:
  interop completion bash > ~/.local/share/bash-completion/completions/interop
  interop completion zsh > ~/.zfunc/_interop                 (with ~/.zfunc in fpath)
  interop completion fish > ~/.config/fish/completions/interop.fish
"""
SHELLS = ("bash", "zsh", "fish")
FILES = ("FILE", "PATH", "DIR", "RECORD", "BEFORE", "AFTER")


@dataclass(frozen=True)
class Option:
    """One option, or a command's own words where it has no flags.

    Args:
        words: what may follow it; None where nothing does, empty where anything may.
        files: whether a file may follow it.
    """

    flags: tuple[str, ...]
    help: str
    words: tuple[str, ...] | None
    files: bool


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop completion` takes."""
    parser.epilog = EXAMPLES
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")


def main(options: argparse.Namespace) -> int:
    """Print the script. Returns 0."""
    commands = dict(_commands(options.parser()))
    script = {"bash": bash, "zsh": zsh, "fish": fish}[options.shell](commands)
    sys.stdout.write("\n".join(script) + "\n")
    return 0


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, tuple[str, list[Option]]]]:
    """Each command, what it does, and its options; the empty name is `interop` itself."""
    known = _known_words()
    yield "", ("", list(_options(parser, known)))
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                yield choice.dest, (choice.help or "", list(_options(action.choices[choice.dest], known)))


def _options(parser: argparse.ArgumentParser, known: dict[str, tuple[str, ...]]) -> Iterator[Option]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        words: tuple[str, ...] | None = None
        if action.nargs != 0:
            name = action.option_strings[-1] if action.option_strings else action.dest
            words = tuple(str(choice) for choice in action.choices or known.get(name, ()))
        metavar = str(action.metavar or "").split(".")[0]
        says = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
        yield Option(tuple(action.option_strings), says, words, metavar in FILES)


def _known_words() -> dict[str, tuple[str, ...]]:
    ids = (*CHAPTERS, *entries())
    return {
        "--framework": tuple(FRAMEWORKS),
        "--caller": NAMES,
        "--callee": NAMES,
        "--topology": TOPOLOGIES,
        "--law": ids,
        "id": ids,
    }


def bash(commands: dict[str, tuple[str, list[Option]]]) -> Iterator[str]:
    """For bash: a function that looks at the command and at the word before."""
    names = " ".join(name for name in commands if name)
    yield "# bash completion for interop; made by: interop completion bash"
    yield "_interop() {"
    yield "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words= files="
    yield "  [ $COMP_CWORD -eq 1 ] && command="
    yield "  case $command in"
    for name, (_, options) in commands.items():
        yield f"  {shlex.quote(name)})"
        yield "    case $previous in"
        for option in options:
            if option.flags and option.words is not None:
                yield f"    {'|'.join(option.flags)}) words={_list(option.words)} files={'y' if option.files else ''} ;;"
        flags = [flag for option in options for flag in option.flags]
        own = [option for option in options if not option.flags]
        words = [names] if not name else [word for option in own for word in option.words or ()]
        yield f"    *) words={_list([*words, *flags])} files={'y' if any(option.files for option in own) else ''} ;;"
        yield "    esac ;;"
    yield "  esac"
    # Lists are written A,B: what stands before the last comma stays. Names in brackets are matched as they are.
    yield "  local before= last=$current word all"
    yield '  read -ra all <<< "$words"'
    yield "  case $current in *,*) before=${current%,*}, last=${current##*,} ;; esac"
    yield "  COMPREPLY=()"
    yield '  for word in "${all[@]}"; do [[ $word == "$last"* ]] && COMPREPLY+=("$before$word"); done'
    yield '  [ -n "$files" ] && while read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")'
    yield "  return 0"
    yield "}"
    yield "complete -o filenames -F _interop interop"


def zsh(commands: dict[str, tuple[str, list[Option]]]) -> Iterator[str]:
    """For zsh: _arguments for each command."""
    yield "#compdef interop"
    yield "# zsh completion for interop; made by: interop completion zsh"
    yield "_interop() {"
    yield "  local state line"
    yield "  _arguments -C '1: :->command' '*:: :->options'"
    yield "  case $state in"
    yield "  command) local -a commands=("
    yield from (f"    {_zsh(f'{name}:{does}')}" for name, (does, _) in commands.items() if name)
    yield "    ); _describe command commands ;;"
    yield "  options) case $line[1] in"
    for name, (_, options) in commands.items():
        if name:
            yield f"    {name}) _arguments \\"
            own = [option for option in options if not option.flags]
            for option in [*(option for option in options if option.flags), *own[:1]]:
                what = "" if option.words is None else _zsh_values(option)
                for flag in option.flags or ("*",):
                    said = f"[{_plain(option.help)}]" if option.flags else ""
                    yield f"      {_zsh(f'{flag}{said}{what}')} \\"
            yield "      ;;"
    yield "    esac ;;"
    yield "  esac"
    yield "}"
    yield '_interop "$@"'


def fish(commands: dict[str, tuple[str, list[Option]]]) -> Iterator[str]:
    """For fish: a line for each option."""
    yield "# fish completion for interop; made by: interop completion fish"
    yield "complete -c interop -f"
    for name, (does, options) in commands.items():
        where = f"-n '__fish_seen_subcommand_from {name}'" if name else "-n __fish_use_subcommand"
        if name:
            yield f"complete -c interop -n __fish_use_subcommand -a {name} -d {shlex.quote(_plain(does))}"
        for option in options:
            flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
            takes = "" if option.words is None or not flags else " -r"
            words = f" -a {shlex.quote(' '.join(option.words))}" if option.words else ""
            files = " -F" if option.files else ""
            yield f"complete -c interop {where} {flags}{takes}{words}{files} -d {shlex.quote(_plain(option.help))}"


def _list(words: Iterable[str]) -> str:
    return shlex.quote(" ".join(words))


def _plain(text: str) -> str:
    return re.sub(r"[\[\]:'\"`\\\n]", "", text)


def _zsh(text: str) -> str:
    return shlex.quote(text)


def _zsh_values(option: Option) -> str:
    if option.files:
        return ": :_files"
    words = " ".join(re.sub(r"([^A-Za-z0-9_.-])", r"\\\1", word) for word in option.words or ())
    return f": :({words})" if words else ": :"
