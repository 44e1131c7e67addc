"""Recognizes addresses with a signed query. Their server may refuse them with one more parameter."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

# Names that always mean a signature. Sources: the signing guides of Amazon S3 (version 4), Google Cloud
# Storage, Alibaba OSS, Tencent COS and TOS, of the CDNs of Akamai, Alibaba and Tencent, Symfony's UriSigner, Shopify.
_SIGNATURE_NAMES = frozenset(
    {"x-amz-signature", "x-goog-signature", "x-oss-signature", "x-tos-signature", "x-signature", "q-signature"}
    | {"hdnea", "hdnts", "__token__", "auth_key", "_hash", "hmac"}
)
# Names that mean a signature in combination: S3 (version 2), CloudFront, Google (version 2), OSS, Laravel, Azure's shared access
# signatures, Qiniu, nginx's secure_link, Bunny, Wangsu, Facebook's and Discord's CDNs, and signed requests with a time.
_SIGNATURE_PARTNERS: Mapping[str, frozenset[str]] = {
    "signature": frozenset({"expires", "expiry", "exp", "timestamp", "x-expires", "key-pair-id", "policy", "keyname"})
    | {"awsaccesskeyid", "googleaccessid", "ossaccesskeyid", "accesskeyid"},
    "sig": frozenset({"se", "sv", "sp", "expires", "expiry", "exp", "e", "ts", "timestamp"}),
    "sign": frozenset({"expires", "expiry", "exp", "t", "ts", "timestamp"}),
    "token": frozenset({"expires", "expiry", "exp", "e"}),
    "hash": frozenset({"expires", "expiry", "exp"}),
    "md5": frozenset({"expires", "e"}),
    "_signature": frozenset({"expires", "_expires"}),
    "wssecret": frozenset({"wstime"}),
    "txsecret": frozenset({"txtime"}),
    "oh": frozenset({"oe"}),
}
_DISCORD_NAMES = frozenset({"ex", "is", "hm"})
# Shops use these names too (`signature=classic`), so the value decides.
_AMBIGUOUS_NAMES = frozenset({"signature", "sig", "sign", "_signature", "x-sig", "url_signature", "s"})
_SHORTEST_SIGNATURE = 6
# `s` has many meanings; imgix uses it for an MD5 digest.
_SHORTEST_IN_S = 32
_ENCODED = re.compile(r"[A-Za-z0-9+/_.~-]+={0,2}")
_WORD_OR_NUMBER = re.compile(r"(?:[A-Za-z]?[a-z]*|[A-Z]+|[0-9]+)")
_HEX = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}")
_LONGEST_EXAMINED = 2_000


def is_signed_query(parameters: Mapping[str, str]) -> bool:
    """Return whether these parameters contain a signature; names are lower case, values are as in the address."""
    names = {name for name, value in parameters.items() if value}
    if names & _SIGNATURE_NAMES or names >= _DISCORD_NAMES:
        return True
    if any(not names.isdisjoint(_SIGNATURE_PARTNERS[name]) for name in names & _SIGNATURE_PARTNERS.keys()):
        return True
    return any(_looks_signed(name, parameters[name]) for name in names & _AMBIGUOUS_NAMES)


def _looks_signed(name: str, value: str) -> bool:
    """Return whether a value is an encoded digest and not words and numbers, such as `autumn-2026`."""
    text = unquote(value[:_LONGEST_EXAMINED])
    if len(text) < (_SHORTEST_IN_S if name == "s" else _SHORTEST_SIGNATURE) or not _ENCODED.fullmatch(text):
        return False
    if name == "s":
        return _HEX.fullmatch(text) is not None
    return not text.isdigit() and (_HEX.fullmatch(text) is not None or not _are_words(re.split(r"[-_.+~]", text)))


def _are_words(pieces: Iterable[str]) -> bool:
    return all(_WORD_OR_NUMBER.fullmatch(piece) for piece in pieces)
