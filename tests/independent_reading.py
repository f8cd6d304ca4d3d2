"""An independent reading of the rules of the invoicing dataset, to judge the generator by.

It reads the rows with plain SQL, knows the places, taxes and telephone numbers of the three
locales by itself, and shares no code and no word list with the package.

Where a rule leaves room, the reading is this:

* Overdue means a due date before `as_of`; an invoice due on `as_of` is not yet overdue.
* Older invoices are those dated a year or more before `as_of`; a recent one at most 31 days.
* Revenue is billed: the totals of the invoices that are neither draft nor cancelled.
* A line's discount is the customer type's own or a larger one, and the larger one says why.
* Whoever is suspended, and what is no longer sold, was last updated after the last sale.
* Invoices are numbered in the order in which they were created.
* What is in stock has been received.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Engine, column, inspect, select, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnClause, Connection

    _Findings = Iterator[tuple[str, str, list[object]]]
    _Reading = tuple[str, Callable[["_Case"], _Findings]]

_Day: TypeAlias = date  # Invoice has a column named date

# --- Rows ---------------------------------------------------------------------------------------


class CustomerType(NamedTuple):
    """A row of customer_types."""

    id: int
    name: str
    description: str | None
    discount_percentage: Decimal
    priority_level: int
    active: bool
    created_at: datetime


class Customer(NamedTuple):
    """A row of customers."""

    id: int
    name: str
    email: str
    phone: str | None
    status: str
    credit_limit: Decimal
    notes: str | None
    customer_type_id: int
    created_at: datetime
    updated_at: datetime


class Address(NamedTuple):
    """A row of customer_addresses."""

    id: int
    customer_id: int
    address_type: str
    street: str
    street2: str | None
    city: str
    state: str
    postal_code: str
    country: str
    region: str
    is_primary: bool
    active: bool
    created_at: datetime


class Category(NamedTuple):
    """A row of product_categories."""

    id: int
    name: str
    description: str | None
    active: bool
    sort_order: int
    created_at: datetime


class Product(NamedTuple):
    """A row of products."""

    id: int
    name: str
    sku: str
    description: str | None
    price: Decimal
    cost: Decimal
    weight: Decimal | None
    active: bool
    category_id: int
    created_at: datetime
    updated_at: datetime


class Stock(NamedTuple):
    """A row of inventory."""

    id: int
    product_id: int
    current_stock: int
    reserved_stock: int
    reorder_point: int
    reorder_quantity: int
    location: str
    last_received_date: date | None
    last_received_quantity: int | None
    created_at: datetime
    updated_at: datetime


class Invoice(NamedTuple):
    """A row of invoices."""

    id: int
    invoice_number: str
    customer_id: int
    date: _Day
    due_date: _Day
    status: str
    payment_terms: str
    subtotal: Decimal
    tax_rate: Decimal
    tax_amount: Decimal
    total: Decimal
    paid_date: _Day | None
    notes: str | None
    created_at: datetime
    updated_at: datetime


class Line(NamedTuple):
    """A row of invoice_line_items."""

    id: int
    invoice_id: int
    product_id: int
    position: int
    description: str | None
    quantity: int
    unit_price: Decimal
    discount_percentage: Decimal
    discount_amount: Decimal
    line_total: Decimal
    created_at: datetime


_TABLES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "customer_types": CustomerType,
        "customers": Customer,
        "customer_addresses": Address,
        "product_categories": Category,
        "products": Product,
        "inventory": Stock,
        "invoices": Invoice,
        "invoice_line_items": Line,
    }
)
_DATES: Final = frozenset({"date", "due_date", "paid_date", "last_received_date"})
_TIMES: Final = frozenset({"created_at", "updated_at"})
_FLAGS: Final = frozenset({"active", "is_primary"})
_MONEY: Final = frozenset(
    {
        *("credit_limit", "price", "cost", "subtotal", "tax_amount", "total"),
        *("unit_price", "discount_amount", "line_total"),
    }
)
_PERCENTAGES: Final = frozenset({"discount_percentage", "tax_rate"})
_AMOUNTS: Final = _MONEY | _PERCENTAGES | {"weight"}
_NUMBERS: Final = frozenset(
    {
        *("priority_level", "sort_order", "position", "quantity", "last_received_quantity"),
        *("current_stock", "reserved_stock", "reorder_point", "reorder_quantity"),
    }
)
_NULLABLE: Final = frozenset(
    {
        *(("customer_types", "description"), ("customers", "phone"), ("customers", "notes")),
        *(("customer_addresses", "street2"), ("product_categories", "description")),
        *(("products", "description"), ("products", "weight")),
        *(("inventory", "last_received_date"), ("inventory", "last_received_quantity")),
        *(("invoices", "paid_date"), ("invoices", "notes")),
        ("invoice_line_items", "description"),
    }
)
_UNIQUE: Final = (
    *(("customer_types", "name"), ("customers", "email"), ("product_categories", "name")),
    *(("products", "sku"), ("inventory", "product_id"), ("invoices", "invoice_number")),
)


def _as_date(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _as_time(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _as_amount(value: Any) -> Decimal:
    return Decimal(str(value))


def _reader(name: str) -> Callable[[Any], Any] | None:
    if name in _DATES:
        return _as_date
    if name in _TIMES:
        return _as_time
    return _as_amount if name in _AMOUNTS else None


@dataclass(frozen=True, slots=True)
class Dataset:
    """The rows of the eight tables, each by its id.

    Attributes:
        rows: The rows by table.
        lengths: The declared length of the text columns that have one, by table and column.
    """

    rows: Mapping[str, Sequence[Any]]
    lengths: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a volume is said to be; ranges have both ends in them.

    Attributes:
        rows: About how many rows all tables have together, where the volume says so.
    """

    customers: int
    products: int
    invoices: int
    addresses: tuple[int, int] = (1, 3)
    lines: tuple[int, int] = (2, 8)
    rows: int | None = None


SMALL: Final = Shape(25, 100, 75, (1, 2), (1, 5), 570)
MEDIUM: Final = Shape(100, 500, 300, (1, 3), (2, 8), 3_100)
LARGE: Final = Shape(1_000, 2_000, 5_000, (1, 4), (1, 12), 45_000)
HUGE: Final = Shape(20_000, 40_000, 100_000, (1, 4), (1, 12), 900_000)


def read(source: Engine | Connection) -> Dataset:
    """Load all rows of the eight tables, with amounts as decimals and dates as dates."""
    if isinstance(source, Engine):
        with source.connect() as connection:
            return read(connection)
    inspector, lengths = inspect(source), {}
    for name in _TABLES:
        for declared in inspector.get_columns(name):
            if (length := getattr(declared["type"], "length", None)) is not None:
                lengths[name, declared["name"]] = length
    return Dataset({name: _rows(source, name) for name in _TABLES}, lengths)


def _rows(connection: Connection, name: str) -> list[Any]:
    row = _TABLES[name]
    fields: list[ColumnClause[Any]] = [column(field) for field in row._fields]
    found = connection.execute(select(*fields).select_from(table(name)).order_by(column("id")))
    columns: list[Iterable[Any]] = []
    for field, values in zip(row._fields, zip(*found.all(), strict=True), strict=False):
        convert = _reader(field)
        columns.append(
            values if convert is None else [v if v is None else convert(v) for v in values]
        )
    return [row._make(values) for values in zip(*columns, strict=True)]


# --- What the oracle knows ----------------------------------------------------------------------

CENT: Final = Decimal("0.01")
_TIERS: Final = MappingProxyType(
    {"Bronze": (0, 1), "Silver": (5, 2), "Gold": (10, 3), "Platinum": (15, 4)}
)
_DAYS: Final = MappingProxyType({"Due on Receipt": 0, "Net 15": 15, "Net 30": 30, "Net 45": 45})
_VALUES: Final = MappingProxyType(
    {
        ("customers", "status"): {"active", "inactive", "suspended"},
        ("customer_addresses", "address_type"): {"billing", "shipping", "mailing", "other"},
        ("customer_addresses", "region"): {
            *("West", "Southwest", "Midwest", "Southeast", "Northeast"),
        },
        ("invoices", "status"): {"draft", "sent", "paid", "overdue", "cancelled"},
        ("invoices", "payment_terms"): set(_DAYS),
    }
)
_COUNTRIES: Final = MappingProxyType(
    {"en_US": "United States", "de_DE": "Deutschland", "ja_JP": "日本"}
)
_RESERVED_DOMAIN: Final = re.compile(
    r"example\.(com|net|org)|([a-z0-9-]+\.)+(example|test|invalid)"
)
# 555-0100 to 555-0199 are set aside for fiction in every area of the North American plan; the
# Bundesnetzagentur's numbers are those of its Mitteilung 148/2021; in Japan no local exchange
# begins with 0, and a number with its area code has ten digits.
_PHONES: Final = MappingProxyType(
    {
        "en_US": re.compile(r"\([2-9][0-9]{2}\) 555-01[0-9]{2}"),
        "de_DE": re.compile(
            r"030 23125[0-9]{3}|069 90009[0-9]{3}|040 66969[0-9]{3}|0221 4710[0-9]{3}"
            r"|089 99998[0-9]{3}|0152 28817386|0152 28895456|0152 54599371|0171 39200[0-9]{2}"
            r"|0172 9925904|0172 9968532|0172 9973185|0172 9973186|0172 9980752|0174 9091317"
            r"|0174 9464308|0176 040690[0-9]{2}"
        ),
        "ja_JP": re.compile(
            r"0[1-9]-0[0-9]{3}-[0-9]{4}|0[1-9][0-9]-0[0-9]{2}-[0-9]{4}|0[1-9][0-9]{2}-0[0-9]-[0-9]{4}"
        ),
    }
)
_POSTAL_CODES: Final = MappingProxyType(
    {
        "en_US": re.compile(r"[0-9]{5}"),
        "de_DE": re.compile(r"[0-9]{5}"),
        "ja_JP": re.compile(r"[0-9]{3}-[0-9]{4}"),
    }
)

