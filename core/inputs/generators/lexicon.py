"""The words of the generated English: short lists, each word one token of the `names` model.

Every list has a held-out part. Held-out words do appear in training, but only in other kinds of sentence
(`filler`), so the model knows what kind of word they are and has never seen them do the job they are tested
on.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Pairs written as "one/two"."""
    return tuple((first, second) for first, second in (pair.split("/") for pair in text.split()))


NAMES = _words("""
    Mary John Tom Alice Bob James Anna Peter Susan David Linda Robert Karen Michael Laura Paul Sarah Kevin
    Emma Daniel Julia Brian Nancy Steven Helen Edward Ruth George Donna Jason Carol Ryan Amanda Gary Melissa
    Eric Rebecca Stephen Sharon Jacob Cynthia Larry Kathleen Frank Amy Scott Angela Justin Brenda Brandon
    Pamela Samuel Nicole Gregory Katherine Benjamin Christine Patrick Debra Jack Rachel Dennis Janet Jerry
    Maria Tyler Diane Aaron Joyce Henry Victoria Adam Kelly Nathan Lauren Douglas Joan Zachary Evelyn Kyle
    Judith Walter Megan Ethan Andrea Jeremy Cheryl Harold Hannah Keith Martha Roger Jacqueline Gerald Teresa
    Lawrence Gloria Sean Sara Albert Janice
    """)
HELD_OUT_NAMES = _words("Clara Simon Lucy Oscar Fiona Hugo Nora Felix Irene Martin Ellen Victor Alan Monica")

PLACES = _words("""
    store park school office garden station library kitchen market beach restaurant hospital museum theatre
    farm airport church hotel gym bakery bank zoo lake forest
    """)
HELD_OUT_PLACES = _words("harbour castle stadium cinema")

OBJECTS = _words(  # all begin with a consonant sound, so that "a" fits
    """
    drink book ball letter gift ring basket coat map ticket camera cake flower pencil hat bottle computer bone
    necklace kiss newspaper sandwich watch box
    """
)

# (singular, plural); subjects and distractors of the agreement sentences.
NOUNS = _pairs("""
    key/keys cabinet/cabinets author/authors pilot/pilots teacher/teachers student/students picture/pictures
    table/tables chair/chairs window/windows door/doors car/cars horse/horses dog/dogs cat/cats tree/trees
    house/houses bridge/bridges road/roads ship/ships river/rivers guard/guards farmer/farmers nurse/nurses
    lawyer/lawyers doctor/doctors painter/painters singer/singers report/reports poster/posters
    mirror/mirrors candle/candles bucket/buckets wagon/wagons statue/statues fence/fences tower/towers
    boat/boats plant/plants button/buttons blanket/blankets child/children woman/women knife/knives
    shelf/shelves friend/friends neighbour/neighbours label/labels
    """)
HELD_OUT_NOUNS = _pairs("lamp/lamps goat/goats sailor/sailors ladder/ladders basin/basins clerk/clerks wheel/wheels")
PREPOSITIONS = _words("to near behind under beside on with by")
ADJECTIVES = _words("old small large red green blue white black clean heavy quiet strange famous broken cheap dark")

EVENTS = _words("""
    war strike famine project trial tour drought voyage campaign revolt crisis debate journey expedition
    plague conflict festival alliance rebellion dispute occupation ceasefire partnership search study
    programme battle mission dynasty marriage
    """)
HELD_OUT_EVENTS = _words("siege reign blockade contest inquiry feud")
CENTURIES = tuple(str(number) for number in range(11, 20))

