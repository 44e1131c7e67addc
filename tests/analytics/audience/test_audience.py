"""Audiences: exact places, ages pro rata, and what is unknown stays unknown."""

from datetime import date
from random import Random
from typing import Any

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.audience.matching import (
    NOT_COUNTED,
    NOT_REPORTED,
    NOT_RESTRICTED,
    NOTHING_KNOWN,
    OPEN_END,
    AgeRange,
    AudienceCell,
    TargetAudience,
    audience_dimension,
    country_code,
    known_shares,
    match_audience,
    match_audiences,
    people_by_value,
    unknown_people,
)
from sophia.analytics.figures.figures import FigureUnit
from sophia.errors import InvalidInputError

BUCKETS = ((13, 17), (18, 24), (25, 34), (35, 44), (45, 54), (55, 64))
CELLS = st.lists(
    st.builds(
        lambda bucket, gender, people: AudienceCell({"age": f"{bucket[0]}-{bucket[1]}", "gender": gender}, people),
        st.sampled_from(BUCKETS),
        st.sampled_from("FMU"),
        st.integers(0, 10**6),
    ),
    max_size=20,
)


def cells(dimension: str, **people: int) -> list[AudienceCell]:
    return [AudienceCell({dimension: value}, count) for value, count in people.items()]


def ages(**people: int) -> list[AudienceCell]:
    """`a25_34=30` is thirty people from 25 to 34; `a65=5` are five of 65 and over."""
    names = {key: key[1:].replace("_", "-") + ("" if "_" in key else "+") for key in people}
    return [AudienceCell({"age": names[key]}, count) for key, count in people.items()]


def test_the_other_dimension_is_added() -> None:
    """H7: women 70 and men 30 from 25 to 34 are a hundred, not thirty."""
    both = [AudienceCell({"age": "25-34", "gender": gender}, count) for gender, count in (("F", 70), ("M", 30))]
    assert people_by_value(both, "age") == {"25-34": 100}
    assert people_by_value(both, "gender") == {"F": 70, "M": 30}
    assert people_by_value(both, "city") == {}


def test_two_breakdowns_of_the_same_people_are_not_added() -> None:
    """H7: by age alone and by age and gender they are the same hundred."""
    both = [AudienceCell({"age": "25-34", "gender": gender}, count) for gender, count in (("F", 70), ("M", 30))]
    assert people_by_value([*both, *ages(a25_34=101)], "age") == {"25-34": 101}


def test_who_is_not_listed_is_unknown() -> None:
    """A12: Meta lists the largest places only; without a count of everybody nobody can say how many it leaves out."""
    audience = cells("country", DE=60, CA=20)
    assert unknown_people(audience, "country").reason == NOT_COUNTED
    assert unknown_people(audience, "country", 100).value == 20
    assert unknown_people(cells("gender", F=60, U=20), "gender", 100).value == 40
    assert unknown_people(audience, "country", 70).value == 0
    assert {value: one.value for value, one in known_shares(audience, "country").items()} == {"DE": 75.0, "CA": 25.0}
    assert list(known_shares(cells("gender", F=30, U=70), "gender")) == ["F"]


@pytest.mark.parametrize("name", ["", " ", "a  b", " a", "a/b", "a\nb"])
def test_a_profile_has_a_name(name: str) -> None:
    """H9: one that can be read, and stand in an address."""
    with pytest.raises(InvalidInputError, match="name"):
        TargetAudience(name=name)


@given(CELLS)
def test_no_one_is_lost_by_adding(audience: list[AudienceCell]) -> None:
    """H7: every dimension has all people."""
    whole = sum(cell.people for cell in audience)
    assert sum(people_by_value(audience, "age").values()) == sum(people_by_value(audience, "gender").values()) == whole


def test_countries_are_exact() -> None:
    """H8: Germany is DE and not MA; Canada adds no Andorra; names and codes mean the same."""
    audience = cells("country", DE=50, MA=25, CA=20, AD=5)
    for germany in ("Germany", "germany", "DE", "de"):
        assert match_audience(TargetAudience(name="a", countries=(germany,)), audience).country.value == 50.0
    assert match_audience(TargetAudience(name="a", countries=("Canada", "CA")), audience).country.value == 20.0
    for wrong in ("Germ", "", "EU", "XX", "Deutschland"):
        with pytest.raises(InvalidInputError, match="country"):
            TargetAudience(name="a", countries=(wrong,))


def test_every_country_of_the_table() -> None:
    """H8: name and code lead to the code, and no two countries share a name."""
    names = Locale("en").territories
    codes = {
        country_code(names[code]) for code in ("US", "GB", "FR", "MA", "AD", "NE", "NG", "CD", "CG", "GN", "GQ", "GW")
    }
    assert codes == {"US", "GB", "FR", "MA", "AD", "NE", "NG", "CD", "CG", "GN", "GQ", "GW"}


