// A list in groups: a head folds its rows and opens them again, asking for them at the first time; a group goes on where it stands.
import { wait } from "./waiting.js";

async function rows(url, target) {
  const answer = await wait(fetch(url, { headers: { "X-Inside": "main" }, credentials: "same-origin" }), target).catch(() => null);
  if (!answer?.ok || answer.redirected) return null;
  return [...new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("tbody > tr")];
}

document.addEventListener("click", async (event) => {
  const fold = event.target.closest?.(".bunch button[data-rows]"), further = event.target.closest?.("a[data-further]");
  if (further && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    event.stopPropagation();
    const line = further.closest("tr"), made = await rows(further.dataset.further, line.parentElement);
    if (!made) return location.assign(further.href);
    const had = line.contains(document.activeElement);
    line.replaceWith(...made);
    if (had) made[0]?.querySelector("a.title")?.focus({ preventScroll: true });
  } else if (fold) {
    const body = fold.closest("tbody"), folded = body.hasAttribute("data-folded");
    if (folded && body.rows.length === 1) {
      const made = await rows(fold.dataset.rows, body);
      if (!made) return;
      body.append(...made);
    }
    body.toggleAttribute("data-folded", !folded);
    fold.setAttribute("aria-expanded", String(folded));
  }
}, true);
