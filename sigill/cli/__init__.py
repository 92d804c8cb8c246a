"""The command line: files and streams in, plain words and exit codes out."""
