"""Errors, sorted by who has to act. State machines match these class names."""


class ResponderError(Exception):
    """Anything this package raises on purpose."""


class Refused(ResponderError):
    """A rule of ours said no, and nothing was changed. A person decides what happens next."""


class Unavailable(ResponderError):
    """AWS could not answer, or another writer was first. Trying again is right."""


class Broken(ResponderError):
    """Our bug, a missing permission, or data nobody can read. Tell the owner."""
