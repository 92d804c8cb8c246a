"""JSON over HTTP: thin views, strict schemas, RFC 9457 problems."""
