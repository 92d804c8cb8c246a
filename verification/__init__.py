"""For the customer: who sent this, human or AI, meant for me? Nothing of the content is stored."""
