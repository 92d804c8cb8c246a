"""Who decides about an operator, and how: proposals and second persons, appeals, new names, mergers, look-alikes."""
