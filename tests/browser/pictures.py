"""The README's pictures, from a running service that shows the demo: `python -m tests.browser.pictures [http://127.0.0.1:8440]`."""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import FloatRect, Page, async_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM

IMAGES = Path(__file__).parents[2] / "docs" / "images"
Clip = FloatRect | None
SIZE = {"width": 1280, "height": 720}


async def lineage(page: Page, address: str) -> Clip:
    """What a violation of the model's data came from, and the violation beside it."""
    await page.goto(f"{address}/ui/lineage?q=%2Bmodel%3Aemployment%2B")
    node = page.locator(".react-flow__node", has_text="baseline_drift_check").first
    await node.wait_for()
    await node.click()
    await page.get_by_text("Only its own lineage").click()
    await page.get_by_text("34 entities").wait_for()
    await page.wait_for_timeout(500)
    await page.locator(".react-flow__controls-fitview").click()
    await page.mouse.move(1, 1)
    return None


async def gates(page: Page, address: str) -> Clip:
    """The gates of the model group, with the evidence of its version."""
    await page.goto(f"{address}/ui/registry/employment")
    await page.get_by_text("Gates and evidence").first.click()
    await page.get_by_role("table").first.wait_for()
    box = await page.locator("details").first.bounding_box()
    assert box is not None
    # Below are the violations again, one by one.
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": min(box["height"], 850)}


async def main(address: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for name, scheme, draw in (("lineage", "light", lineage), ("gates", "dark", gates)):
            page = await browser.new_page(viewport=SIZE, color_scheme=scheme)  # type: ignore[arg-type]
            clip = await draw(page, address)
            await page.wait_for_timeout(500)
            await page.screenshot(path=IMAGES / f"{name}.png", clip=clip, full_page=clip is not None)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(*(sys.argv[1:] or ["http://127.0.0.1:8440"])))
