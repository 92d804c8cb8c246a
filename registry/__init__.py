"""Who the operators are, how that was checked, and who may act for them."""
