"""Which texts a column gets, by its name and that of its table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pytest_demodata.inference import makers
from pytest_demodata.inference.makers import (
    Maker,
    code_recipe,
    of_list,
    of_pattern,
    secret_recipe,
)
from pytest_demodata.inference.names import (
    is_companies,
    is_people,
    singulars_of,
    without_role,
    without_table,
    words_of_name,
)
from pytest_demodata.recipes.drawing import Choice
from pytest_demodata.recipes.numbering import FilledIn, count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_demodata.recipes.recipe import Recipe

_ANY: Final = r"(\w+ )*"
_LONG: Final = 200
_LONGEST_CODE: Final = 10
_ENOUGH: Final = 10**6
_LONGEST_SALUTATION: Final = 10
_UUID_LENGTH: Final = 36

_MAKERS: Final[tuple[tuple[str, Maker], ...]] = (
    (rf"{_ANY}(e ?mail( address)?)|mail|e ?mail id", makers.EMAIL),
    (
        (
            r"(user|login|screen|nick|account|display|windows|github|twitter) ?(name|handle|login)|"
            rf"login|nick|handle|username|{_ANY}(username|login name)"
        ),
        makers.LOGIN,
    ),
    (r"(first|given|fore|middle|preferred) ?names?|firstname|fname|forename", makers.GIVEN_NAME),
    (
        r"(last|family|sur|second) ?name|lastname|lname|surname|maiden name|mothers maiden name",
        makers.FAMILY_NAME,
    ),
    (r"middle initials?|initials?", of_pattern("?")),
    (
        (
            r"(full|display|contact|customer|client|employee|author|person|real|holder|owner|user|"
            r"patient|student|teacher|member|guest|driver|card ?holder|account holder|manager|"
            r"recipient|"
            r"sender|legal|contact person|emergency contact) ?name|cardholder|contact person|"
            r"name on card|created by|updated by|modified by|approved by|assigned to|reported by|"
            r"signed by|emergency contact"
        ),
        makers.PERSON,
    ),
    (rf"{_ANY}(phone|mobile|fax|tel|telephone|cell|whatsapp)( ?(number|no|nr|num))?", makers.PHONE),
    (
        r"street|address|addr|address ?(line)? ?1|street ?(address|name|line ?1)?|line ?1",
        makers.STREET,
    ),
    (
        (
            r"(address|street|addr|address line|line|street line) ?[23]|apartment|apt|suite|"
            r"unit number"
        ),
        makers.STREET2,
    ),
    (
        (
            rf"{_ANY}(city|town|locality|municipality)( name)?|place|birth ?place|location|capital|"
            r"origin|destination"
        ),
        makers.CITY,
    ),
    (r"province|region|county|district|state province|state name|state code", makers.STATE),
    (
        r"zip|zip ?code|postal ?code|post ?code|postcode|zipcode|plz|postal",
        makers.POSTAL_CODE,
    ),
    (rf"{_ANY}(iso ?3|iso alpha ?3|alpha ?3)", makers.COUNTRY_CODE_3),
    (
        r"country ?code|country iso|iso ?code|nationality code|iso ?2|alpha ?2|iso alpha ?2",
        makers.COUNTRY_CODE,
    ),
    (rf"{_ANY}(country|nation|nationality|citizenship)( name)?", makers.COUNTRY),
    (
        (
            r"company( name)?|organi[sz]ation( name)?|employer|vendor|supplier|manufacturer|brand|"
            r"publisher|label|firm|make|carrier|bank( name)?|insurance( company| provider)?|"
            r"insurer|"
            r"airline|institution|merchant|provider"
        ),
        makers.COMPANY,
    ),
    (r"job|job ?title|occupation|profession|position title|job role|designation", of_list("jobs")),
    (rf"{_ANY}(department|division|dept)( name)?", of_list("departments")),
    (rf"{_ANY}(colou?r ?(hex|code)|hex colou?r)", makers.COLOR),
    (rf"{_ANY}colou?r", of_list("colors", 0)),
    (r"currency name", of_list("currencies", 2)),
    (rf"{_ANY}currency symbol", of_list("currencies", 1)),
    (rf"{_ANY}currency( code| iso)?|ccy", makers.CURRENCY_CODE),
    (r"language name", of_list("languages", 1)),
    (rf"{_ANY}(language( code)?|lang|locale)", makers.LANGUAGE_CODE),
    (rf"{_ANY}(time ?zone|tz)( name)?", of_list("timezones", None, "_")),
    (rf"{_ANY}(mime( ?type)?|content type|media type|mimetype)", of_list("mime_types", 0, "+")),
    (rf"{_ANY}user ?agent", of_list("user_agents")),
    (rf"{_ANY}(url|uri|link|href|website|homepage|webpage|web site|web)", makers.URL),
    (rf"{_ANY}(domain|host|hostname|server|fqdn)( name)?", makers.HOST),
    (rf"{_ANY}(ip|ip ?addr|ip ?address|ipv4)", makers.IP),
    (rf"{_ANY}(cidr|subnet|network)", makers.NETWORK),
    (rf"{_ANY}mac( ?addr(ess)?)?", makers.MAC),
    (rf"{_ANY}(uuid|guid)", makers.UUID),
    (rf"{_ANY}(path|directory|folder|dir)", makers.PATH),
    (
        rf"{_ANY}(image|photo|picture|avatar|thumbnail|logo|icon)( (file|path|name))*",
        makers.PICTURE,
    ),
    (rf"{_ANY}(file|filename|file ?name|attachment|document)", makers.FILE),
    (rf"{_ANY}jsonb?( data)?", makers.JSON_TEXT),
    (rf"{_ANY}(version|firmware)", makers.VERSION),
    (rf"{_ANY}iban", makers.IBAN),
    (rf"{_ANY}(bic|swift|swift bic|bic swift)( ?code)?", of_pattern("????US??")),
    (r"ean|ean ?(8|13)|gtin|upc|barcode|bar ?code", makers.EAN),
    (rf"{_ANY}isbn( ?1[03])?", makers.ISBN),
    (rf"{_ANY}(credit |debit )?card( ?(number|no))?|pan", makers.CARD),
    (r"cvv|cvc|security code", of_pattern("###")),
    (r"pin|pin code|otp|verification code|passcode", of_pattern("######")),
    (
        (
            r"ssn|social security( number| no)?|tax ?id( number)?|tin|national id|"
            r"national insurance number|"
            r"id number|personal number"
        ),
        of_pattern("9##-##-####"),
    ),
    (r"vat( ?(id|number|no|reg|registration))+|ein|ustid", of_pattern("DE#########")),
    (rf"{_ANY}passport( ?(number|no))?", of_pattern("?########")),
    (
        rf"{_ANY}(driver|driving|drivers) licen[sc]e( ?(number|no))?|licen[sc]e (number|no)",
        of_pattern("?#######"),
    ),
    (
        rf"({_ANY}(bank )?account (number|no|num))|bank account|routing( number)?|sort code",
        of_pattern("%#########"),
    ),
    (
        (
            rf"{_ANY}(licen[sc]e plate|plate|number plate|plate number|registration plate)"
            r"( ?(number|no))?"
        ),
        of_pattern("???-####"),
    ),
    (r"vin|vehicle identification number|chassis( number)?", of_pattern("WDB##############")),
    (rf"{_ANY}(tracking|awb|waybill)( ?(number|no|code))?", of_pattern("1Z##########")),
    (rf"{_ANY}(icd|icd ?10|diagnosis)( code)", of_pattern("?##.#")),
    (r"dosage|dose", of_pattern("%0 mg")),
    (r"blood pressure", of_pattern("1##/%#")),
    (
        rf"{_ANY}(room|ward|gate|seat|bay|shelf|bin|aisle|desk)( ?(number|no|name))?",
        of_pattern("?##"),
    ),
    (r"call number|dewey( decimal)?", of_pattern("###.## ???")),
    (r"postal box|po box", of_pattern("PO Box ####")),
    (rf"{_ANY}(serial|imei|sim)( ?(number|no))?|serialno", of_pattern("??########")),
    (rf"{_ANY}slug|permalink", makers.SLUG),
    (
        r"(setting|config|option|property|metadata|meta|attribute|translation|feature) key",
        makers.SLUG,
    ),
    (r"title|subject|headline|heading|caption|topic|(\w+ )*(title|subject)", makers.TITLE),
    (
        (
            rf"{_ANY}(description|desc|comments?|notes?|remarks?|message|summary|bio|biography|"
            r"about|"
            r"details?|reason|feedback|review|text|body|content|abstract|excerpt|instructions|"
            r"explanation|quote|error|help|resolution|complaint|symptoms|terms|warning|question|"
            r"answer|"
            r"objective|agenda|purpose|requirements|history|justification)"
        ),
        makers.SENTENCE,
    ),
)
_RECIPES: Final = tuple((re.compile(expression), maker) for expression, maker in _MAKERS)

_SECRETS: Final = re.compile(
    rf"{_ANY}(token|secret|hash|hashed|password|passwd|pwd|digest|checksum|salt|signature|api ?key|"
    r"session ?key|access ?key|private ?key|public ?key|etag|fingerprint|nonce|md5|sha1|sha256|"
    r"cookie|"
    r"auth|hex|hexdigest|prefix|csrf|session ?id|commit|revision hash|encrypted)"
)
_NUMBERS: Final = re.compile(rf"({_ANY})(number|no|num|nr|code|reference|ref|key|id|identifier)")
_CODES: Final = re.compile(
    rf"{_ANY}(sku|code|ref|reference|number|no|num|nr|serial|key|identifier|id|ticket|invoice|"
    r"order|"
    r"account|symbol|abbr|abbreviation|short|isrc|hs|asin|pnr|batch|lot|coupon|voucher|extension)"
)

_SPECIAL: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"gender|sex", ("female", "male", "other")),
    (r"marital status|civil status", ("single", "married", "divorced", "widowed")),
    (r"salutation|honorific|name prefix|courtesy title|title of courtesy", ("Ms", "Mr", "Dr")),
    (r"name suffix", ("Jr", "Sr", "II", "III")),
    (r"blood (type|group)", ("O+", "A+", "B+", "AB+", "O-", "A-", "B-", "AB-")),
    (r"log ?level|loglevel", ("info", "debug", "warning", "error")),
    (r"payment (method|type|mode)", ("card", "cash", "bank transfer", "invoice")),
    (r"payment status", ("paid", "pending", "failed", "refunded")),
    (r"shipping method|delivery (method|type)", ("standard", "express", "pickup")),
    (r"(transaction|entry) type", ("debit", "credit", "transfer")),
    (r"account type", ("checking", "savings", "credit")),
    (r"card type|card brand", ("visa", "mastercard", "amex")),
    (r"employment (type|status)|contract type", ("full-time", "part-time", "contractor")),
    (r"fuel( type)?", ("gasoline", "diesel", "electric", "hybrid")),
    (r"transmission", ("automatic", "manual")),
    (r"vehicle type|body type", ("car", "van", "truck", "bus")),
    (r"sensor type", ("temperature", "humidity", "pressure", "motion")),
    (r"device type|device|device os", ("phone", "tablet", "desktop")),
    (r"os|operating system|platform", ("linux", "windows", "macos", "android", "ios")),
    (r"browser", ("firefox", "chrome", "safari", "edge")),
    (r"protocol|scheme", ("https", "http", "ssh", "mqtt")),
    (r"http method|request method|verb", ("GET", "POST", "PUT", "DELETE")),
    (r"environment|env", ("production", "staging", "development")),
    (rf"{_ANY}(encoding|charset)", ("utf-8", "latin-1", "ascii")),
    (r"weekday|day|day of week|day name", ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")),
    (r"quarter", ("Q1", "Q2", "Q3", "Q4")),
    (r"semester|term", ("spring", "fall", "summer")),
    (r"genre", ("drama", "comedy", "history", "fantasy", "documentary")),
    (r"diagnosis", ("hypertension", "asthma", "diabetes", "migraine", "fracture")),
    (r"allerg(y|ies)", ("none", "penicillin", "pollen", "nuts")),
    (r"condition", ("new", "used", "refurbished")),
    (r"continent", ("Europe", "Asia", "Africa", "North America", "South America", "Oceania")),
    (rf"{_ANY}(expiry|exp|expires|expiration)( date)?", ("03/27", "08/28", "11/29", "06/30")),
    (r"(phone|dial|calling) code", ("+1", "+44", "+49", "+81", "+33")),
    (r"direction", ("in", "out")),
    (r"visibility|privacy", ("public", "private", "internal")),
    (r"frequency|(billing )?(cycle|period|interval)", ("monthly", "weekly", "yearly", "daily")),
    (r"mood|sentiment", ("positive", "neutral", "negative")),
    (r"relationship|relation", ("parent", "sibling", "spouse", "friend")),
)
_GENERAL: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (rf"{_ANY}(size)", ("M", "S", "L", "XL", "XS")),
    (rf"{_ANY}(priority|severity|urgency|importance|risk|difficulty)", ("low", "medium", "high")),
    (rf"{_ANY}grade|letter grade", ("A", "B", "C", "D")),
    (rf"{_ANY}(unit|uom|unit of measure)", ("piece", "box", "kg", "m", "l", "h")),
    (r"(\w+ )*(role|user type)", ("member", "admin", "editor", "viewer")),
    (rf"{_ANY}(plan|subscription)", ("free", "basic", "team", "enterprise")),
    (rf"{_ANY}(status|state|stage|phase)", ("active", "pending", "done", "open", "closed", "new")),
    (
        (
            rf"{_ANY}(type|kind|category|class|group|level|tier|mode|format|method|source|"
            r"channel|scope|"
            r"segment|theme|family)"
        ),
        ("standard", "basic", "premium", "internal", "special"),
    ),
)
_SPECIAL_SETS: Final = tuple((re.compile(expression), values) for expression, values in _SPECIAL)
_GENERAL_SETS: Final = tuple((re.compile(expression), values) for expression, values in _GENERAL)


def recipe_for_text(table: str, column: str, *, longest: int | None, unique: bool) -> Recipe:
    """Choose what a column of text is filled with, by its name and its table's."""
    words, whole = words_of_name(column), words_of_name(table)
    bare = without_table(words, whole)
    if not unique and (values := _small_set_of(_SPECIAL_SETS, words, bare)):
        return _small_set(values, longest)
    maker = _maker_of(words, bare, whole, longest)
    if maker is not None and not (unique and _is_small(maker)):
        return maker.recipe(longest=longest, unique=unique)
    if not unique and (values := _small_set_of(_GENERAL_SETS, words)):
        return _small_set(values, longest)
    if _SECRETS.fullmatch(words):
        return secret_recipe(min(longest or 40, 40), unique=unique)
    if _CODES.fullmatch(words):
        return _code(words, whole, longest, unique=unique)
    return _other_maker(words, longest, unique=unique).recipe(longest=longest, unique=unique)


