"""Running the service on one machine: which processes, in what order, and what happens when one dies."""
