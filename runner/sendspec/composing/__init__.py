"""One row becomes one message: compiled templates, payload validation, SMS measuring."""
