"""Pictures of posts, drawn by code, behind signed addresses that expire as those of Meta's servers do."""

import io
import re
from datetime import datetime, timedelta
from random import Random

from sophia.demo.meta.graph.plain_reply import PlainReply
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.world.noise import seed_of

FOLDER = "_cdn"
LIFE = timedelta(days=4)
_NAME = re.compile(r"([0-9_]+)\.(jpg|mp4)")
_SIDE = 1080


def signed_address(base_url: str, node_id: str, now: datetime, *, suffix: str = "jpg") -> str:
    """Return the address of a picture or video. It changes from hour to hour, and so identifies nothing."""
    end = int((now.replace(minute=0, second=0, microsecond=0) + LIFE).timestamp())
    return f"{base_url}/{FOLDER}/{node_id}.{suffix}?oe={end:X}&oh={seed_of(node_id, end):x}"


def answer_picture(request: Request) -> PlainReply:
    """Answer a signed address: 403 after its end or with a wrong signature."""
    name = _NAME.fullmatch(request.path[-1])
    if name is None:
        return PlainReply(404)
    try:
        end = int(request.parameters.get("oe", ""), 16)
    except ValueError:
        end = 0
    if request.parameters.get("oh") != f"{seed_of(name[1], end):x}" or request.now.timestamp() >= end:
        return PlainReply(403, b"URL signature expired", "text/plain")
    if name[2] == "mp4":
        return PlainReply(200, b"\x00\x00\x00\x18ftypmp42", "video/mp4")
    return PlainReply(200, draw(name[1]), "image/jpeg")


def draw(node_id: str) -> bytes:
    """Return a JPEG of hills under a sun, in colours and forms of this object."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - slow to import, and needed for pictures only

    random = Random(seed_of("picture", node_id))
    hue = random.randrange(360)
    picture = Image.new("RGB", (_SIDE, _SIDE), _colour(hue, 45, 82))
    pen = ImageDraw.Draw(picture)
    left, top, radius = random.randrange(150, 900), random.randrange(120, 380), random.randrange(70, 150)
    pen.ellipse((left - radius, top - radius, left + radius, top + radius), fill=_colour(hue + 40, 80, 90))
    for layer in range(4):
        height = 480 + 140 * layer
        ridge = [(x, height + random.randrange(-110, 60)) for x in range(0, _SIDE + 1, 180)]
        pen.polygon([(0, _SIDE), *ridge, (_SIDE, _SIDE)], fill=_colour(hue + 25 * layer, 50, 62 - 11 * layer))
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=80)
    return target.getvalue()


def _colour(hue: int, saturation: int, lightness: int) -> str:
    return f"hsl({hue % 360}, {saturation}%, {lightness}%)"
