"""Where private keys live. Today: files of mode 600 beside the database, never in it."""
