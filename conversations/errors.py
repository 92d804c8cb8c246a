"""What cannot be done in a conversation.

ConversationError(SigillError)
├── ConversationNotFound   no conversation of this operator has this id or reference
└── EditRefused            the message to be replaced is not there, is elsewhere, or was replaced before
"""

from sigill.errors import SigillError


class ConversationError(SigillError):
    """The root of conversations' errors."""


class ConversationNotFound(ConversationError):
    """No conversation of this operator has this id or reference."""


class EditRefused(ConversationError):
    """The message cannot be replaced; says why, and which is the newest where it was replaced before."""
