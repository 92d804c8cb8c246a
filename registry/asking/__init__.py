"""Asking others about an operator: registers, name servers, web servers, certificate authorities."""
