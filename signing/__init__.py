"""For the operator's developer: decide, seal and log one message, in that order, each once."""