def test_places_are_exact() -> None:
    """H8: York is not New York, an empty name matches nothing; a city may be named with its region or without."""
    audience = [
        AudienceCell({"city": city}, count)
        for city, count in (("New York, New York", 50), ("York, England", 10), ("Toronto, Ontario", 40))
    ]
    for place, share in (("York", 10), ("new york", 50), ("Toronto, Ontario", 40), ("Ontario", 40), ("Tor", 0)):
        assert match_audience(TargetAudience(name="a", places=(place,)), audience).place.value == share
    with pytest.raises(InvalidInputError, match="no name"):
        TargetAudience(name="a", places=(" ",))


@pytest.mark.parametrize(
    ("years", "share"), [((25, 26), 20.0), ((25, 34), 100.0), ((18, 29), 50.0), ((35, 44), 0.0), ((25, None), 100.0)]
)
def test_ages_overlap_pro_rata(years: tuple[int, int | None], share: float) -> None:
    """H9: 25 and 26 are two tenths of 25–34."""
    assert match_audience(TargetAudience(name="a", ages=AgeRange(*years)), ages(a25_34=80)).age.value == pytest.approx(
        share
    )


def test_the_open_end_has_bounds() -> None:
    """H9: Meta does not say how many of 65 and over are 70."""
    audience = ages(a25_34=80, a65=20)
    assert match_audience(TargetAudience(name="a", ages=AgeRange(25)), audience).age.value == 100.0
    for years in ((30, 70), (70, None)):
        found = match_audience(TargetAudience(name="a", ages=AgeRange(*years)), audience).age
        assert (found.value, found.reason) == (None, OPEN_END)
    assert (found.at_least, found.at_most) == (0.0, 20.0)


@pytest.mark.parametrize("years", [(40, 30), (5, 30), (20, 130), (121, None)])
def test_impossible_ages_are_refused(years: tuple[int, int | None]) -> None:
    """H9: a reversed range is a mistake."""
    with pytest.raises(InvalidInputError, match="ages"):
        TargetAudience(name="a", ages=AgeRange(*years))


def test_unknown_stays_unknown() -> None:
    """H9, A12: U is neither woman nor man; what was not reported is None with a reason, and no 0 in the mean."""
    audience = cells("gender", F=60, M=20, U=20)
    found = match_audience(TargetAudience(name="a", genders=("F",), countries=("CA",)), audience)
    assert (found.gender.value, found.country.reason, found.age.reason) == (75.0, NOT_REPORTED, NOT_RESTRICTED)
    assert (found.overall.value, found.overall.n) == (75.0, 1)
    assert unknown_people(audience, "gender").value == 20
    assert unknown_people([], "gender").value is None
    nothing = match_audience(TargetAudience(name="a"), audience)
    assert nothing.overall.reason == NOTHING_KNOWN
    assert match_audience(TargetAudience(name="a", genders=("M",)), cells("gender", U=5)).gender.reason == NOT_REPORTED
    assert match_audience(TargetAudience(name="a", genders=("F", "M")), cells("gender", F=0)).gender.value is None


def test_profiles_do_not_hide_each_other() -> None:
    """H9: two profiles of one name are refused."""
    one, other = TargetAudience(name="a", genders=("F",)), TargetAudience(name="a", genders=("M",))
    with pytest.raises(InvalidInputError, match="'a'"):
        match_audiences([one, other], [])
    with pytest.raises(InvalidInputError, match="genders"):
        TargetAudience(name="a", genders=("female",))  # type: ignore[arg-type]


@given(CELLS, st.integers(13, 64), st.integers(13, 64), st.randoms())
def test_shares_stay_between_none_and_all(audience: list[AudienceCell], one: int, two: int, random: Random) -> None:
    """H9: for any audience; the order does not matter, and two halves make the whole."""
    wanted = TargetAudience(name="a", ages=AgeRange(min(one, two), max(one, two)), genders=("F",))
    found = match_audience(wanted, audience)
    shares: list[Any] = [found.age.value, found.gender.value]
    assert all(share is None or -1e-9 <= share <= 100 + 1e-9 for share in shares)
    assert match_audience(wanted, random.sample(audience, len(audience))) == found
    if found.age.value is not None:
        lower, upper = (
            match_audience(TargetAudience(name="a", ages=AgeRange(*span)), audience).age.value
            for span in ((13, 30), (31, 64))
        )
        assert lower is not None
        assert upper is not None
        assert float(lower) + float(upper) == pytest.approx(100)


def test_all_shares_of_a_dimension_have_one_base() -> None:
    """L28, H9: the shares, and that of a match, are of the 80 people whose gender is known, and the other 120 are a number."""
    audience = cells("gender", F=60, M=20, U=20)
    dimension = audience_dimension(audience, "gender", date(2026, 11, 22), 200)
    assert (dimension.base, dimension.unknown.value, dimension.unknown.unit) == (80, 120, FigureUnit.PEOPLE)
    shares = [part.percent.value for part in dimension.parts if part.percent is not None]
    assert shares == [75.0, 25.0]
    assert sum(part.people for part in dimension.parts if part.percent is not None) == dimension.base
    match = match_audience(TargetAudience(name="a", genders=("F",)), audience)
    assert match.gender.value == shares[0]
