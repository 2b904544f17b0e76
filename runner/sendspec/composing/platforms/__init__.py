"""What one platform adds to the request model: a module each, named as in the project file, with one `rule`."""
