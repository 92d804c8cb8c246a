"""People who act: an operator's staff and administrators, and the guarantor's registrars and auditors."""
