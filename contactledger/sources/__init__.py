"""Sources of evidence: one file per provider or format, each verify and parse."""
