"""Load: many analysts at once in real sessions of the real dashboard, without browsers."""
