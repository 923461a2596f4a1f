"""What a stage says of a user's mistake."""


class InputError(ValueError):
    """Something the user gave cannot be used. The message names the file or option, what is wrong
    and what to do. On the command line it is one line on stderr and exit status 2."""