def _is_small(maker: Maker) -> bool:
    """Return whether a pattern gives too few texts for a column of which none stands twice."""
    return isinstance(maker.function, FilledIn) and count_of(maker.function.text) < _ENOUGH


def _maker_of(words: str, bare: str, table: str, longest: int | None) -> Maker | None:
    if bare == "title" and is_people(table) and not (longest or _LONG) <= _LONGEST_SALUTATION:
        return of_list("jobs")
    if _is_state(bare, table, longest):
        return makers.STATE
    if (found := _table_maker(bare, table)) is not None:
        return found
    for name in dict.fromkeys((words, bare, without_role(words))):
        for expression, maker in _RECIPES:
            if expression.fullmatch(name):
                return _of_length(maker, longest)
    if is_people(words):
        return makers.PERSON
    return None


def _is_state(bare: str, table: str, longest: int | None) -> bool:
    """Return whether a state is one of a country, and not that of something that goes on."""
    if bare == "state":
        return longest == len("NY") or _HAS_ADDRESS.fullmatch(table) is not None
    return _STATE_OF_ADDRESS.fullmatch(bare) is not None


_HAS_ADDRESS: Final = re.compile(rf"{_ANY}(address|store|warehouse|branch|office|location)(es|s)?")
_STATE_OF_ADDRESS: Final = re.compile(
    r"(billing|shipping|home|mailing|work|birth|residential|permanent|registered) state"
)


