"""Invented names, places and sentences; no business here exists."""

from dataclasses import dataclass

from sophia.demo.meta.world.noise import unit


@dataclass(frozen=True, slots=True)
class Place:
    city: str
    country: str
    timezone: str
    language: str


PLACES = (
    Place("Lisbon", "PT", "Europe/Lisbon", "pt"),
    Place("Toronto", "CA", "America/Toronto", "en"),
    Place("Leipzig", "DE", "Europe/Berlin", "de"),
    Place("Valparaíso", "CL", "America/Santiago", "es"),
    Place("Kanazawa", "JP", "Asia/Tokyo", "ja"),
    Place("Honolulu", "US", "Pacific/Honolulu", "en"),
    Place("Lyon", "FR", "Europe/Paris", "fr"),
    Place("Pune", "IN", "Asia/Kolkata", "en"),
    Place("Wellington", "NZ", "Pacific/Auckland", "en"),
    Place("Mérida", "MX", "America/Merida", "es"),
    Place("Graz", "AT", "Europe/Vienna", "de"),
    Place("St. John's", "CA", "America/St_Johns", "en"),
    Place("Porto Alegre", "BR", "America/Sao_Paulo", "pt"),
    Place("Nantes", "FR", "Europe/Paris", "fr"),
    Place("Portland", "US", "America/Los_Angeles", "en"),
    Place("Valencia", "ES", "Europe/Madrid", "es"),
)

# The name of the industry in published benchmarks, and the kind of business in its name.
INDUSTRIES = (
    ("food & beverage", "Bakery"),
    ("retail", "Book Shop"),
    ("health & beauty", "Barber"),
    ("travel", "Guest House"),
    ("fashion", "Tailor"),
    ("home decor", "Ceramics"),
    ("sports teams", "Rowing Club"),
    ("nonprofits", "Animal Shelter"),
    ("tech & software", "Repair Lab"),
    ("higher education", "Language College"),
    ("media", "Neighbourhood Radio"),
    ("financial services", "Credit Union"),
)

WORDS = (
    "Amber", "Birch", "Cobalt", "Drift", "Ember", "Fennel", "Garnet", "Harbour", "Indigo", "Juniper", "Kestrel", "Lantern",
    "Maple", "Nettle", "Ochre", "Pebble", "Quince", "Rowan", "Saffron", "Thistle", "Umber", "Violet", "Willow", "Yarrow",
)  # fmt: skip

SENTENCES: dict[str, tuple[str, ...]] = {
    "en": ("New in this week.", "Who is coming on Saturday?", "Thank you for a great month!", "Behind the scenes today."),
    "de": ("Neu in dieser Woche.", "Wer kommt am Samstag?", "Danke für einen großartigen Monat!", "Ein Blick hinter die Kulissen."),
    "es": ("Novedades de la semana.", "¿Quién viene el sábado?", "¡Gracias por un gran mes!", "Hoy, detrás de cámaras."),
    "fr": ("Les nouveautés de la semaine.", "Qui vient samedi ?", "Merci pour ce beau mois !", "Aujourd'hui, en coulisses."),
    "pt": ("Novidades da semana.", "Quem vem no sábado?", "Obrigado por um ótimo mês!", "Hoje, nos bastidores."),
    "ja": ("今週の新着です。", "土曜日に会いましょう!", "素敵な一か月をありがとう。", "今日の舞台裏。"),
}  # fmt: skip

FORMAT_TAGS = {
    "photo": "📷",
    "video": "▶",
    "reel": "🎬",
    "status": "",
    "IMAGE": "📷",
    "VIDEO": "🎬",
    "CAROUSEL_ALBUM": "🖼",
}


def place_of(number: int) -> Place:
    return PLACES[number % len(PLACES)]


def industry_of(number: int) -> tuple[str, str]:
    return INDUSTRIES[number % len(INDUSTRIES)]


def business_name(number: int) -> str:
    """Return a name that is unique in the world."""
    kinds, words = len(INDUSTRIES), len(WORDS)
    name = f"{WORDS[(number + number // kinds) % words]} {industry_of(number)[1]}"
    generation = number // (kinds * words)
    return f"{name} {generation + 1}" if generation else name


def slug_of(name: str) -> str:
    return name.lower().replace(" ", "-")


def sentence(language: str, seed: int, look: str, tag: str | None) -> str:
    """Return a caption in the business's language, with the campaign's hashtag when there is one."""
    choices = SENTENCES[language]
    words = [choices[int(unit(seed, 40) * len(choices))], FORMAT_TAGS[look], f"#{tag}" if tag else ""]
    return " ".join(word for word in words if word)
