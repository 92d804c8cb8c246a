"""The shapes of every request and answer. Unknown fields are refused."""
