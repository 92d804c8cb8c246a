"""The seal: an SD-JWT (RFC 9901) that says who sent a message and whether a human or an AI wrote it."""