def _of_length(maker: Maker, longest: int | None) -> Maker:
    """Take a country's or a currency's code where there is room for no more."""
    if maker is makers.COUNTRY and longest in {2, 3}:
        return makers.COUNTRY_CODE if longest == len("US") else makers.COUNTRY_CODE_3
    if maker is makers.COUNTRY_CODE and longest == len("USA"):
        return makers.COUNTRY_CODE_3
    return maker


def _table_maker(bare: str, table: str) -> Maker | None:
    """Return what a column gets that only says `name` or `code`, by the table that it is in."""
    if bare in {"name", "label"}:
        return _name_maker(table)
    if bare in {"code", "iso", "iso code", "symbol", "id", "short code"}:
        for about, maker in (
            (r"(\w+ )*(country|countries)", makers.COUNTRY_CODE),
            (r"(\w+ )*(currency|currencies)", makers.CURRENCY_CODE),
            (r"(\w+ )*(languages?|locales?)", makers.LANGUAGE_CODE),
        ):
            if re.fullmatch(about, table):
                return maker
    return None


def _name_maker(about: str) -> Maker:
    """Return what makes the names of what a table, or the rest of a column's name, is about."""
    if is_people(about):
        return makers.PERSON
    if is_companies(about):
        return makers.COMPANY
    for name in singulars_of(about):
        if name in _NAMED:
            return _NAMED[name]
    return makers.THING


