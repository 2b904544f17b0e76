"""The JSON Schemas: deciding, explaining, formats, and the schemas for editors."""
