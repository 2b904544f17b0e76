"""Names of database schemas that a ledger can't have: words of SQL, and those that PostgreSQL keeps for itself."""

from __future__ import annotations

from sendspec.diagnostics.problem import Problem

RESERVED = frozenset({
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "binary", "both",
    "case", "cast", "check", "collate", "collation", "column", "concurrently", "constraint", "create", "cross",
    "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch",
    "for", "foreign", "freeze", "from", "full", "grant", "group", "having", "ilike", "in", "initially", "inner",
    "intersect", "into", "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime",
    "localtimestamp", "natural", "not", "notnull", "null", "offset", "on", "only", "or", "order", "outer",
    "overlaps", "placing", "primary", "references", "returning", "right", "select", "session_user", "similar",
    "some", "symmetric", "system_user", "table", "tablesample", "then", "to", "trailing", "true", "union", "unique",
    "user", "using", "variadic", "verbose", "when", "where", "window", "with",
})  # fmt: skip
"""The words that PostgreSQL, in versions up to 18, takes for a name in quotes only: `pg_get_keywords()` of the categories R and T."""
_FIX = "write another name, such as sendspec_ledger"


def schema_fault(name: str) -> Problem | None:
    """What is wrong with a schema's name that has the right characters."""
    if name in RESERVED:
        return Problem("bad-name", f"'{name}' is a word of SQL, and can't be the name of a ledger's schema", _FIX)
    if name.startswith("pg_") or name == "information_schema":
        return Problem("bad-name", f"PostgreSQL keeps the name '{name}' for itself", _FIX)
    return None