_NAMED: Final = {
    "city": makers.CITY,
    "town": makers.CITY,
    "country": makers.COUNTRY,
    "state": makers.STATE,
    "province": makers.STATE,
    "region": makers.STATE,
    "county": makers.STATE,
    "department": of_list("departments"),
    "division": of_list("departments"),
    "job": of_list("jobs"),
    "occupation": of_list("jobs"),
    "profession": of_list("jobs"),
    "color": of_list("colors", 0),
    "colour": of_list("colors", 0),
    "currency": of_list("currencies", 2),
    "language": of_list("languages", 1),
    "street": makers.STREET,
    "file": makers.FILE,
    "attachment": makers.FILE,
    "image": makers.PICTURE,
    "host": makers.HOST,
    "server": makers.HOST,
    "domain": makers.HOST,
    "media type": of_list("mime_types", 0, "+"),
    "mime type": of_list("mime_types", 0, "+"),
    "time zone": of_list("timezones", None, "_"),
    "timezone": of_list("timezones", None, "_"),
    "task": makers.TITLE,
    "todo": makers.TITLE,
    "project": makers.TITLE,
    "article": makers.TITLE,
    "post": makers.TITLE,
}


def _other_maker(words: str, longest: int | None, *, unique: bool) -> Maker:
    if words.endswith(" name"):
        return _name_maker(words.removesuffix(" name"))
    if longest is None or longest >= _LONG:
        return makers.THING if unique else makers.SENTENCE
    return makers.NOUN


