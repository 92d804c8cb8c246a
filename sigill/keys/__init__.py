"""Public keys, their thumbprints and signatures. Private keys are used through the `Signer` protocol only."""