# State, region, base rate of sales tax in percent (with what California, Nevada, Utah and
# Virginia levy in all of the state), and the first three digits of its ZIP codes.
_STATES: Final = """
AL Southeast 4 350-369|AK West 0 995-999|AZ Southwest 5.6 850-865|AR Southeast 6.5 716-729
CA West 7.25 900-961|CO West 2.9 800-816|CT Northeast 6.35 060-069|DE Northeast 0 197-199
DC Northeast 6 200-205|FL Southeast 6 320-349|GA Southeast 4 300-319,398-399|HI West 4 967-968
ID West 6 832-838|IL Midwest 6.25 600-629|IN Midwest 7 460-479|IA Midwest 6 500-528
KS Midwest 6.5 660-679|KY Southeast 6 400-427|LA Southeast 5 700-714|ME Northeast 5.5 039-049
MD Northeast 6 206-219|MA Northeast 6.25 010-027,055-055|MI Midwest 6 480-499
MN Midwest 6.875 550-567|MS Southeast 7 386-397|MO Midwest 4.225 630-658|MT West 0 590-599
NE Midwest 5.5 680-693|NV West 6.85 889-898|NH Northeast 0 030-038|NJ Northeast 6.625 070-089
NM Southwest 4.875 870-884|NY Northeast 4 100-149|NC Southeast 4.75 270-289
ND Midwest 5 580-588|OH Midwest 5.75 430-459|OK Southwest 4.5 730-749|OR West 0 970-979
PA Northeast 6 150-196|RI Northeast 7 028-029|SC Southeast 6 290-299|SD Midwest 4.2 570-577
TN Southeast 7 370-385|TX Southwest 6.25 750-799,885-885|UT West 6.1 840-847
VT Northeast 6 050-054,056-059|VA Southeast 5.3 201-201,220-246|WA West 6.5 980-994
WV Southeast 6 247-268|WI Midwest 5 530-549|WY West 4 820-831
"""
# Land, the regions that it can lie in, and the first two digits of its postal codes.
_LAENDER: Final = """
Baden-Württemberg Southwest 68-79,88-89,97|Bayern Southeast 63,80-97
Berlin Northeast 10,12-14|Brandenburg Northeast 01,03-04,12,14-17,19
Bremen Midwest/West/Northeast 27-28|Hamburg Northeast/Midwest 20-22,27
Hessen Midwest 34-37,55,60-65,68-69|Mecklenburg-Vorpommern Northeast 17-19,23
Niedersachsen Midwest/West/Northeast 19,21,26-31,34,37-38,48-49
Nordrhein-Westfalen West 32-34,37,40-42,44-48,50-53,57-59
Rheinland-Pfalz West/Southwest 51,53-57,65-67,76|Saarland West/Southwest 66
Sachsen Southeast/Northeast 01-02,04,07-09|Sachsen-Anhalt Northeast/Midwest 06,29,38-39
Schleswig-Holstein Northeast/Midwest 21-25|Thüringen Midwest/Southeast 04,06-07,36-37,98-99
"""
# Prefecture, the regions that it can lie in, and the first two digits of its postal codes.
_PREFECTURES: Final = """
北海道 Northeast 00,04-09|青森県 Northeast 03|岩手県 Northeast 02|宮城県 Northeast 98
秋田県 Northeast 01|山形県 Northeast 99|福島県 Northeast 96-97|茨城県 Southeast 30-31
栃木県 Southeast 32|群馬県 Southeast 37|埼玉県 Southeast 33-36|千葉県 Southeast 26-29
東京都 Southeast 10-20|神奈川県 Southeast 21-25|新潟県 Midwest 94-95|富山県 Midwest 93
石川県 Midwest 92|福井県 Midwest 91|山梨県 Midwest 40|長野県 Midwest 38-39|岐阜県 Midwest 50
静岡県 Midwest 41-43|愛知県 Midwest 44-49|三重県 Midwest/West 51|滋賀県 West 52|京都府 West 60-62
大阪府 West 53-59|兵庫県 West 65-67|奈良県 West 63|和歌山県 West 64|鳥取県 West 68|島根県 West 69
岡山県 West 70-71|広島県 West 72-73|山口県 West 74-75|徳島県 Southwest 77|香川県 Southwest 76
愛媛県 Southwest 79|高知県 Southwest 78|福岡県 Southwest 80-83|佐賀県 Southwest 84
長崎県 Southwest 81,85|熊本県 Southwest 86|大分県 Southwest 87|宮崎県 Southwest 88
鹿児島県 Southwest 89|沖縄県 Southwest 90
"""
# The first three digits of the postal codes of a city, from the official directories.
_AMERICAN_CITIES: Final = """
AL: Birmingham 352, Huntsville 358, Mobile 366, Montgomery 361
AK: Anchorage 995, Juneau 998, Fairbanks 997
AZ: Phoenix 850, Tucson 857, Mesa 852, Scottsdale 852, Flagstaff 860
AR: Little Rock 722, Fort Smith 729, Fayetteville 727
CA: Los Angeles 900/901/902, San Diego 921, San Francisco 941, San Jose 951, Sacramento 958,
  Fresno 936/937, Oakland 946, Long Beach 907/908, Bakersfield 933, Pasadena 910/911, Santa
  Barbara 931, Riverside 925
CO: Denver 800/801/802, Colorado Springs 809, Aurora 800/802, Boulder 803, Fort Collins 805
CT: Hartford 061, New Britain 060, Norwich 063, Manchester 060, New London 063
DE: Wilmington 198, Dover 199, Newark 197
DC: Washington 200/202/203/205
FL: Miami 331, Orlando 328, Tampa 336, Jacksonville 320/322, Tallahassee 323, Fort Lauderdale
  333, St. Petersburg 337, Sarasota 342, Gainesville 326
GA: Atlanta 303/311, Savannah 314, Augusta 309, Athens 306, Columbus 318/319, Macon 312
HI: Honolulu 968, Hilo 967
ID: Boise 837, Idaho Falls 834, Coeur d'Alene 838
IL: Chicago 606/607/608, Springfield 627, Peoria 616, Rockford 611, Naperville 605, Evanston
  602, Champaign 618
IN: Indianapolis 462, Fort Wayne 468, South Bend 466, Evansville 477, Bloomington 474
IA: Des Moines 503, Cedar Rapids 524, Davenport 528, Iowa City 522
KS: Wichita 672, Topeka 666, Overland Park 660/662, Lawrence 660
KY: Louisville 402, Lexington 405, Bowling Green 421
LA: New Orleans 701, Baton Rouge 708, Shreveport 711, Lafayette 705
ME: Portland 041, Bangor 044, Augusta 043
MD: Baltimore 212, Annapolis 214, Frederick 217, Rockville 208
MA: Boston 021/022, Worcester 016, Springfield 011, Cambridge 021, Lowell 018
MI: Detroit 482, Grand Rapids 495, Ann Arbor 481, Lansing 489, Kalamazoo 490
MN: Minneapolis 554, St. Paul 551, Duluth 557/558, Rochester 559
MS: Jackson 392, Gulfport 395, Hattiesburg 394, Tupelo 388
MO: St. Louis 631, Kansas City 641, Springfield 658, Columbia 652
MT: Billings 591, Missoula 598, Bozeman 597
NE: Omaha 681, Bellevue 680/681, Papillion 680/681
NV: Las Vegas 890/891, Reno 895, Henderson 890
NH: Manchester 031, Nashua 030, Concord 033
NJ: Newark 071, Jersey City 073, Trenton 086, Princeton 085, Paterson 075, Hoboken 070
NM: Albuquerque 871, Santa Fe 875, Las Cruces 880
NY: New York 100/101/102, Brooklyn 112, Buffalo 142, Rochester 146, Syracuse 132, Albany 122,
  Yonkers 107, Ithaca 148, White Plains 106
NC: Charlotte 282, Raleigh 276, Greensboro 273/274, Durham 277, Asheville 288, Wilmington 284
ND: Fargo 581, Bismarck 585
OH: Columbus 430/432, Cleveland 441, Cincinnati 452, Dayton 453/454, Toledo 436, Akron 443
OK: Oklahoma City 731, Norman 730, Edmond 730
OR: Portland 970/972, Eugene 974, Salem 973, Bend 977
PA: Philadelphia 191, Pittsburgh 151/152, Harrisburg 171, Allentown 181, Erie 165, Scranton 185
RI: Providence 029, Warwick 028, Newport 028
SC: Charleston 294, Columbia 292, Greenville 296
SD: Sioux Falls 571, Rapid City 577
TN: Nashville 372, Memphis 381, Knoxville 379, Chattanooga 374
TX: Houston 770/772, Austin 786/787, San Antonio 782, Fort Worth 761/762, El Paso 798/799,
  Arlington 760, Lubbock 794, Corpus Christi 784, Amarillo 791, Tyler 757, Waco 767
UT: Salt Lake City 841, Provo 846, Ogden 844
VT: Burlington 054, Brattleboro 053, Bennington 052
VA: Richmond 232, Norfolk 235, Virginia Beach 234, Alexandria 223, Arlington 222, Roanoke 240
WA: Seattle 981, Spokane 992, Tacoma 984, Bellevue 980, Olympia 985, Vancouver 986
WV: Charleston 253, Morgantown 265, Huntington 257
WI: Milwaukee 532, Madison 537, Green Bay 542/543, Eau Claire 547
WY: Cheyenne 820, Casper 826
"""
_GERMAN_CITIES: Final = """
Baden-Württemberg: Stuttgart 701/703/704/705/706, Karlsruhe 761/762, Mannheim 681/682/683,
  Freiburg im Breisgau 790/791, Heidelberg 691, Ulm 890/891, Heilbronn 740, Konstanz 784,
  Tübingen 720
Bayern: München 803/804/805/806/807/808/809/812/813/814/815/816/817/818/819, Nürnberg 904,
  Augsburg 861/863, Regensburg 930, Würzburg 970, Ingolstadt 850, Erlangen 910, Bamberg 960,
  Passau 940
Berlin: Berlin
  101/102/103/104/105/106/107/108/109/120/121/122/123/124/125/126/130/131/133/134/135/136/140/141/155
Brandenburg: Cottbus 030, Potsdam 144, Brandenburg an der Havel 147, Frankfurt (Oder) 152
Bremen: Bremen 275/281/282/283/287, Bremerhaven 275
Hamburg: Hamburg 200/201/202/203/204/205/210/211/220/221/222/223/224/225/226/227/274
Hessen: Frankfurt am Main 603/604/605/659, Wiesbaden 552/651/652, Kassel 341, Darmstadt 642,
  Gießen 353, Marburg 350, Fulda 360
Mecklenburg-Vorpommern: Rostock 180/181, Schwerin 190, Stralsund 184, Greifswald 174
Niedersachsen: Hannover 301/304/305/306, Braunschweig 381, Oldenburg 261, Osnabrück 490,
  Göttingen 370, Lüneburg 213, Hildesheim 311, Wolfsburg 384
Nordrhein-Westfalen: Köln 506/507/508/509/510/511/513/514, Düsseldorf 402/404/405/406, Dortmund
  441/442/443, Essen 451/452/453, Bonn 531/532, Münster 481/482, Bielefeld 336/337, Aachen 520,
  Wuppertal 421/422/423/428, Paderborn 330/331, Bochum 447/448, Krefeld 477/478
Rheinland-Pfalz: Mainz 551, Koblenz 560/563, Trier 542, Kaiserslautern 676, Ludwigshafen am
  Rhein 670
Saarland: Saarbrücken 661, Saarlouis 667, Homburg 664
Sachsen: Dresden 010/011/012/013/014, Leipzig 041/042/043, Chemnitz 091/092, Zwickau 080/081,
  Görlitz 028
Sachsen-Anhalt: Magdeburg 391, Halle (Saale) 061, Dessau-Roßlau 067/068, Lutherstadt Wittenberg
  068
Schleswig-Holstein: Kiel 241, Lübeck 235/236, Flensburg 249, Neumünster 245
Thüringen: Erfurt 990, Jena 077, Weimar 994, Gera 075, Eisenach 998
"""
_JAPANESE_CITIES: Final = """
北海道: 札幌市東区 007/060/065, 函館市 040/041/042, 釧路市 084/085/088, 苫小牧市 053/059/066,
  小樽市 047/048/061, 札幌市北区 001/002/060, 旭川市 070/071/074/078/079, 帯広市 080/089,
  札幌市中央区 060/064
青森県: 青森市 030/038/039, 八戸市 031/039
岩手県: 盛岡市 020/028
宮城県: 仙台市青葉区 980/981/989, 石巻市 986/987
秋田県: 秋田市 010/011/019
山形県: 山形市 990/999
福島県: 福島市 960, 郡山市 963, いわき市 970/971/972/973/974/979
茨城県: 水戸市 310/311/319, つくば市 300/305
栃木県: 宇都宮市 320/321/329
群馬県: 前橋市 370/371/379, 高崎市 370
埼玉県: さいたま市大宮区 330, さいたま市浦和区 330, 川越市 350, 川口市 332/333/334
千葉県: 千葉市中央区 260, 船橋市 270/273/274, 市川市 272
東京都: 板橋区 173/174/175, 中野区 164/165, 大田区 135/143/144/145/146, 渋谷区 150/151,
  練馬区 176/177/178/179, 八王子市 192/193, 立川市 190, 武蔵野市 180, 千代田区 100/101/102,
  新宿区 160/161/162/163/169, 世田谷区 154/155/156/157/158, 港区 105/106/107/108/135
神奈川県: 横浜市中区 231, 横浜市港北区 222/223, 川崎市川崎区 210, 相模原市中央区 252,
  藤沢市 251/252, 鎌倉市 247/248
新潟県: 新潟市中央区 950/951, 長岡市 940/947/949/954/959
富山県: 富山市 930/931/939
石川県: 金沢市 920/921
福井県: 福井市 910/918/919
山梨県: 甲府市 400/409
長野県: 長野市 380/381/388/389, 松本市 390/399
岐阜県: 岐阜市 500/501/502
静岡県: 静岡市葵区 420/421/422/428, 浜松市中央区 430/431/432/433/435, 沼津市 410
愛知県: 名古屋市中区 460, 名古屋市千種区 464, 豊橋市 440/441, 岡崎市 444
三重県: 津市 510/514/515, 四日市市 510/512
滋賀県: 大津市 520
京都府: 京都市中京区 604, 京都市上京区 602, 宇治市 601/611
大阪府: 大阪市北区 530/531, 大阪市中央区 539/540/541/542, 堺市堺区 590, 豊中市 560/561,
  吹田市 564/565
兵庫県: 神戸市中央区 650/651, 姫路市 670/671/672/679, 西宮市 651/662/663/669
奈良県: 奈良市 630/631/632
和歌山県: 和歌山市 640/641/649
鳥取県: 鳥取市 680/689
島根県: 松江市 690/699
岡山県: 岡山市北区 700/701/703/709, 倉敷市 701/710/711/712/713
広島県: 広島市中区 730, 福山市 720/721/722/729
山口県: 山口市 747/753/754/759, 下関市 750/751/752/759
徳島県: 徳島市 770/771/773/779
香川県: 高松市 760/761/769
愛媛県: 松山市 790/791/799
高知県: 高知市 780/781
福岡県: 福岡市博多区 810/812, 福岡市中央区 810, 北九州市小倉北区 802/803, 久留米市 830/839
佐賀県: 佐賀市 840/842/849
長崎県: 長崎市 850/851/852/857, 佐世保市 857/858/859
熊本県: 熊本市中央区 860/861/862
大分県: 大分市 870/879
宮崎県: 宮崎市 880/889
鹿児島県: 鹿児島市 890/891/892/899
沖縄県: 那覇市 900/901/902/903, 沖縄市 904
"""
# Words that say what a product is, by category; those of the longest match decide, so that a
# running belt is no belt and a desk lamp no lamp. Books are known by what they are about.
_ENGLISH_GOODS: Final = """
Electronics: Headphones, Earbuds, Speaker, Charger, Mouse, Keyboard, Power Bank, Cable, Webcam,
  Monitor, Tablet, Laptop, Smartwatch, Fitness Tracker, SSD, Flash Drive, Memory Card, Router,
  Smart Plug, Desk Lamp, Microphone, E-Book Reader, Camera, Projector, Soundbar, Alarm Clock,
  Radio, Printer, Phone Stand, Screen Protector, USB Hub, Doorbell, Thermometer
Clothing: T-Shirt, Shirt, Tank Top, Hoodie, Sweater, Cardigan, Jacket, Vest, Coat, Blazer, Chinos,
  Pants, Sweatpants, Shorts, Leggings, Skirt, Dress, Pajama Set, Bathrobe, Socks, Beanie, Cap,
  Scarf, Knit Gloves, Leather Belt, Sneakers, Slippers, Necktie
Home & Garden: Garden Hose, Watering Can, Shears, Trowel, Terracotta Pot, Garden Bed, Bird Feeder,
  String Lights, Umbrella, Bench, Pillow, Blanket, Duvet Cover, Towel, Table Runner, Vase,
  Wall Clock, Floor Lamp, Picture Frame, Storage Basket, Skillet, Saucepan, Knife, Cutting Board,
  Mixing Bowl, Coffee Grinder, Teapot, Mug, Dinner Plate, Bread Box, Doormat, Shower Curtain,
  Laundry Hamper, Candle, Flower Seed Mix, Window Film
Books: Baking, World History, Painting, Bookkeeping, Gardening, Photography, Chess, Yoga,
  Statistics, Astronomy, Philosophy, Beekeeping, Music, Project Management, Knitting,
  Public Speaking, Home Repair, Cooking, Personal Finance, Psychology, Economics, Architecture,
  Bird Watching, Calligraphy, Machine Learning, Database Design, Woodworking, Art History,
  Creative Writing, Geology, Wine Tasting, Meditation, Sailing, Hiking, Genealogy
Sports: Yoga Mat, Dumbbell Set, Resistance Bands, Jump Rope, Running Belt, Water Bottle,
  Hiking Backpack, Trekking Poles, Tent, Sleeping Bag, Headlamp, Soccer Ball, Basketball,
  Volleyball, Tennis Racket, Badminton Set, Table Tennis Paddle, Bike Helmet, Bike Pump, Bike Lock,
  Goggles, Kickboard, Foam Roller, Kettlebell, Exercise Ball, Pull-Up Bar, Weight Bench,
  Running Shoes, Climbing Rope, Goalkeeper Gloves, Shin Guards, Gym Bag, Fishing Rod, Sweatbands,
  Tennis Balls
"""
_GERMAN_GOODS: Final = """
Electronics: Kopfhörer, Lautsprecher, Ladegerät, Funkmaus, Tastatur, Powerbank, Kabel, Webcam,
  Computermonitor, Tablet, Notebook, Smartwatch, Fitnesstracker, SSD, USB-Stick, Speicherkarte,
  Router, Steckdose, Schreibtischlampe, Mikrofon, E-Book-Reader, Kamera, Beamer, Soundbar, Wecker,
  Radio, Drucker, Handyhalterung, Displayschutzfolie, USB-Hub, Türklingel, Thermometer
Clothing: T-Shirt, Poloshirt, Hemd, Langarmshirt, Tanktop, Pullover, Strickjacke, Regenjacke,
  Fleecejacke, Weste, Mantel, Trenchcoat, Blazer, Hose, Shorts, Leggings, Midirock, Sommerkleid,
  Schlafanzug, Socken, Mütze, Kappe, Schal, Strickhandschuhe, Ledergürtel, Leinenschuhe,
  Hausschuhe, Krawatte, Seidentuch
Home & Garden: Gartenschlauch, Gießkanne, Gartenschere, Blumenkelle, Terrakottatopf, Hochbeet,
  Vogelfutterhaus, Lichterkette, Sonnenschirm, Gartenbank, Kissen, Wolldecke, Bettbezug, Badetuch,
  Tischläufer, Vase, Wanduhr, Stehlampe, Bilderrahmen, Aufbewahrungskorb, Pfanne, Kochtopf, Messer,
  Schneidebrett, Rührschüssel, Kaffeemühle, Teekanne, Steingutbecher, Teller, Brotkasten, Fußmatte,
  Duschvorhang, Wäschekorb, Duftkerze, Blumensamen, Fensterfolie
Books: Brot backen, Geschichte, Malerei, Buchhaltung, Gemüseanbau, Fotografie, Schach, Yoga,
  Statistik, Astronomie, Philosophie, Imkerei, Musik, Projektmanagement, Stricken, Rhetorik,
  Heimwerken, Küche, Geldanlage, Psychologie, Volkswirtschaft, Architektur, Vogelbeobachtung,
  Kalligrafie, Maschinelles Lernen, Datenbankdesign, Holzwerken, Kreatives Schreiben, Geologie,
  Weinkunde, Meditation, Segeln, Wandern, Ahnenforschung
Sports: Yogamatte, Kurzhantel-Set, Fitnessbänder, Springseil, Laufgürtel, Trinkflasche, Rucksack,
  Wanderstöcke, Zelt, Schlafsack, Stirnlampe, Fußball, Basketball, Volleyball, Schläger,
  Badminton-Set, Fahrradhelm, Fahrradpumpe, Fahrradschloss, Brille, Schwimmbrett, Faszienrolle,
  Kettlebell, Gymnastikball, Klimmzugstange, Hantelbank, Laufschuhe, Kletterseil,
  Torwarthandschuhe, Schienbeinschoner, Sporttasche, Angelrute, Schweißbänder, Tennisbälle
"""
_JAPANESE_GOODS: Final = """
Electronics: ヘッドホン, イヤホン, スピーカー, 充電器, マウス, キーボード, モバイルバッテリー,
  ケーブル, カメラ, モニター, タブレット, ノートパソコン, スマートウォッチ, 活動量計, 外付けSSD,
  USBメモリ, メモリーカード, ルーター, スマートプラグ, LEDデスクライト, マイク, 電子書籍リーダー,
  プロジェクター, サウンドバー, 目覚まし時計, ラジオ, プリンター, スマホスタンド,
  液晶保護フィルム, USBハブ, ドアホン, 温湿度計
Clothing: シャツ, タンクトップ, パーカー, ニット, カーディガン, ジャケット, ベスト, コート,
  チノパン, パンツ, レギンス, スカート, ワンピース, パジャマ, バスローブ, ソックス, ニット帽,
  キャップ, マフラー, 手袋, ベルト, スニーカー, ルームシューズ, ネクタイ, スカーフ
Home & Garden: 散水ホース, じょうろ, 剪定ばさみ, 移植ごて, 鉢, プランター, バードフィーダー,
  ストリングライト, パラソル, ガーデンベンチ, クッション, ブランケット, 掛け布団カバー,
  バスタオル, テーブルランナー, 花瓶, 掛け時計, フロアランプ, フォトフレーム, 収納バスケット,
  フライパン, 鍋, 牛刀, まな板, ボウル, コーヒーミル, ティーポット, マグカップ, ディナープレート,
  ブレッドケース, 玄関マット, シャワーカーテン, ランドリーバスケット, キャンドル, 花の種セット,
  窓用フィルム
Books: パン作り, 世界史, 水彩画, 簿記, 家庭菜園, 写真撮影, 将棋, ヨガ, 統計学, 天文学, 哲学,
  養蜂, クラシック音楽, プロジェクト管理, 編み物, 話し方, 日曜大工, 料理, 資産運用, 心理学,
  経済学, 建築, 野鳥観察, 書道, 機械学習, データベース設計, 木工, 美術史, 文章術, 地質学, ワイン,
  瞑想, ヨット, 登山, 郷土史
Sports: ヨガマット, ダンベル, トレーニングチューブ, なわとび, ランニングポーチ, スポーツボトル,
  登山リュック, トレッキングポール, テント, 寝袋, ヘッドランプ, サッカーボール, バスケットボール,
  バレーボール, テニスラケット, バドミントンセット, 卓球ラケット, ヘルメット, 自転車用空気入れ,
  自転車用ロック, ゴーグル, ビート板, フォームローラー, ケトルベル, バランスボール, 懸垂バー,
  トレーニングベンチ, ランニングシューズ, クライミングロープ, キーパーグローブ, すね当て,
  スポーツバッグ, 釣り竿, リストバンド, テニスボール
"""
# How some of the commonest family names are read, in Hepburn without long vowels.
_READINGS: Final = """
佐藤 sato, 鈴木 suzuki, 高橋 takahashi, 田中 tanaka, 伊藤 ito, 渡辺 watanabe, 山本 yamamoto,
中村 nakamura, 小林 kobayashi, 加藤 kato, 吉田 yoshida, 山田 yamada, 佐々木 sasaki,
山口 yamaguchi, 松本 matsumoto, 井上 inoue, 木村 kimura, 林 hayashi, 斎藤 saito, 清水 shimizu,
山崎 yamazaki, 森 mori, 池田 ikeda, 橋本 hashimoto, 阿部 abe, 石川 ishikawa, 山下 yamashita,
中島 nakajima, 石井 ishii, 小川 ogawa, 前田 maeda, 岡田 okada, 長谷川 hasegawa, 藤田 fujita,
後藤 goto, 近藤 kondo, 村上 murakami, 遠藤 endo, 青木 aoki, 坂本 sakamoto, 斉藤 saito,
福田 fukuda, 太田 ota, 西村 nishimura, 藤井 fujii, 金子 kaneko, 岡本 okamoto, 藤原 fujiwara,
三浦 miura, 中野 nakano, 原田 harada, 松田 matsuda, 竹内 takeuchi, 小野 ono, 田村 tamura,
中山 nakayama, 和田 wada, 石田 ishida, 森田 morita, 上田 ueda, 内田 uchida, 柴田 shibata,
酒井 sakai, 宮崎 miyazaki, 横山 yokoyama, 高木 takagi, 安藤 ando, 宮本 miyamoto, 大野 ono,
工藤 kudo, 藤本 fujimoto, 水野 mizuno, 野口 noguchi, 須藤 sudo, 沢田 sawada, 田口 taguchi
"""


