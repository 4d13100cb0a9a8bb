"""Every exception of the kit that a user can meet has InteropError on top, and builds its own sentence."""


class InteropError(Exception):
    """What the kit has to tell a user; the message is one line and holds no secret."""
