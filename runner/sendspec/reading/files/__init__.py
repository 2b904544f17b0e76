"""Opening files safely: inside the project, without following links, and checked for changes."""
