"""Reads the files a user wrote: specs, the project file, tables of recipients, suppression lists."""
