"""Every word of output: text and JSON."""
