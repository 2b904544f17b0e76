"""Reports of checks in the forms that CI services read: a module a form, each with `report_bytes`."""
