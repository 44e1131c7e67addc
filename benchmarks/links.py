"""How long tagging takes: a megabyte of copy with ten thousand links, and megabytes made to be hard to read.

Run `python -m benchmarks.links`.
"""

from benchmarks.machine import machine, measured, table
from sophia.analytics.utm.tagging import TaggedCopy, tag_copy

MEGABYTE = 1_000_000
PROSE = "Neu bei uns, frisch aus dem Ofen und nur bis Sonntag: "
HOSTILE = (
    *("(", "[", "http://", "https://", "%", "a.", "www.", "@", ":", "a:", "+", "a+", "://", "&", "&#0", ";", "-", ".-"),
    *(
        "https://a.b/(",
        "https://a.b/((((",
        "https://a.b/)",
        "https://a.b/[]",
        "https://a.b/a,",
        "https://a.b?",
        "https://a",
    ),
    *(
        "mailto:",
        "mailto:a@",
        "a@a.b",
        "a.b@",
        "x.y+",
        "https://[",
        "https://a@",
        "ex.com",
        "a.b ",
        "見",
        "https://見",
        "\u0301",
        "✪.a",
        "https://✪.a❤.b✪.c❤.d",
    ),
)
# One link each, as long as the text: what it is made of follows the address.
LONG_LINKS = (
    "(",
    "()",
    ".",
    "&",
    "&a=1",
    "%",
    "%41",
    "é",
    "日",
    "e\u0301",
    "a日",
    "&#39;",
    "&amp;",
    "\u200d",
    "**",
    "'",
    "1日.",
)


def tagged(copy: str, *, bare_domains: bool) -> TaggedCopy:
    return tag_copy(copy, "instagram", "sommer", 42, bare_domains=bare_domains)


def main() -> None:
    print(machine())
    links = [f"{PROSE}https://example.com/angebot/{number}?a={number}" for number in range(10_000)]
    cases = [("10,000 links", "\n".join(links))]
    cases += [(f"only `{piece}`", piece * (MEGABYTE // len(piece))) for piece in HOSTILE]
    cases += [
        (f"`https://a.b/` and `{piece}`", "https://a.b/" + piece * (MEGABYTE // len(piece))) for piece in LONG_LINKS
    ]
    rows = []
    for name, copy in cases:
        with measured() as plain:
            tagged(copy, bare_domains=False)
        with measured() as bare:
            found = tagged(copy, bare_domains=True)
        rows.append((name, len(copy), len(found.links), f"{plain.cpu:.2f}", f"{bare.cpu:.2f}"))
    table("Tagging", ("copy", "characters", "links", "CPU s", "CPU s with bare domains"), rows)
    print(f"\nSlowest: {max(float(row[-1]) for row in rows):.2f} s with bare domains")


if __name__ == "__main__":
    main()
