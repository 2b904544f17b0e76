"""The platforms: one `Platform` record for each, its rules in a module of its own, all listed in `registry`."""
