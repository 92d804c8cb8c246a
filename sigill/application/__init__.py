"""An operator's application to a guarantor, signed with its seal certificate: the statement and its signature."""
