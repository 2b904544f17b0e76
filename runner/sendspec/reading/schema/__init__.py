"""JSON Schemas: validating, explaining, formats, and the schemas for editors."""
