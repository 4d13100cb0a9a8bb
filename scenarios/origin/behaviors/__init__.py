"""The catalogue: a table a module, split by idea."""

from scenarios.origin.behavior import Behavior
from scenarios.origin.behaviors import (
    answers,
    bombs,
    chunks,
    codings,
    faults,
    framing,
    heads,
    redirects,
    statuses,
    targets,
    tls,
    urls,
)

BEHAVIORS: tuple[Behavior, ...] = (
    *answers.TABLE,
    *framing.TABLE,
    *chunks.TABLE,
    *heads.TABLE,
    *faults.TABLE,
    *codings.TABLE,
    *bombs.TABLE,
    *redirects.TABLE,
    *targets.TABLE,
    *statuses.TABLE,
    *tls.TABLE,
    *urls.TABLE,
)
