"""The countries that have phone numbers, by ISO 3166-1 alpha-2 code."""

from __future__ import annotations

from sendspec.diagnostics.near_miss import near_miss
from sendspec.diagnostics.problem import Problem
from sendspec.diagnostics.redaction import printable

# ISO 3166-1 alpha-2, without places that have no numbers of their own, plus AC, TA and XK, which do.
_COUNTRIES = """
    AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD
    CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE
    GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
    NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH
    SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG
    VI VN VU WF WS XK YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_COUNTRIES.split())

MAX_CALLING_CODE = 3

COUNTRY_BY_COMMON_MISTAKE = {
    "UK": "GB", "EL": "GR", "EN": "GB", "USA": "US", "GBR": "GB", "NLD": "NL", "BEL": "BE", "DEU": "DE", "FRA": "FR", "ESP": "ES",
    "NETHERLANDS": "NL", "THE NETHERLANDS": "NL", "NEDERLAND": "NL", "BELGIUM": "BE", "BELGIE": "BE", "BELGIË": "BE",
    "GERMANY": "DE", "DEUTSCHLAND": "DE", "FRANCE": "FR", "SPAIN": "ES", "ITALY": "IT", "UNITED KINGDOM": "GB",
    "UNITED STATES": "US", "HOLLAND": "NL",
}  # fmt: skip


def is_country(text: str) -> bool:
    """True for the two capital letters of a country that has phone numbers."""
    return text in COUNTRIES


def unknown_country(written: str) -> Problem:
    """An invalid country code, with the one that was probably meant."""
    letters = written.strip().upper()
    near = COUNTRY_BY_COMMON_MISTAKE.get(letters, letters if letters in COUNTRIES else None) or _by_calling_code(
        letters
    )
    if near is None and len(letters) == 2:
        near = near_miss(letters, sorted(COUNTRIES), cutoff=0.9)
    return Problem(
        "unknown-country",
        f"'{printable(written)}' is not a country's two-letter code",
        f"write {near}" if near else "write the ISO 3166 code, two capital letters, such as NL or US",
    )


def _by_calling_code(written: str) -> str | None:
    """The main country with a calling code, such as +31 or 0031."""
    digits = written.lstrip("+").lstrip("0")
    if not digits.isascii() or not digits.isdigit() or len(digits) > MAX_CALLING_CODE:
        return None
    from phonenumbers import region_code_for_country_code  # only needed after a mistake

    country = region_code_for_country_code(int(digits))
    return country if country in COUNTRIES else None
