"""Fetches the pictures of posts after a collection, and keeps their copies within the limit of the settings."""

import asyncio
from functools import partial

import anyio.to_thread

from sophia.errors import InvalidInputError
from sophia.jobs.context import JobContext
from sophia.meta.pictures import PictureError, PictureFetcher
from sophia.portfolio.pictures import (
    WaitingPicture,
    picture_folder,
    record_refused,
    record_stored,
    remove_oldest,
    sweep,
    waiting_pictures,
    write_file,
)
from sophia.portfolio.thumbnails import make_thumbnail

AT_ONCE = 8
# The rest waits for the next run, so that no run of jobs takes much longer for pictures.
MOST_PER_RUN = 500
MEGABYTE = 1_000_000


async def fetch_pictures(context: JobContext) -> dict[str, int]:
    """Fetch the waiting pictures of the newest posts. Returns the numbers of stored, refused and removed pictures."""
    if context.settings.picture_megabytes == 0:
        return {}
    waiting = await anyio.to_thread.run_sync(_waiting, context)
    slots, decoding = asyncio.Semaphore(AT_ONCE), asyncio.Lock()
    async with PictureFetcher(allow_loopback=context.settings.picture_loopback) as fetcher:

        async def fetch(picture: WaitingPicture) -> bool:
            async with slots:
                return await _fetch(context, fetcher, picture, decoding)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(fetch(picture)) for picture in waiting]
    removed = await anyio.to_thread.run_sync(_make_room, context)
    stored = sum(task.result() for task in tasks)
    return {"stored": stored, "refused": len(tasks) - stored, "removed": removed}


async def _fetch(context: JobContext, fetcher: PictureFetcher, picture: WaitingPicture, decoding: asyncio.Lock) -> bool:
    """Fetch one picture and store its copy, or the reason why there is none. Return whether it was stored.

    Pictures are decoded one at a time: a large one takes 100 MB of memory.
    """
    try:
        content = await fetcher.fetch(picture.address)
        async with decoding:
            await anyio.to_thread.run_sync(_store, context, picture.post_id, content)
    except (PictureError, InvalidInputError) as error:
        is_final = not isinstance(error, PictureError) or error.is_final
        refuse = partial(_refuse, context, picture.post_id, str(error), is_final=is_final)
        await anyio.to_thread.run_sync(refuse)
        return False
    return True


def _waiting(context: JobContext) -> list[WaitingPicture]:
    with context.database.read() as session:
        return waiting_pictures(session, MOST_PER_RUN)


def _store(context: JobContext, post_id: int, content: bytes) -> None:
    thumbnail = make_thumbnail(content)
    name = write_file(picture_folder(context.settings.data_dir), thumbnail.content)
    with context.database.write() as session:
        record_stored(session, post_id, name, len(thumbnail.content), context.clock())


def _refuse(context: JobContext, post_id: int, problem: str, *, is_final: bool) -> None:
    with context.database.write() as session:
        record_refused(session, post_id, problem, context.clock(), is_final=is_final)


def _make_room(context: JobContext) -> int:
    with context.database.write() as session:
        removed = remove_oldest(session, context.settings.picture_megabytes * MEGABYTE, context.clock())
    with context.database.read() as session:
        sweep(session, picture_folder(context.settings.data_dir))
    return removed
