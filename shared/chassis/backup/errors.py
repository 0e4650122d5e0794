"""What can go wrong with a backup; the message is all an operator needs."""

from chassis.suite.errors import SuiteError


class BackupFailed(SuiteError):
    """No backup was made; nothing half-written is left."""


class BackupBroken(SuiteError):
    """A backup is not what its manifest says, or not for this installation; nothing was changed."""


class StillInUse(SuiteError):
    """The database to be replaced has users; nothing was changed."""
