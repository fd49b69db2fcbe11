"""Identifiers that tell requests apart, in answers, log lines and whatever else is written while one is answered."""