def _entries(block: str) -> Iterator[list[str]]:
    for entry in block.strip().replace("|", "\n").splitlines():
        yield entry.split()


def _sections(block: str) -> Iterator[tuple[str, list[str]]]:
    for line in block.strip().replace("\n  ", " ").splitlines():
        title, _, items = line.partition(": ")
        yield title, items.split(", ")


def _prefixes(ranges: str) -> list[str]:
    found = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        found += [f"{n:0{len(first)}d}" for n in range(int(first), int(last or first) + 1)]
    return found


@dataclass(frozen=True, slots=True)
class _State:
    regions: frozenset[str]
    tax_rate: Decimal
    prefixes: tuple[str, ...]


def _states() -> dict[str, dict[str, _State]]:
    """Read, by locale, what is known of each state."""
    known: dict[str, dict[str, _State]] = {"en_US": {}, "de_DE": {}, "ja_JP": {}}
    for state, region, rate, prefixes in _entries(_STATES):
        known["en_US"][state] = _State(
            frozenset({region}), Decimal(rate), tuple(_prefixes(prefixes))
        )
    for locale, block, rate in (("de_DE", _LAENDER, "19"), ("ja_JP", _PREFECTURES, "10")):
        for state, regions, prefixes in _entries(block):
            known[locale][state] = _State(
                frozenset(regions.split("/")), Decimal(rate), tuple(_prefixes(prefixes))
            )
    return known


