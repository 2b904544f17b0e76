"""Arguments in, exit code out: the only room that reads the clock, the environment and the terminal."""
