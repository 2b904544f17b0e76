"""Tables of recipients: CSV, TSV, JSON lines, inline lists, standard input."""
