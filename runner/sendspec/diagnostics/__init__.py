"""What is wrong, where, and what to do about it: one way to say it, for every room."""
