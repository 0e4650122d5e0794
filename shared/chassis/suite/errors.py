"""What can keep a suite from starting or answering; the command line prints the message and nothing else."""


class SuiteError(Exception):
    """The message says what is wrong and what to do."""
