"""The headings and titles of Meta Business Suite's CSV exports, as far as they are known from real files.

English headings come from many files, Swedish, Spanish and Portuguese ones from few. A heading that is not listed is
refused by its name, because it could be a column that changes the meaning of the others.
"""

from collections.abc import Mapping

from sophia.meta.catalogue.terms import Platform

# {field: its headings}. Fields from `views` on are counters of a post since its publication.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "post_id": ("Post ID", "Publicerings-id"),
    "published_at": ("Publish time", "Publiceringstid", "Horário de publicação", "Hora de publicación"),
    "permalink": ("Permalink", "Permalänk", "Enlace permanente"),
    "kind": ("Post type", "Inläggstyp", "Tipo de post", "Tipo de publicación"),
    "text": ("Description", "Beskrivning", "Descrição", "Descripción"),
    "period": ("Date", "Datum"),
    "views": ("Views", "Visningar", "Visualizações", "Visualizaciones"),
    "reach": ("Reach", "Räckvidd", "Alcance"),
    "likes": ("Likes", "Gilla-markeringar", "Curtidas", "Me gusta"),
    "comments": ("Comments", "Kommentarer", "Comentários", "Comentarios"),
    "shares": ("Shares", "Delningar", "Compartilhamentos", "Veces que se compartió"),
    "saved": ("Saves", "Sparade objekt", "Salvamentos", "Veces que se guardó"),
}
# Columns that say nothing that is stored. Reactions of all kinds together are no metric of Meta's API.
IGNORED = frozenset(
    {
        *("Page ID", "Page name", "Account ID", "Account username", "Account name", "Title", "Duration (sec)"),
        *("Caption type", "Is crosspost", "Is share", "Languages", "Custom labels", "Funded content status"),
        *("Data comment", "Reactions, Comments and Shares", "Reactions", "Total clicks", "Other Clicks", "Link Clicks"),
        *("Matched Audience Targeting Consumption (Photo Click)", "Negative feedback from users: Hide all"),
        *("Negative feedback from users: Hide", "Seconds viewed", "Average Seconds viewed", "Follows"),
        *("Estimated earnings (USD)", "Ad CPM (USD)", "Ad impressions", "Approximate content monetization earnings"),
        *("Qualified Views", "3-Second Video Views", "1-Minute Video Views", "Reach from Organic posts"),
        *("Reach from Boosted posts", "Views from Organic posts", "Views from Boosted posts"),
        *("Konto-id", "Kontonamn", "Kontots användarnamn", "Följer", "Nombre de la cuenta", "Seguimientos"),
    }
)
# {platform: {field: the name of Meta's API}}.
POST_METRICS: Mapping[Platform, Mapping[str, str]] = {
    Platform.FACEBOOK: {
        "views": "post_media_view",
        "reach": "post_total_media_view_unique",
        "comments": "comments_count",
        "shares": "shares_count",
    },
    Platform.INSTAGRAM: {name: name for name in ("views", "reach", "likes", "comments", "shares", "saved")},
}
# {platform: {title of a file of daily values: the name of Meta's API}}.
DAILY_METRICS: Mapping[Platform, Mapping[str, str]] = {
    Platform.FACEBOOK: {
        "Views": "page_media_view",
        "Viewers": "page_total_media_view_unique",
        "Facebook visits": "page_views_total",
        "Facebook follows": "page_daily_follows",
    },
    Platform.INSTAGRAM: {
        "Views": "views",
        "Reach": "reach",
        "Instagram reach": "reach",
        "Content interactions": "total_interactions",
        "Instagram profile visits": "profile_views",
    },
}
# The headings of the two columns of a file of daily values.
DAILY_HEADINGS = ("Date", "Primary")
# The address of a post names its kind in every language; a carousel has the address of an image.
KINDS_BY_ADDRESS: Mapping[str, str] = {"/reel/": "reel", "/stories/": "story", "/p/": "feed", "/tv/": "feed"}
CAROUSEL_WORDS = ("carousel", "carrossel", "carrusel", "karusell", "karussell", "carrousel")
