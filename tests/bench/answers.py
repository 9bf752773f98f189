"""How long a moved slider takes to change the text: with Python there, and before."""

from playwright.sync_api import BrowserContext

from tests.bench.boots import WATCH, opened, wait_until_live
from tests.e2e.server import Fault, StaticServer

MOVES = 100
# A reader who asked to save data: Python waits for the first touch.
SAVE_DATA = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"
# Longer than all moves before Python is there take together.
NEVER_S = 60
# Moves the slider whose ends change the most results to one new place after another, and notes how
# long each answer takes to be in the page.
MOVE = """
async (moves) => {
  const form = document.querySelector("form.hwcalc");
  const results = form.querySelector(".hwcalc-results");
  const quiet = () => new Promise((done) => setTimeout(done, 50));
  const move = (slider, share) => new Promise((done) => {
    const low = Number(slider.min), high = Number(slider.max);
    const give_up = setTimeout(() => { watch.disconnect(); done(null); }, 1000);
    const start = performance.now();
    const watch = new MutationObserver(() => {
      clearTimeout(give_up);
      watch.disconnect();
      done(performance.now() - start);
    });
    watch.observe(results, { characterData: true, childList: true, subtree: true });
    slider.value = low + share * (high - low);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });
  for (const slider of form.querySelectorAll("input[type=range]")) {
    const times = [];
    for (let i = 0; i < moves; i++) {
      // Steps of the golden ratio: every place is new, and far from the last.
      const taken = await move(slider, (0.5 + i * 0.6180339887) % 1);
      await quiet();
      if (taken === null && i > 5 && times.length < i / 2) break;
      if (taken !== null) times.push(taken);
    }
    if (times.length >= moves / 2) return times;
  }
  return [];
}
"""


def after(context: BrowserContext, address: str) -> list[float]:
    """Return how long each of many moves took once Python was there [s]."""
    page = opened(context, address, WATCH)
    wait_until_live(page)
    page.wait_for_load_state("networkidle")
    taken: list[float] = page.evaluate(MOVE, MOVES)
    page.close()
    return checked(taken)


def before(context: BrowserContext, server: StaticServer, address: str) -> list[float]:
    """Return how long moves took while Python was still on its way, as on a slow link [s]."""
    server.faults["*pyodide.asm.wasm"] = Fault(delay=NEVER_S)
    page = opened(context, address, WATCH)
    # What is fetched ahead has come when the page itself has, a screen before it is needed.
    page.wait_for_load_state("load")
    page.wait_for_timeout(1000)
    taken: list[float] = page.evaluate(MOVE, MOVES)
    state = page.locator("form.hwcalc").first.get_attribute("data-state")
    page.close()
    server.faults.clear()
    if state != "loading":
        raise SystemExit(f"Python was there too early: the calculator is {state}.")
    return checked(taken)


def reading(context: BrowserContext, server: StaticServer, address: str) -> int:
    """Return the bytes sent to somebody who reads the page and starts no Python [B]."""
    server.log.clear()
    page = opened(context, address, SAVE_DATA)
    page.wait_for_load_state("networkidle")
    state = page.locator("form.hwcalc").first.get_attribute("data-state")
    page.close()
    if state != "static":
        raise SystemExit(f"Python started although the reader saves data: data-state is {state}.")
    return server.bytes_sent()


def checked(taken: list[float]) -> list[float]:
    """Return the times in seconds; there must be some."""
    if not taken:
        raise SystemExit("No slider of the first calculator changes its results.")
    return [each / 1000 for each in taken]
