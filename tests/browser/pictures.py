"""The README's pictures, from a running service that shows the demo: `python -m tests.browser.pictures [http://127.0.0.1:8440]`."""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Locator, Page, async_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZE = {"width": 1280, "height": 720}


async def lineage(page: Page, address: str) -> Page:
    """The model with all around it; what the first violation came from is lit up."""
    await page.goto(f"{address}/ui/lineage?q=%2Bmodel%3Aemployment%2B")
    node = page.locator(".react-flow__node", has_text="baseline_drift_check").first
    await node.wait_for()
    await node.click()
    await page.mouse.move(1, 1)
    return page


async def gates(page: Page, address: str) -> Locator:
    """The gates of the model group, with the evidence of its version."""
    await page.goto(f"{address}/ui/registry/employment")
    await page.get_by_text("Gates and evidence").first.click()
    await page.get_by_role("table").first.wait_for()
    return page.locator("details").first


async def main(address: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for name, scheme, draw in (("lineage", "light", lineage), ("gates", "dark", gates)):
            page = await browser.new_page(viewport=SIZE, color_scheme=scheme)  # type: ignore[arg-type]
            shown = await draw(page, address)
            await page.wait_for_timeout(500)
            await shown.screenshot(path=IMAGES / f"{name}.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(*(sys.argv[1:] or ["http://127.0.0.1:8440"])))