def _cities(block: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Read the first three digits of the postal codes by state and city."""
    known = {}
    for state, cities in _sections(block):
        for city in cities:
            name, _, prefixes = city.rpartition(" ")
            known[state, name] = tuple(prefixes.split("/"))
    return known


_KNOWN_STATES: Final = _states()
_KNOWN_CITIES: Final = MappingProxyType(
    {
        "en_US": _cities(_AMERICAN_CITIES),
        "de_DE": _cities(_GERMAN_CITIES),
        "ja_JP": _cities(_JAPANESE_CITIES),
    }
)
_GOODS: Final = MappingProxyType(
    {
        "en_US": dict(_sections(_ENGLISH_GOODS)),
        "de_DE": dict(_sections(_GERMAN_GOODS)),
        "ja_JP": dict(_sections(_JAPANESE_GOODS)),
    }
)
_FAMILY_NAMES: Final = MappingProxyType(
    {
        kanji: romaji
        for entry in _READINGS.replace("\n", " ").split(",")
        for kanji, romaji in [entry.split()]
    }
)


# --- Reading the rows together ------------------------------------------------------------------


class _Case:
    """A dataset with what was asked for, and the look-ups that several rules need."""

    def __init__(self, data: Dataset, shape: Shape, locale: str, as_of: date) -> None:
        self.shape, self.locale, self.as_of = shape, locale, as_of
        self.types: Sequence[CustomerType] = data.rows["customer_types"]
        self.customers: Sequence[Customer] = data.rows["customers"]
        self.addresses: Sequence[Address] = data.rows["customer_addresses"]
        self.categories: Sequence[Category] = data.rows["product_categories"]
        self.products: Sequence[Product] = data.rows["products"]
        self.stocks: Sequence[Stock] = data.rows["inventory"]
        self.invoices: Sequence[Invoice] = data.rows["invoices"]
        self.lines: Sequence[Line] = data.rows["invoice_line_items"]
        self.type_of = {row.id: row for row in self.types}
        self.customer_of = {row.id: row for row in self.customers}
        self.category_of = {row.id: row for row in self.categories}
        self.product_of = {row.id: row for row in self.products}
        self.invoice_of = {row.id: row for row in self.invoices}

    @cached_property
    def begin(self) -> date:
        """The day two years before `as_of`."""
        return _years_before(self.as_of, 2)

    @cached_property
    def year_ago(self) -> date:
        """The day one year before `as_of`."""
        return _years_before(self.as_of, 1)

    @cached_property
    def addresses_of(self) -> Mapping[int, Sequence[Address]]:
        """The addresses by customer."""
        return _grouped(self.addresses, lambda row: row.customer_id)

    @cached_property
    def invoices_of(self) -> Mapping[int, Sequence[Invoice]]:
        """The invoices by customer."""
        return _grouped(self.invoices, lambda row: row.customer_id)

    @cached_property
    def lines_of(self) -> Mapping[int, Sequence[Line]]:
        """The lines by invoice."""
        return _grouped(self.lines, lambda row: row.invoice_id)

    @cached_property
    def sales(self) -> Sequence[tuple[Line, Invoice, Product]]:
        """The lines that have an invoice and a product, with both."""
        found = []
        for line in self.lines:
            invoice = self.invoice_of.get(line.invoice_id)
            product = self.product_of.get(line.product_id)
            if invoice is not None and product is not None:
                found.append((line, invoice, product))
        return found

    @cached_property
    def last_sale_of(self) -> Mapping[int, date]:
        """The date of the last sale by product."""
        last: dict[int, date] = {}
        for _, invoice, product in self.sales:
            last[product.id] = max(invoice.date, last.get(product.id, invoice.date))
        return last


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _grouped(rows: Iterable[Any], key: Callable[[Any], int]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def broken_rules(
    dataset: Dataset, shape: Shape, locale: str, as_of: date, *, shares: bool = True
) -> list[str]:
    """Read every rule, and return one message for each that does not hold.

    Args:
        dataset: What `read` gave.
        shape: How large the volume is said to be.
        locale: `en_US`, `de_DE` or `ja_JP`.
        as_of: The reference date.
        shares: Whether what needs enough rows is read too: shares, skew, seasons, and that all
            values and both ends of a range occur.

    Returns:
        Messages that begin with the rule, `rule 13` or `columns` or `volumes`, and name the
        table and a few ids.
    """
    messages = _messages("columns", _broken_columns(dataset))
    if messages:
        return messages
    case = _Case(dataset, shape, locale, as_of)
    for rule, reading in _ROW_RULES:
        messages += _messages(rule, reading(case))
    if shares:
        for rule, reading in _SHARE_RULES:
            messages += _messages(rule, reading(case))
    return messages


def _messages(rule: str, findings: _Findings) -> list[str]:
    messages = []
    for name, what, found in findings:
        if found:
            shown = ", ".join(str(each) for each in found[:5])
            more = f" and {len(found) - 5:,} more" if len(found) > 5 else ""
            messages.append(f"{rule}, {name}: {what}: {shown}{more}")
    return messages


# --- Columns and volumes ------------------------------------------------------------------------


def _broken_columns(data: Dataset) -> _Findings:
    for name, rows in data.rows.items():
        ids = [row.id for row in rows]
        yield name, "id is not above 0", [i for i in ids if not isinstance(i, int) or i < 1]
        for field, values in zip(_TABLES[name]._fields, zip(*rows, strict=True), strict=False):
            yield from _broken_values(data, (name, field), ids, values)
    for name, field in _UNIQUE:
        yield name, f"{field} stands twice", _twice(getattr(row, field) for row in data.rows[name])


def _twice(values: Iterable[object]) -> list[object]:
    return [value for value, count in Counter(values).items() if count > 1]


def _broken_values(
    data: Dataset, named: tuple[str, str], ids: Sequence[int], values: Sequence[Any]
) -> _Findings:
    name, field = named
    nulls: list[object] = [i for i, v in zip(ids, values, strict=True) if v is None]
    if named not in _NULLABLE:
        yield name, f"{field} is NULL", nulls
    given = ((i, v) for i, v in zip(ids, values, strict=True) if v is not None)
    if field in _FLAGS:
        yield name, f"{field} is no flag", [i for i, v in given if v not in (0, 1)]
    elif field in _AMOUNTS:
        step = CENT if field in _MONEY else CENT / 10
        odd: list[object] = [i for i, v in given if v < 0 or v % step]
        yield name, f"{field} is below 0, or not exact to {step}", odd
    elif field in _NUMBERS or field.endswith("_id"):
        yield name, f"{field} is no number", [i for i, v in given if not isinstance(v, int)]
    elif field != "id" and field not in _DATES | _TIMES:
        yield from _broken_text(data, named, list(given))


def _broken_text(
    data: Dataset, named: tuple[str, str], given: Sequence[tuple[int, str]]
) -> _Findings:
    name, field = named
    if length := data.lengths.get(named):
        yield name, f"{field} is too long", [i for i, text in given if len(text) > length]
    odd = re.compile(r"^$|^\s|\s$|\s\s|[\x00-\x1f{}#%\ufffd]|\b(?:None|null|NaN)\b")
    yield name, f"{field} is not clean text", [i for i, text in given if odd.search(text)]
    if allowed := _VALUES.get(named):
        yield name, f"{field} is none of its values", [i for i, t in given if t not in allowed]


def _broken_counts(case: _Case) -> _Findings:
    shape = case.shape
    expected: dict[str, tuple[Sequence[object], int]] = {
        "customer_types": (case.types, 4),
        "product_categories": (case.categories, 5),
        "customers": (case.customers, shape.customers),
        "products": (case.products, shape.products),
        "inventory": (case.stocks, shape.products),
        "invoices": (case.invoices, shape.invoices),
    }
    for name, (held, count) in expected.items():
        yield name, f"{count:,} rows expected, held", [len(held)] * (len(held) != count)
    low, high = shape.addresses
    outside = _outside(case.customers, case.addresses_of, low, high)
    yield "customers", f"not {low} to {high} addresses", outside
    low, high = shape.lines
    outside = _outside(case.invoices, case.lines_of, low, high)
    yield "invoices", f"not {low} to {high} lines", outside


def _outside(
    rows: Iterable[Any], children: Mapping[int, Sequence[object]], low: int, high: int
) -> list[object]:
    return [row.id for row in rows if not low <= len(children.get(row.id, ())) <= high]


def _broken_ends(case: _Case) -> _Findings:
    shape = case.shape
    for name, rows, children, ends in (
        ("customer_addresses", case.customers, case.addresses_of, shape.addresses),
        ("invoice_line_items", case.invoices, case.lines_of, shape.lines),
    ):
        held = {len(children.get(row.id, ())) for row in rows}
        wanted = range(ends[0], ends[1] + 1)
        yield name, "a number of children never occurs", [n for n in wanted if n not in held]
    if shape.rows is not None:
        held_rows = sum(
            len(rows)
            for rows in (
                *(case.types, case.customers, case.addresses, case.categories),
                *(case.products, case.stocks, case.invoices, case.lines),
            )
        )
        far = abs(held_rows - shape.rows) > shape.rows // 20
        yield "all tables", f"about {shape.rows:,} rows expected, held", [held_rows] * far


# --- Customers ----------------------------------------------------------------------------------


def _broken_types(case: _Case) -> _Findings:
    held = {(row.name, row.discount_percentage, row.priority_level) for row in case.types}
    wanted = {(name, *terms) for name, terms in _TIERS.items()}
    yield "customer_types", "not the discounts and priorities of the tiers", [*(held ^ wanted)]
    yield "customer_types", "not active", [row.id for row in case.types if not row.active]


def _tier_of(case: _Case, customer: Customer) -> str | None:
    tier = case.type_of.get(customer.customer_type_id)
    return None if tier is None else tier.name


def _flat_pyramid(case: _Case) -> _Findings:
    counts = Counter(_tier_of(case, customer) for customer in case.customers)
    sizes = [counts[name] for name in _TIERS]
    total = len(case.customers)
    yield (
        "customers",
        "a tier is not smaller than the one below it",
        [
            f"{name} {size}"
            for (name, size), below in zip(
                zip(_TIERS, sizes, strict=True), [total, *sizes], strict=False
            )
            if not 0 < size < below
        ],
    )
    yield "customers", "half or fewer are Bronze", [sizes[0]] * (2 * sizes[0] <= total)
    yield "customers", "more than a tenth are Platinum", [sizes[3]] * (10 * sizes[3] > total)


def _broken_limits(case: _Case) -> _Findings:
    wrong: list[object] = []
    for customer in case.customers:
        tier = case.type_of.get(customer.customer_type_id)
        if tier is None:
            continue
        above = customer.credit_limit - 5_000 * tier.priority_level
        if not 100 <= above <= 5_000 or above % 100:
            wrong.append(customer.id)
    yield "customers", "credit_limit is not in the band of the type", wrong


def _folded(name: str) -> str:
    """Spell a name with the letters of an email, ß as ss and ä as ae."""
    text = name.lower()
    for letter, spelt in {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "ł": "l"}.items():
        text = text.replace(letter, spelt)
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha())


_WORDS_OF_EMAIL: Final = re.compile(r"([a-z]+)[._-]([a-z]+(?:[._-][a-z]+)*)([._-]?[0-9]+)?")
_ROMAJI: Final = re.compile(
    r"(?:(?:[kstp](?=[kstp]|sh|ch|ts))?(?:[kgsztdnhbpmrywj]|sh|ch|ts|f|[kgnhbpmr]y)?[aeiou]|n)+"
)
_LATIN_NAME: Final = re.compile(r"[^\W\d_][^\W\d_'.-]*(?:[ '-]+[^\W\d_][^\W\d_'.-]*)+")
_KANJI_NAME: Final = re.compile("[\u3005-\u30ff\u3400-\u9fff]+ [\u3005-\u30ff\u3400-\u9fff]+")


def _broken_people(case: _Case) -> _Findings:
    pattern = _KANJI_NAME if case.locale == "ja_JP" else _LATIN_NAME
    strange = [row.id for row in case.customers if not pattern.fullmatch(row.name)]
    yield "customers", "name is no name of the locale", [*strange]
    invalid: list[object] = []
    nameless: list[object] = []
    readings: dict[str, set[str]] = defaultdict(set)
    for customer in case.customers:
        local, _, domain = customer.email.partition("@")
        words = _WORDS_OF_EMAIL.fullmatch(local)
        if words is None or not _RESERVED_DOMAIN.fullmatch(domain):
            invalid.append(customer.id)
        elif not _names_person(case.locale, customer.name, words):
            nameless.append(customer.id)
        elif case.locale == "ja_JP":
            family, _, given = customer.name.partition(" ")
            readings[family + " as family name"].add(words[2])
            readings[given + " as given name"].add(words[1])
    yield "customers", "email is invalid or in no reserved domain", invalid
    yield "customers", "email does not carry the name", nameless
    yield "customers", "a name is read in two ways", [n for n, r in readings.items() if len(r) > 1]
    yield (
        "customers",
        "phone is not from the range for fiction, in its format",
        [
            row.id
            for row in case.customers
            if row.phone is not None and not _PHONES[case.locale].fullmatch(row.phone)
        ],
    )


def _names_person(locale: str, name: str, words: re.Match[str]) -> bool:
    if locale != "ja_JP":
        return _folded(words[1] + words[2]) == _folded(name)
    family, _, _ = name.partition(" ")
    reading = _FAMILY_NAMES.get(family, words[2])
    return reading == words[2] and all(_ROMAJI.fullmatch(words[n]) for n in (1, 2))


def _far(counts: Mapping[str, int], shares: Mapping[str, float], total: int) -> list[object]:
    """List the shares missed by more than 3 % of the rows, or by two rows where these are more."""
    return [
        f"{name} {counts.get(name, 0)} of {total}"
        for name, share in shares.items()
        if abs(counts.get(name, 0) - share * total) > max(0.03 * total, 2) or not counts.get(name)
    ]


def _odd_statuses(case: _Case) -> _Findings:
    counts = Counter(row.status for row in case.customers)
    shares = {"active": 0.7, "inactive": 0.2, "suspended": 0.1}
    yield (
        "customers",
        "statuses are far from 70, 20 and 10 %",
        _far(counts, shares, len(case.customers)),
    )


def _broken_primaries(case: _Case) -> _Findings:
    without: list[object] = []
    wrong: list[object] = []
    for customer in case.customers:
        primaries = [row for row in case.addresses_of.get(customer.id, ()) if row.is_primary]
        if len(primaries) != 1:
            without.append(customer.id)
        wrong += [row.id for row in primaries if row.address_type != "billing" or not row.active]
    yield "customers", "not exactly one primary address", without
    yield "customer_addresses", "the primary address is no active billing address", wrong


def _broken_places(case: _Case) -> _Findings:
    states, cities = _KNOWN_STATES[case.locale], _KNOWN_CITIES[case.locale]
    broken: dict[str, list[object]] = defaultdict(list)
    regions: dict[str, set[str]] = defaultdict(set)
    for row in case.addresses:
        state = states.get(row.state)
        digits = row.postal_code.replace("-", "")
        regions[row.state].add(row.region)
        if row.country != _COUNTRIES[case.locale]:
            broken["country is not the locale's"].append(row.id)
        if state is None:
            broken["there is no such state"].append(row.id)
            continue
        if not _POSTAL_CODES[case.locale].fullmatch(row.postal_code):
            broken["postal_code is not in the country's format"].append(row.id)
        elif not digits.startswith(state.prefixes):
            broken["postal_code is of another state"].append(row.id)
        elif (prefixes := cities.get((row.state, row.city))) is None:
            broken["the oracle knows no such city (extend its table from a source)"].append(
                f"{row.id} {row.city} {row.state}"
            )
        elif not digits.startswith(prefixes):
            broken["postal_code is of another city"].append(row.id)
        if row.region not in state.regions:
            broken["the state does not lie in the region"].append(row.id)
    broken["a state lies in two regions"] = [s for s, found in regions.items() if len(found) > 1]
    for what, found in broken.items():
        yield "customer_addresses", what, found


# --- Products -----------------------------------------------------------------------------------


def _goods_in(locale: str, text: str) -> dict[str, set[str]]:
    """Find the longest words for goods in a text, with their categories."""
    found: dict[str, set[str]] = defaultdict(set)
    text = text.lower()
    for category, goods in _GOODS[locale].items():
        for good in goods:
            if good.lower() in text and (
                locale != "en_US" or re.search(rf"\b{re.escape(good.lower())}\b", text)
            ):
                found[good].add(category)
    longest = max(map(len, found), default=0)
    return {good: categories for good, categories in found.items() if len(good) == longest}


def _broken_goods(case: _Case) -> _Findings:
    held = {row.name for row in case.categories if row.active}
    yield "product_categories", "missing", [name for name in _GOODS["en_US"] if name not in held]
    misplaced: list[object] = []
    misdescribed: list[object] = []
    prefixes: dict[str, set[str]] = defaultdict(set)
    for row in case.products:
        category = case.category_of.get(row.category_id)
        if category is None:
            continue
        goods = _goods_in(case.locale, row.name)
        if not any(category.name in categories for categories in goods.values()):
            misplaced.append(f"{row.id} {row.name} in {category.name}")
        text = (row.description or "").lower()
        if row.description is not None and not any(good.lower() in text for good in goods):
            misdescribed.append(row.id)
        prefix, _, _ = row.sku.partition("-")
        prefixes[category.name].add(prefix)
        prefixes[prefix].add(category.name)
    yield "products", "name does not fit the category", misplaced
    yield "products", "description is of something else", misdescribed
    yield (
        "products",
        "sku does not go with the category",
        [p for p, c in prefixes.items() if len(c) > 1],
    )


def _markups(case: _Case) -> list[Decimal]:
    return [row.price / row.cost for row in case.products if row.cost]


def _broken_prices(case: _Case) -> _Findings:
    wrong: list[object] = []
    odd: list[object] = []
    for row in case.products:
        if not row.price > row.cost > 0:
            wrong.append(row.id)
        elif row.price + CENT < row.cost * Decimal("1.02") or (
            row.price - CENT > row.cost * Decimal("2.2")
        ):
            odd.append(f"{row.id} {row.price}/{row.cost}")
    yield "products", "price is not above cost, or cost not above 0", wrong
    yield "products", "markup is not from 1.02 to 2.2", odd
    weightless: list[object] = [
        r.id for r in case.products if r.weight is not None and r.weight <= 0
    ]
    yield "products", "weight is not above 0", weightless


def _odd_grades(case: _Case) -> _Findings:
    total = len(case.products)
    low = sum(markup < Decimal("1.2") for markup in _markups(case))
    yield (
        "products",
        "clearance items are none, or more than a fifth",
        [low] * (not 0 < low <= total / 5),
    )
    bounds = [Decimal(5), Decimal(15), Decimal(30), Decimal(50)]
    margins = [(row.price - row.cost) * 100 / row.price for row in case.products]
    grades = Counter("FDCBA"[bisect_right(bounds, margin)] for margin in margins)
    yield "products", "a grade never occurs", [grade for grade in "ABCDF" if not grades[grade]]
    active = Counter("active" if row.active else "inactive" for row in case.products)
    far = _far(active, {"active": 0.75, "inactive": 0.25}, total)
    yield "products", "far from 75 % are active", far


def _broken_stocks(case: _Case) -> _Findings:
    held = Counter(row.product_id for row in case.stocks)
    yield "products", "not one inventory row", [r.id for r in case.products if held[r.id] != 1]
    broken: dict[str, list[object]] = defaultdict(list)
    for row in case.stocks:
        product = case.product_of.get(row.product_id)
        if not 0 <= row.reserved_stock <= row.current_stock:
            broken["reserved is not from 0 to current"].append(row.id)
        if row.reorder_point < 0 or row.reorder_quantity <= 0:
            broken["nothing is reordered"].append(row.id)
        if (row.last_received_date is None) != (row.last_received_quantity is None):
            broken["last received has a date or a quantity, not both"].append(row.id)
        if row.last_received_quantity is not None and row.last_received_quantity <= 0:
            broken["last_received_quantity is not above 0"].append(row.id)
        if row.last_received_date is None and row.current_stock > 0:
            broken["in stock, but never received"].append(row.id)
        if row.last_received_date is None or product is None:
            continue
        if not product.created_at.date() <= row.last_received_date <= case.as_of:
            broken["received before the product was created, or after as_of"].append(row.id)
    for what, found in broken.items():
        yield "inventory", what, found


def _odd_levels(case: _Case) -> _Findings:
    counts: Counter[str] = Counter()
    for row in case.stocks:
        available = row.current_stock - row.reserved_stock
        if available <= 0:
            counts["out"] += 1
        elif available <= row.reorder_point:
            counts["low"] += 1
        else:
            counts["normal" if available <= 2 * row.reorder_point else "high"] += 1
    shares = {"out": 0.03, "low": 0.10, "normal": 0.30, "high": 0.57}
    yield (
        "inventory",
        "levels are far from 3, 10, 30 and 57 %",
        _far(counts, shares, len(case.stocks)),
    )


# --- Sales --------------------------------------------------------------------------------------


def _late_sales(case: _Case) -> _Findings:
    yield (
        "invoices",
        "a suspended customer on an invoice of the last year",
        [
            row.id
            for row in case.invoices
            if (customer := case.customer_of.get(row.customer_id))
            and customer.status == "suspended"
            and row.date > case.year_ago
        ],
    )
    yield (
        "invoice_line_items",
        "an inactive product on an invoice of the last year",
        [
            line.id
            for line, invoice, product in case.sales
            if not product.active and invoice.date > case.year_ago
        ],
    )


def _no_skew(case: _Case) -> _Findings:
    billed = {row.id for row in case.invoices if row.status not in ("draft", "cancelled")}
    by_customer: Counter[int] = Counter()
    for invoice in case.invoices:
        by_customer[invoice.customer_id] += int(invoice.total * 100) * (invoice.id in billed)
    by_product: Counter[int] = Counter()
    for line, invoice, _ in case.sales:
        by_product[line.product_id] += int(line.line_total * 100) * (invoice.id in billed)
    for name, rows, revenue in (
        ("customers", case.customers, by_customer),
        ("products", case.products, by_product),
    ):
        fifth = sum(sorted(revenue.values(), reverse=True)[: len(rows) // 5])
        share = round(100 * fifth / max(sum(revenue.values()), 1), 1)
        yield (
            name,
            "a fifth brings no more than half of the revenue",
            [f"{share} %"] * (share <= 50),
        )
        yield name, "all of them sell", [len(revenue)] * (len(revenue) >= len(rows))
    if len(case.invoices) >= 300:
        suspended = {row.id for row in case.customers if row.status == "suspended"}
        yield (
            "invoices",
            "no suspended customer on older ones",
            [0] * (not any(row.customer_id in suspended for row in case.invoices)),
        )
        yield (
            "invoice_line_items",
            "no inactive product on older ones",
            [0] * (all(product.active for _, _, product in case.sales)),
        )


_NUMBER: Final = re.compile(r"INV-([0-9]{8})-([0-9]{4,})")


def _broken_numbers(case: _Case) -> _Findings:
    yield (
        "invoices",
        "date is not in the two years before as_of",
        [row.id for row in case.invoices if not case.begin <= row.date <= case.as_of],
    )
    wrong: list[object] = []
    numbered: list[tuple[int, Invoice]] = []
    for row in case.invoices:
        parts = _NUMBER.fullmatch(row.invoice_number)
        if parts is None or parts[1] != row.date.strftime("%Y%m%d").zfill(8):
            wrong.append(row.id)
        else:
            numbered.append((int(parts[2]), row))
    yield "invoices", "number is not INV-, the date and a number", wrong
    yield "invoices", "the running number stands twice", _twice(number for number, _ in numbered)
    numbered.sort(key=lambda each: each[0])
    in_order = [row for _, row in numbered]
    pairs = list(pairwise(in_order))
    yield (
        "invoices",
        "number does not rise with the date",
        [b.id for a, b in pairs if b.date < a.date],
    )
    yield (
        "invoices",
        "number does not rise with created_at",
        [b.id for a, b in pairs if b.created_at < a.created_at],
    )


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _odd_span(case: _Case) -> _Findings:
    dates = [row.date for row in case.invoices]
    slack = timedelta(days=16)
    yield (
        "invoices",
        "the first is not two years before as_of",
        [min(dates)] * (min(dates) > case.begin + slack),
    )
    yield (
        "invoices",
        "the last is not just before as_of",
        [max(dates)] * (max(dates) < case.as_of - slack),
    )
    held = {_month(day) for day in dates}
    after = _month(case.as_of + timedelta(days=1))
    whole = range(_month(case.begin - timedelta(days=1)) + 1, after)
    yield (
        "invoices",
        "a whole month has none",
        [f"{month // 12}-{month % 12 + 1:02d}" for month in whole if month not in held],
    )
    years = [
        year
        for year in range(case.begin.year, case.as_of.year + 1)
        if {12 * year + n for n in range(12)} <= held & {*whole}
    ]
    yield "invoices", "no calendar year is covered", [f"{min(dates)} to {max(dates)}"] * (not years)


def _no_season(case: _Case) -> _Findings:
    if len(case.invoices) < 300:
        return
    dates = [row.date for row in case.invoices]
    weekend = sum(day.weekday() >= 5 for day in dates) / len(dates)
    yield "invoices", "weekends are as busy as other days", [f"{weekend:.0%}"] * (weekend > 0.2)
    older = [day for day in dates if day <= case.year_ago]
    newer = [day for day in dates if day > case.year_ago]
    first, second = _profile(older), _profile(newer)
    both = [a + b for a, b in zip(first, second, strict=True)]
    yield (
        "invoices",
        "all months are alike",
        [f"{max(both) / min(both):.2f}"] * (max(both) < 1.4 * min(both)),
    )
    likeness = statistics.correlation(first, second)
    yield "invoices", "the two years have different seasons", [f"{likeness:.2f}"] * (likeness < 0.5)


def _profile(days: Sequence[date]) -> list[float]:
    """Count the invoices of each month of the year, per day of it."""
    lengths = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    counts = Counter(day.month for day in days)
    return [counts[month] / length for month, length in enumerate(lengths, 1)]


def _broken_terms(case: _Case) -> _Findings:
    yield (
        "invoices",
        "due_date is not date and the days of payment_terms",
        [
            row.id
            for row in case.invoices
            if (row.due_date - row.date).days != _DAYS[row.payment_terms]
        ],
    )


def _broken_statuses(case: _Case) -> _Findings:
    as_of, rows = case.as_of, case.invoices
    yield (
        "invoices",
        "overdue, but not past due",
        [row.id for row in rows if row.status == "overdue" and row.due_date >= as_of],
    )
    yield (
        "invoices",
        "sent, but past due",
        [row.id for row in rows if row.status == "sent" and row.due_date < as_of],
    )
    yield (
        "invoices",
        "a draft is old",
        [row.id for row in rows if row.status == "draft" and row.date < as_of - timedelta(days=31)],
    )
    yield (
        "invoices",
        "paid_date without being paid, or paid without one",
        [row.id for row in rows if (row.status == "paid") != (row.paid_date is not None)],
    )
    yield (
        "invoices",
        "paid_date is not from date to as_of",
        [row.id for row in rows if row.paid_date and not row.date <= row.paid_date <= as_of],
    )


def _rare_statuses(case: _Case) -> _Findings:
    counts = Counter(row.status for row in case.invoices)
    total = len(case.invoices)
    missing = [status for status in sorted(_VALUES["invoices", "status"]) if not counts[status]]
    yield "invoices", "a status never occurs", [*missing]
    yield "invoices", "not most are paid", [counts["paid"]] * (2 * counts["paid"] <= total)
    for status in ("overdue", "cancelled", "draft"):
        many = 5 * counts[status] > total
        yield "invoices", f"more than a fifth are {status}", [counts[status]] * many


def _broken_lines(case: _Case) -> _Findings:
    broken: dict[str, list[object]] = defaultdict(list)
    for line in case.lines:
        gross = line.quantity * line.unit_price
        if line.quantity < 1 or line.unit_price <= 0:
            broken["quantity or unit_price is not above 0"].append(line.id)
        if line.discount_amount != _rounded(gross * line.discount_percentage / 100):
            broken["discount_amount is not the percentage of quantity and price"].append(line.id)
        if line.line_total != _rounded(gross - line.discount_amount):
            broken["line_total is not quantity and price less discount"].append(line.id)
        invoice = case.invoice_of.get(line.invoice_id)
        customer = case.customer_of.get(invoice.customer_id) if invoice else None
        tier = case.type_of.get(customer.customer_type_id) if customer else None
        if tier is None or line.discount_percentage == tier.discount_percentage:
            continue
        if not tier.discount_percentage < line.discount_percentage < 100:
            broken["discount is less than the customer type's own"].append(line.id)
        if line.description is None:
            broken["a promotion is not recorded"].append(line.id)
    for what, found in broken.items():
        yield "invoice_line_items", what, found


def _odd_promotions(case: _Case) -> _Findings:
    promoted, total = 0, len(case.sales)
    for line, invoice, _ in case.sales:
        customer = case.customer_of.get(invoice.customer_id)
        tier = case.type_of.get(customer.customer_type_id) if customer else None
        promoted += tier is not None and line.discount_percentage != tier.discount_percentage
    odd = not 0 < promoted <= total / 4
    yield "invoice_line_items", "promotions are none, or more than a quarter", [promoted] * odd


def _broken_positions(case: _Case) -> _Findings:
    yield (
        "invoice_line_items",
        "unit_price is not the product's price",
        [line.id for line, _, product in case.sales if line.unit_price != product.price],
    )
    gaps: list[object] = []
    repeats: list[object] = []
    for invoice, lines in case.lines_of.items():
        if sorted(line.position for line in lines) != list(range(1, len(lines) + 1)):
            gaps.append(invoice)
        if len({line.product_id for line in lines}) < len(lines):
            repeats.append(invoice)
    yield "invoices", "positions of the lines are not 1, 2, 3 …", gaps
    yield "invoices", "a product stands twice", repeats


def _broken_totals(case: _Case) -> _Findings:
    broken: dict[str, list[object]] = defaultdict(list)
    for row in case.invoices:
        lines = case.lines_of.get(row.id, ())
        if row.subtotal != sum(line.line_total for line in lines):
            broken["subtotal is not the sum of the lines"].append(row.id)
        if row.tax_amount != _rounded(row.subtotal * row.tax_rate / 100):
            broken["tax_amount is not the rate of the subtotal"].append(row.id)
        if row.total != row.subtotal + row.tax_amount:
            broken["total is not subtotal and tax"].append(row.id)
        if any(row.tax_rate != rate for rate in _rates(case, row)):
            broken["tax_rate is not that of the primary address"].append(row.id)
    for what, found in broken.items():
        yield "invoices", what, found


def _rates(case: _Case, invoice: Invoice) -> set[Decimal]:
    """Return the rates of the places of the primary addresses, of which there should be one."""
    states = _KNOWN_STATES[case.locale]
    return {
        states[address.state].tax_rate
        for address in case.addresses_of.get(invoice.customer_id, ())
        if address.is_primary and address.state in states
    }


def _broken_times(case: _Case) -> _Findings:
    end = datetime.combine(case.as_of, datetime.max.time())
    tables: tuple[tuple[str, Sequence[Any]], ...] = (
        ("customer_types", case.types),
        ("customers", case.customers),
        ("customer_addresses", case.addresses),
        ("product_categories", case.categories),
        ("products", case.products),
        ("inventory", case.stocks),
        ("invoices", case.invoices),
        ("invoice_line_items", case.lines),
    )
    for name, rows in tables:
        yield name, "created_at is after as_of", [row.id for row in rows if row.created_at > end]
        if rows and "updated_at" in rows[0]._fields:
            yield name, "updated_at is after as_of", [r.id for r in rows if r.updated_at > end]
            late: list[object] = [row.id for row in rows if row.updated_at < row.created_at]
            yield name, "updated_at is before created_at", late


def _broken_beginnings(case: _Case) -> _Findings:
    yield (
        "customers",
        "created before its type",
        [
            row.id
            for row in case.customers
            if (tier := case.type_of.get(row.customer_type_id)) and row.created_at < tier.created_at
        ],
    )
    yield (
        "customer_addresses",
        "created before the customer",
        [
            row.id
            for row in case.addresses
            if (customer := case.customer_of.get(row.customer_id))
            and row.created_at < customer.created_at
        ],
    )
    yield (
        "products",
        "created before its category",
        [
            row.id
            for row in case.products
            if (category := case.category_of.get(row.category_id))
            and row.created_at < category.created_at
        ],
    )
    yield (
        "inventory",
        "created before the product",
        [
            row.id
            for row in case.stocks
            if (product := case.product_of.get(row.product_id))
            and row.created_at < product.created_at
        ],
    )
    yield (
        "invoices",
        "created before the customer",
        [
            row.id
            for row in case.invoices
            if (customer := case.customer_of.get(row.customer_id))
            and row.created_at < customer.created_at
        ],
    )
    yield (
        "invoices",
        "created before the primary address",
        [
            row.id
            for row in case.invoices
            for address in case.addresses_of.get(row.customer_id, ())
            if address.is_primary and row.created_at < address.created_at
        ],
    )
    yield (
        "invoice_line_items",
        "of a product created later",
        [
            line.id
            for line, invoice, product in case.sales
            if invoice.created_at < product.created_at
        ],
    )


def _broken_updates(case: _Case) -> _Findings:
    yield (
        "invoices",
        "not created on its date",
        [row.id for row in case.invoices if row.created_at.date() != row.date],
    )
    yield (
        "invoice_line_items",
        "not created with its invoice",
        [line.id for line, invoice, _ in case.sales if line.created_at != invoice.created_at],
    )
    yield (
        "invoices",
        "not updated when paid",
        [
            row.id
            for row in case.invoices
            if row.paid_date and row.updated_at.date() < row.paid_date
        ],
    )
    yield (
        "invoices",
        "not updated when it became overdue",
        [
            row.id
            for row in case.invoices
            if row.status == "overdue" and row.updated_at.date() <= row.due_date
        ],
    )
    yield (
        "inventory",
        "not updated when received",
        [
            row.id
            for row in case.stocks
            if row.last_received_date and row.updated_at.date() < row.last_received_date
        ],
    )
    yield (
        "customers",
        "suspended, but invoiced after the last update",
        [
            row.id
            for row in case.customers
            if row.status == "suspended"
            and any(i.created_at > row.updated_at for i in case.invoices_of.get(row.id, ()))
        ],
    )
    yield (
        "products",
        "inactive, but sold after the last update",
        [
            row.id
            for row in case.products
            if not row.active and row.updated_at.date() < case.last_sale_of.get(row.id, date.min)
        ],
    )


def _orphans(case: _Case) -> _Findings:
    for name, rows, field, parents in (
        ("customers", case.customers, "customer_type_id", case.type_of),
        ("customer_addresses", case.addresses, "customer_id", case.customer_of),
        ("products", case.products, "category_id", case.category_of),
        ("inventory", case.stocks, "product_id", case.product_of),
        ("invoices", case.invoices, "customer_id", case.customer_of),
        ("invoice_line_items", case.lines, "invoice_id", case.invoice_of),
        ("invoice_line_items", case.lines, "product_id", case.product_of),
    ):
        alone = [row.id for row in rows if getattr(row, field) not in parents]
        yield name, f"{field} has no parent", [*alone]


_ROW_RULES: Final[tuple[_Reading, ...]] = (
    ("volumes", _broken_counts),
    ("rule 1", _broken_types),
    ("rule 2", _broken_limits),
    ("rule 3", _broken_people),
    ("rule 4", _broken_primaries),
    ("rule 5", _broken_places),
    ("rule 6", _broken_goods),
    ("rule 7", _broken_prices),
    ("rule 8", _broken_stocks),
    ("rule 9", _late_sales),
    ("rule 10", _broken_numbers),
    ("rule 11", _broken_terms),
    ("rule 12", _broken_statuses),
    ("rule 13", _broken_lines),
    ("rule 14", _broken_positions),
    ("rule 15", _broken_totals),
    ("rule 16", _broken_times),
    ("rule 16", _broken_beginnings),
    ("rule 16", _broken_updates),
    ("rule 17", _orphans),
)
_SHARE_RULES: Final[tuple[_Reading, ...]] = (
    ("volumes", _broken_ends),
    ("rule 1", _flat_pyramid),
    ("rule 3", _odd_statuses),
    ("rule 7", _odd_grades),
    ("rule 8", _odd_levels),
    ("rule 9", _no_skew),
    ("rule 10", _odd_span),
    ("rule 10", _no_season),
    ("rule 12", _rare_statuses),
    ("rule 13", _odd_promotions),
)
