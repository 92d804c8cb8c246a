"""The packs as data, what is in force for whom, and the facts a decision needs."""