def _small_set_of(
    sets: Sequence[tuple[re.Pattern[str], tuple[str, ...]]], *names: str
) -> tuple[str, ...] | None:
    found = (values for name in names for expression, values in sets if expression.fullmatch(name))
    return next(found, None)


def _small_set(values: Sequence[str], longest: int | None) -> Recipe:
    """Draw one of a few words, or of their first letters where there is no room for them."""
    if longest == 1:
        values = tuple(dict.fromkeys(value[0].upper() for value in values))
    elif longest is not None:
        values = tuple(dict.fromkeys(value[:longest].rstrip() for value in values))
    return Choice(values)


def _code(words: str, table: str, longest: int | None, *, unique: bool) -> Recipe:
    """Have a code made: letters that say what it is of, and digits."""
    if words.endswith("id") and longest == _UUID_LENGTH:
        return makers.UUID.recipe(longest=longest, unique=unique)
    found = _NUMBERS.fullmatch(words)
    about = (found[1] if found else words).split() or table.split() or ["x"]
    letters = "".join(letter for letter in about[-1] if "a" <= letter <= "z")[:3].upper()
    if letters and (longest is None or longest >= _LONGEST_CODE):
        return of_pattern(f"{letters}-######".replace("?", "")).recipe(
            longest=longest, unique=unique
        )
    return code_recipe(min(longest or 9, 9), unique=unique)
