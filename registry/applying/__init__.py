"""From an application to evidence: what an operator sends, what is checked, what is kept, and asked again."""
