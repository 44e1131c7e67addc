"""Writes the pictures of the README: the demo's pages in light, in dark, and at the width of a phone.

`python3 dev.py screenshots` runs this. SOPHIA_CHROMIUM names the browser.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
# Name: width, height and colour scheme.
SCREENS: dict[str, tuple[int, int, Literal["light", "dark"]]] = {
    "light": (1280, 800, "light"),
    "dark": (1280, 800, "dark"),
    "phone": (390, 844, "light"),
}
SIGN_IN = re.compile(r"http://127\.0\.0\.1:\d+/sign-in/[\w-]+")


@contextmanager
def demo() -> Iterator[str]:
    """Run the demo, and yield the address that signs in."""
    with TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "sophia", "demo", "--port", "0", "--dir", f"{folder}/demo")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)  # noqa: S603 - our own command
        try:
            lines = map(SIGN_IN.search, process.stdout or ())
            address = next((match.group() for match in lines if match is not None), None)
            if address is None:
                sys.exit("The demo ended before it printed an address that signs in.")
            yield address
        finally:
            # A shell that runs this in the background makes its processes ignore SIGINT.
            process.terminate()
            process.communicate(timeout=60)


def sign_in(browser: Browser, address: str) -> list[Any]:
    """Use the address up, and return the cookies of the session."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/portfolio")
    cookies = context.cookies()
    context.close()
    return [{"name": cookie["name"], "value": cookie["value"], "url": page_origin(address)} for cookie in cookies]


def page_origin(address: str) -> str:
    return address.partition("/sign-in/")[0]


def addresses(page: Page, origin: str) -> dict[str, str]:
    """Return the address of each page: the first client of the portfolio, and its report."""
    page.goto(f"{origin}/portfolio")
    client = page.locator("table a[href*='/clients/']").first.get_attribute("href") or ""
    path = client.partition("?")[0]
    return {"portfolio": "/portfolio", "client": path, "report": f"{path}/report"}


def take(browser: Browser, address: str) -> None:
    cookies, origin = sign_in(browser, address), page_origin(address)
    for screen, (width, height, scheme) in SCREENS.items():
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.add_cookies(cookies)
        page = context.new_page()
        for name, path in addresses(page, origin).items():
            page.goto(f"{origin}{path}")
            picture = PICTURES / f"{name}-{screen}.png"
            page.screenshot(path=picture)
            print(f"{picture.relative_to(Path.cwd())}: {picture.stat().st_size / 1000:.0f} kB")
        context.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        browser = playwright.chromium.launch(executable_path=os.environ["SOPHIA_CHROMIUM"], args=flags)
        take(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
