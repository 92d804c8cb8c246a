"""Events: what happens in a conversation besides its messages, signed and chained like them."""
