"""What looks like a person's number or address, in words that are to stand in a log for ever."""

import re
from typing import Final

_PERSONAL: Final = re.compile(r"@|(?:\d[ -]?){9}\d")


def looks_personal(text: str) -> bool:
    """Tell whether a text seems to hold an e-mail address, a phone number or a personal identity number.

    Ten digits in a row, blanks and hyphens between them aside, are taken for one. A name cannot be told from a word.
    """
    return _PERSONAL.search(text) is not None
