"""What an operator sends from, what it promises about it, and how that is held against what it does."""
