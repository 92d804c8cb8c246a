"""What may be sent, and what is then owed: policies as data, decisions as a pure function of facts."""