CAPITALS = dict(
    _pairs("""
    France/Paris Germany/Berlin Italy/Rome Spain/Madrid Portugal/Lisbon Austria/Vienna Poland/Warsaw
    Hungary/Budapest Greece/Athens Norway/Oslo Sweden/Stockholm Finland/Helsinki Denmark/Copenhagen
    Ireland/Dublin Belgium/Brussels England/London Scotland/Edinburgh Russia/Moscow Ukraine/Kyiv Turkey/Ankara
    Egypt/Cairo Tunisia/Tunis Algeria/Algiers Libya/Tripoli Kenya/Nairobi Ghana/Accra Nigeria/Abuja
    Senegal/Dakar Angola/Luanda Zambia/Lusaka Zimbabwe/Harare Rwanda/Kigali Somalia/Mogadishu Sudan/Khartoum
    Namibia/Windhoek Botswana/Gaborone Mozambique/Maputo Japan/Tokyo China/Beijing Thailand/Bangkok
    Laos/Vientiane Mongolia/Ulaanbaatar Nepal/Kathmandu Bangladesh/Dhaka Pakistan/Islamabad Afghanistan/Kabul
    Iran/Tehran Iraq/Baghdad Syria/Damascus Lebanon/Beirut Qatar/Doha Oman/Muscat Indonesia/Jakarta
    Australia/Canberra Canada/Ottawa Cuba/Havana Jamaica/Kingston Peru/Lima Ecuador/Quito Colombia/Bogota
    Venezuela/Caracas Uruguay/Montevideo Honduras/Tegucigalpa Nicaragua/Managua Romania/Bucharest
    Bulgaria/Sofia Serbia/Belgrade Croatia/Zagreb Slovenia/Ljubljana Slovakia/Bratislava Albania/Tirana
    Estonia/Tallinn Latvia/Riga Belarus/Minsk Moldova/Chisinau Armenia/Yerevan Azerbaijan/Baku
    Kazakhstan/Astana Uzbekistan/Tashkent Malta/Valletta
    """)
)
# Their capitals are stated in training, but never with the words "the capital of ... is".
HELD_OUT_COUNTRIES = _words("Wales Morocco Uganda Mali Vietnam Chile Lithuania Iceland Cyprus Paraguay Fiji Madagascar")
CAPITALS.update(
    _pairs("""
    Wales/Cardiff Morocco/Rabat Uganda/Kampala Mali/Bamako Vietnam/Hanoi Chile/Santiago Lithuania/Vilnius
    Iceland/Reykjavik Cyprus/Nicosia Paraguay/Asuncion Fiji/Suva Madagascar/Antananarivo
    """)
)
COUNTRIES = tuple(country for country in CAPITALS if country not in HELD_OUT_COUNTRIES)

VERBS = _words("likes sees knows visits helps calls follows paints draws finds wants keeps")
COMMON = _words("""
    time year day way life hand part eye week case point fact night water room mother area money story month
    lot right study word business issue side kind head service father power hour game line end member law
    name idea body back face others level art history party result change morning reason research girl boy
    moment air force light voice paper space ground form support data stone metal glass sugar bread milk
    rain snow summer winter music song dance colour number letter circle square animal bird fish mountain
    island field street city village king queen prince soldier doctor captain good new first last long great
    little own other big high different early young important public bad same able hot cold fast slow hard
    soft open full empty round sharp sweet bitter run walk jump eat sleep read write speak think feel take
    give make come want use find tell ask work seem leave call try need become begin help show hear play
    move live believe bring happen stand lose pay meet include continue set learn lead understand watch stop
    create spend grow win teach offer remember consider appear buy serve die send build stay fall cut reach
    kill raise pass sell decide return explain hope carry break seven eight
    """)


def _unique(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for group in groups for word in group))


_flat_nouns = tuple(word for pair in NOUNS for word in pair)
_flat_held_out_nouns = tuple(word for pair in HELD_OUT_NOUNS for word in pair)

# Words of the repeated random sequences.
SEQUENCE_WORDS = _unique(
    NAMES,
    PLACES,
    OBJECTS,
    _flat_nouns,
    ADJECTIVES,
    EVENTS,
    COUNTRIES,
    tuple(CAPITALS[country] for country in COUNTRIES),
    VERBS,
    COMMON,
)
HELD_OUT_SEQUENCE_WORDS = _unique(
    HELD_OUT_NAMES,
    HELD_OUT_PLACES,
    _flat_held_out_nouns,
    HELD_OUT_EVENTS,
    HELD_OUT_COUNTRIES,
    tuple(CAPITALS[country] for country in HELD_OUT_COUNTRIES),
)
