"""The views: thin, one module per kind of thing."""
