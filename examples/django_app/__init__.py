"""A dealership's back office in Django: an invoice and the call about it, in one transaction."""
