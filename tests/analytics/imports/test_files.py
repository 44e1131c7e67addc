"""Meta Business Suite's files: encodings, languages, and everything that would be read wrongly is refused by name."""

from datetime import date, datetime

import pytest

from sophia.analytics.imports.files import DailyFile, PostFile, read_file
from sophia.errors import InvalidInputError

# The headings of real exports; the values are invented.
INSTAGRAM = (
    "Post ID,Account ID,Account username,Account name,Description,Duration (sec),Publish time,Permalink,Post type,"
    "Data comment,Date,Views,Likes,Shares,Comments,Saves,Reach,Follows\n"
    '17900000000000001,178,hats,Hats,"New, and ""red""\nhats",0,09/27/2026 06:08,https://www.instagram.com/p/A/,IG image,,'
    'Lifetime,"1,160",5,3,0,4,45,1\n'
    "17900000000000002,178,hats,Hats,Reel,31,09/13/2026 18:30,https://www.instagram.com/reel/B/,IG reel,,Lifetime,900,,3,2,4,45,1\n"
    "17900000000000003,178,hats,Hats,Many,0,09/14/2026 18:30,https://www.instagram.com/p/C/,IG carousel,,Lifetime,9,1,3,2,4,5,1\n"
)
FACEBOOK = (
    "Post ID,Page ID,Page name,Title,Description,Duration (sec),Publish time,Caption type,Permalink,Is crosspost,Is share,"
    'Post type,Languages,Custom labels,Funded content status,Data comment,Date,"Reactions, Comments and Shares",Reactions,'
    "Comments,Shares,Total clicks,Other Clicks,Views,Reach,Negative feedback from users: Hide all,Seconds viewed,"
    "Average Seconds viewed,Estimated earnings (USD),Ad CPM (USD),Ad impressions\n"
    "122158,61571,Hats,A hat,,27,09/27/2026 18:30,original,https://www.facebook.com/reel/1/,0,0,Reels,,,,,Lifetime,"
    "15,8,4,3,20,1,1500,1200,,900,3.5,,,\n"
)
SWEDISH = (
    "Publicerings-id,Konto-id,Kontots användarnamn,Kontonamn,Beskrivning,Publiceringstid,Permalänk,Inläggstyp,Visningar,"
    "Räckvidd,Gilla-markeringar,Delningar,Följer,Kommentarer,Sparade objekt\n"
    "17900000000000009,178,hattar,Hattar,Ny,09/27/2026 06:08,https://www.instagram.com/p/D/,IG-bild,160,45,5,3,1,2,4\n"
)
DAILY = 'sep=,\n"Views"\n"Date","Primary"\n"2026-08-01T00:00:00","20"\n"2026-08-02T00:00:00",""\n"2026-08-03T00:00:00","0"\n'


def posts_of(text: str, **options: object) -> PostFile:
    content = read_file(text.encode(), **options)  # type: ignore[arg-type]
    assert isinstance(content, PostFile)
    return content


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "utf-8-sig"])
def test_daily_values(encoding: str) -> None:
    """The file as Meta writes it, UTF-16 with a line for spreadsheets; an empty cell is missing, and 0 is 0."""
    content = read_file(DAILY.encode(encoding))
    assert content == DailyFile("Views", {date(2026, 8, 1): 20, date(2026, 8, 3): 0})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "utf-8-sig"])
def test_posts_of_instagram(encoding: str) -> None:
    first, reel, carousel = read_file(INSTAGRAM.encode(encoding)).posts  # type: ignore[union-attr]
    assert (first.post_id, first.kind, first.text) == ("17900000000000001", "feed", 'New, and "red"\nhats')
    assert first.published_at == datetime(2026, 9, 27, 6, 8)
    assert first.counters == {"views": 1160, "likes": 5, "shares": 3, "comments": 0, "saved": 4, "reach": 45}
    assert (reel.kind, carousel.kind) == ("reel", "carousel")
    assert "likes" not in reel.counters, "an empty cell is missing, not 0"


def test_posts_of_facebook() -> None:
    """Reactions of all kinds together are none of the API's metrics, so they are left out."""
    (post,) = posts_of(FACEBOOK).posts
    assert post.counters == {"views": 1500, "reach": 1200, "comments": 4, "shares": 3}


def test_other_languages() -> None:
    (post,) = posts_of(SWEDISH).posts
    assert post.counters == {"views": 160, "reach": 45, "likes": 5, "shares": 3, "comments": 2, "saved": 4}


def test_a_heading_that_is_not_known_is_refused_by_name() -> None:
    """A column could change the meaning of the others; the user names it or ignores it."""
    german = SWEDISH.replace("Räckvidd", "Reichweite").replace("Följer", "Neue Follower")
    with pytest.raises(InvalidInputError, match=r"'Reichweite', 'Neue Follower'.*--column FIELD=HEADING"):
        posts_of(german)
    (post,) = posts_of(german, columns={"reach": "reichweite"}, ignored=["Neue Follower"]).posts
    assert post.counters["reach"] == 45
    with pytest.raises(InvalidInputError, match="There is no field 'reichweiten'"):
        posts_of(german, columns={"reichweiten": "Reichweite"})
    with pytest.raises(InvalidInputError, match="Several columns are reach"):
        posts_of(SWEDISH.replace("Följer", "Reach"))
    with pytest.raises(InvalidInputError, match="No column is the id of the post"):
        posts_of("Views,Reach\n1,2\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # The same export by day has a row per post and day, and values that are much smaller.
        (INSTAGRAM.replace("Lifetime", "09/28/2026", 1), "Line 2 has the values of 09/28/2026 only"),
        (INSTAGRAM.replace("17900000000000002", "17900000000000001"), "occurs twice, as in an export by day"),
        # Excel writes long numbers like this, and the id is lost.
        (INSTAGRAM.replace("17900000000000001", "1.79E+16"), "Line 2: '1.79E\\+16' is not the id of a post"),
        (INSTAGRAM.replace(",900,", ",many,"), "Line 4: 'many' is not a count"),
        (INSTAGRAM.replace(",900,", ",-9,"), "'-9' is not a count"),
        (INSTAGRAM.replace(",900,", ",9.5,"), "'9.5' is not a count"),
        (INSTAGRAM.replace("09/13/2026 18:30", "yesterday"), "'yesterday' is not a time"),
        (INSTAGRAM.replace("09/13/2026 18:30", "13/09/2026 18:30"), "'13/09/2026 18:30' is not a time"),
        (DAILY + '"2026-08-03T00:00:00","5"\n', "Line 7: 2026-08-03 occurs twice"),
        (DAILY + '"Reach"\n', "Line 7 is not a day and a value"),
        (DAILY.replace("2026-08-02", "2026-08-32"), "is not a day"),
        ("", "no headings"),
        ('a,"b', "cannot be read"),
    ],
)
def test_what_would_be_read_wrongly_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read_file(text.encode())


def test_days_and_months_are_told_apart_by_the_file() -> None:
    """28/09 shows the order of the other rows; without such a row the times are unknown."""
    (_, second) = posts_of("Post ID,Publish time,Views\n1,28/09/2026 18:30,1\n2,05/09/2026 18:30,1\n").posts
    assert second.published_at == datetime(2026, 9, 5, 18, 30)
    (ambiguous,) = posts_of("Post ID,Publish time,Views\n1,05/09/2026 18:30,1\n").posts
    assert ambiguous.published_at is None
