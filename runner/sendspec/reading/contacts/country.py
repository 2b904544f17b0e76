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
COUNTRY_BY_COMMON_MISTAKE = {"UK": "GB", "EL": "GR", "EN": "GB"}
_NAMES = """
    AR ARG Argentina | AT AUT Austria,Österreich | AU AUS Australia | BE BEL Belgium,België,Belgique,Belgien | BG BGR Bulgaria |
    BR BRA Brazil,Brasil | CA CAN Canada | CH CHE Switzerland,Schweiz,Suisse,Svizzera | CL CHL Chile | CN CHN China |
    CO COL Colombia | CY CYP Cyprus | CZ CZE Czechia,Czech Republic,Česko | DE DEU Germany,Deutschland,Duitsland,Allemagne |
    DK DNK Denmark,Danmark | EE EST Estonia,Eesti | EG EGY Egypt | ES ESP Spain,España,Spanje,Spanien,Espagne |
    FI FIN Finland,Suomi | FR FRA France,Frankrijk,Frankreich | GB GBR Great Britain,United Kingdom,England,Scotland,Wales |
    GR GRC Greece,Griekenland | HK HKG Hong Kong | HR HRV Croatia,Hrvatska | HU HUN Hungary,Magyarország | ID IDN Indonesia |
    IE IRL Ireland,Éire | IL ISR Israel | IN IND India | IS ISL Iceland | IT ITA Italy,Italia,Italië,Italien |
    JP JPN Japan | KE KEN Kenya | KR KOR South Korea | LT LTU Lithuania | LU LUX Luxembourg,Luxemburg | LV LVA Latvia |
    MA MAR Morocco,Maroc | MT MLT Malta | MX MEX Mexico,México | MY MYS Malaysia | NG NGA Nigeria |
    NL NLD Netherlands,The Netherlands,Nederland,Holland,Niederlande,Pays-Bas | NO NOR Norway,Norge | NZ NZL New Zealand |
    PE PER Peru | PH PHL Philippines | PL POL Poland,Polska,Polen | PT PRT Portugal | RO ROU Romania | RS SRB Serbia |
    RU RUS Russia | SA SAU Saudi Arabia | SE SWE Sweden,Sverige,Zweden | SG SGP Singapore | SI SVN Slovenia | SK SVK Slovakia |
    TH THA Thailand | TR TUR Turkey,Türkiye | TW TWN Taiwan | UA UKR Ukraine | US USA United States,America |
    VN VNM Vietnam | ZA ZAF South Africa
"""
"""Codes that people may write instead (ISO 3166-1 alpha-3), and names, of the countries that are asked for most."""


def is_country(text: str) -> bool:
    """True for the two capital letters of a country that has phone numbers."""
    return text in COUNTRIES


def country_meant(written: str) -> str | None:
    """The code of the country that was evidently meant; None if it is evident only that `written` is none."""
    letters = written.strip().upper()
    return COUNTRY_BY_COMMON_MISTAKE.get(letters) or (letters if letters in COUNTRIES else _code_by_name().get(letters))


def unknown_country(written: str) -> Problem:
    """An invalid country code, with the one that was probably meant."""
    letters = written.strip().upper()
    near = country_meant(written) or country_called(letters)
    if near is None:
        known = sorted(COUNTRIES) if len(letters) == 2 else sorted(_code_by_name())
        name = near_miss(letters, known, cutoff=0.9 if len(letters) == 2 else 0.75)
        near = None if name is None else _code_by_name().get(name, name)
    shown = printable(written[:40])
    return Problem(
        "unknown-country",
        f"the country '{shown}' is not in capital letters"
        if near == letters
        else f"'{shown}' is not a country's two-letter code",
        f"write {near}" if near else "write the ISO 3166 code, two capital letters, such as NL or US",
    )


def country_called(written: str) -> str | None:
    """The main country with a calling code, such as +31 or 0031."""
    digits = written.lstrip("+").lstrip("0")
    if not digits.isascii() or not digits.isdigit() or len(digits) > MAX_CALLING_CODE:
        return None
    from phonenumbers import region_code_for_country_code  # only needed after a mistake

    country = region_code_for_country_code(int(digits))
    return country if country in COUNTRIES else None


def _code_by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in " ".join(_NAMES.split()).split(" | "):
        code, three_letters, names = entry.split(" ", 2)
        found |= dict.fromkeys((three_letters, *names.upper().split(",")), code)
    return found
