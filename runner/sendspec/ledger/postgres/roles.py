"""The roles that use a ledger on a server, and what each may do, as SQL."""

from __future__ import annotations

from sendspec.ledger.postgres.delivery_functions import PURGE_KEPT
from sendspec.ledger.postgres.functions import FUNCTIONS
from sendspec.ledger.postgres.move_functions import PURGE
from sendspec.ledger.postgres.run_functions import LOCK_KEY

OWNERS_ONLY = (PURGE, PURGE_KEPT)
"""What a run never calls."""


def function_name(function: str) -> str:
    """The name of the function that a statement creates."""
    return function.removeprefix("CREATE FUNCTION ").partition("(")[0]


SENDS = tuple(function_name(function) for function in FUNCTIONS if function not in OWNERS_ONLY)


def roles_sql(schema: str) -> str:
    """SQL that makes the three roles and grants what each needs. It may be run any number of times, before and after the ledger is made."""
    owner, plan, send = (f"{schema}_{role}" for role in ("owner", "plan", "send"))
    return f"""\
-- Roles for the ledger in the schema {schema}. Run this as a superuser: before `sendspec ledger init`, once more after it,
-- and after each `sendspec ledger migrate`. Running it again is harmless.
--   {owner}  makes, migrates, purges and copies the ledger
--   {plan}   reads it: plan, status, ledger check and export
--   {send}   reads it, and writes what a run, `wait` and webhooks write: send, reconcile, resolve, opt-outs
-- Then give each a password, or another way to log in: \\password {send}
DO $roles$
DECLARE
    _role text;
BEGIN
    FOREACH _role IN ARRAY ARRAY['{owner}', '{plan}', '{send}'] LOOP
        IF to_regrole(_role) IS NULL THEN
            EXECUTE format('CREATE ROLE %I LOGIN', _role);
        END IF;
    END LOOP;
    IF to_regnamespace('{schema}') IS NULL THEN
        CREATE SCHEMA {schema} AUTHORIZATION {owner};
    END IF;
    GRANT USAGE ON SCHEMA {schema} TO {plan}, {send};
    IF to_regclass('{schema}.meta') IS NOT NULL THEN
        GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {plan}, {send};
        GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {plan}, {send};
        GRANT EXECUTE ON FUNCTION {schema}.{function_name(LOCK_KEY)} TO {plan};
        GRANT EXECUTE ON FUNCTION
            {", ".join(f"{schema}.{name}" for name in SENDS)}
            TO {send};
    END IF;
END $roles$;
"""
