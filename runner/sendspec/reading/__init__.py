"""Files a user wrote: YAML with the place of every key and value, tables of recipients, problems as data."""
