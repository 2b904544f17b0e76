"""One `Platform` record per platform, listed in `registry`. A platform with rules of its own has a module of its own."""
