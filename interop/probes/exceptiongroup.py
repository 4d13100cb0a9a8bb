"""exceptiongroup: the backport of groups, catch() and suppress(), and what its import changes."""

from typing import Any

from interop.probes.observe import child, name, outcome
from interop.probes.probe import probe


@probe(
    "P354",
    "exceptiongroup",
    "exceptions",
    source="exceptiongroup 1.0, 1.1.2, 1.1.3, 1.2: what catch() hands to its handlers and raises again",
)
def what_catch_and_suppress_hand_on() -> Any:
    import exceptiongroup

    def caught(error: Any, handler: Any = None) -> Any:
        log: list[Any] = []

        def note(group: Any) -> None:
            log.append(name(group))

        def run() -> None:
            with exceptiongroup.catch({ValueError: handler or note}):
                raise error

        return [outcome(run), *log]

    def again(group: Any) -> None:
        raise  # noqa: PLE0704 (catch() calls it where the exception is being handled)

    def other(group: Any) -> None:
        raise KeyError

    async def awaits(group: Any) -> None:
        pass

    def suppressed(error: Any) -> Any:
        with exceptiongroup.suppress(ValueError):
            raise error

    group = exceptiongroup.ExceptionGroup
    return {
        "naked": caught(ValueError()),
        "naked, not ours": caught(KeyError()),
        "group": caught(group("", [ValueError(), KeyError()])),
        "nested": caught(group("", [group("", [ValueError()])])),
        "raised again": caught(ValueError(), again),
        "replaced": caught(group("", [ValueError()]), other),
        "async handler": caught(ValueError(), awaits),
        "suppress": [outcome(suppressed, ValueError()), outcome(suppressed, group("", [ValueError(), KeyError()]))],
    }


@probe(
    "P355",
    "exceptiongroup",
    "exceptions",
    source="exceptiongroup 1.1, 1.2.1, 1.3, issue 143: members, notes, subclasses as in CPython",
)
def how_a_group_is_made_split_and_derived() -> Any:
    import exceptiongroup

    group, base = exceptiongroup.ExceptionGroup, exceptiongroup.BaseExceptionGroup
    members = [ValueError(), KeyError()]
    made = group("message", members)
    members.append(TypeError())
    if hasattr(made, "add_note"):
        made.add_note("note")
    match, rest = made.split(ValueError)

    class Own(group):  # type: ignore[misc,valid-type]
        pass

    return {
        "members": [name(made), made.exceptions is made.exceptions],
        "split": [
            name(match),
            name(rest),
            getattr(match, "__notes__", None) == getattr(made, "__notes__", None),
            getattr(match, "message", None),
        ],
        "base": [name(base("", [ValueError()])), name(base("", [SystemExit()])), outcome(group, "", [SystemExit()])],
        "refused": [outcome(group, "", []), outcome(group, "", [1]), outcome(group, 1, [ValueError()]), outcome(group, "")],
        "own": [
            type(Own("", [ValueError()]).derive([KeyError()])).__name__,
            outcome(lambda: type(Own("", [ValueError()]).subgroup(ValueError)).__name__),
        ],
        "standard": group.__module__,
    }


@probe(
    "P356",
    "exceptiongroup",
    "lifecycle",
    source="exceptiongroup 1.0: it patches traceback and sys.excepthook where Python is too old, unless somebody did before",
)
def what_importing_exceptiongroup_changes_and_prints() -> Any:
    seen = child(
        "import sys, traceback\n"
        "hook, te = sys.excepthook, traceback.TracebackException.format\n"
        "import exceptiongroup\n"
        "print(sys.excepthook is hook, traceback.TracebackException.format is te)\n"
        "raise exceptiongroup.ExceptionGroup('', [ValueError(), exceptiongroup.ExceptionGroup('', [KeyError()])])\n",
        "-W",
        "error",
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]
