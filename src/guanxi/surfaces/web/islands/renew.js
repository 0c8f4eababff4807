// The page of a record read anew where it stands: what somebody is writing in stays, what others changed is marked.
import { addressOf } from "./layers.js";
import { wait } from "./waiting.js";
import { el, t } from "./words.js";

const MARKED = 6000, STAMPS = ["updated_at", "updated_by"];

export const read = async (url, target = null) => {
  const answer = await wait(fetch(url, { headers: { "X-Inside": "main" }, credentials: "same-origin" }), target).catch(() => null);
  return answer?.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
};

// A short mark on what is new; nothing for what the person did themselves.
export function mark(part) {
  part.classList.add("fresh");
  setTimeout(() => part.classList.remove("fresh"), MARKED);
}

const shown = (root) => [...root.querySelectorAll("[data-shown]")];

// renew(page, by): `by` is the name of who changed it, null for nobody else.
export async function renew(page, by = null) {
  const made = await read(addressOf(page));
  while (page.matches(":active")) await new Promise((go) => setTimeout(go, 100)); // nothing is drawn anew under a finger that presses
  if (!made || !page.isConnected) return;
  const version = made.querySelector("div.record[data-version]")?.dataset.version;
  if (version) page.dataset.version = version;
  const before = new Map(), events = new Set([...page.querySelectorAll("[data-event]")].map((one) => one.dataset.event));
  for (const one of shown(page)) if (!before.has(one.dataset.shown)) before.set(one.dataset.shown, one.innerHTML);
  for (const part of page.querySelectorAll("[data-part]")) replace(part, made.querySelector(`[data-part="${part.dataset.part}"]`));
  if (by !== null) tell(page, before, events, by);
  page.dispatchEvent(new CustomEvent("gx:renewed", { bubbles: true }));
}

function replace(part, other) {
  if (!other || part.innerHTML === other.innerHTML || part.querySelector("[aria-busy], details.menu[open]")) return;
  if (part.querySelector("form.value")) {
    const now = new Map(shown(other).map((one) => [one.dataset.shown, one.innerHTML]));
    for (const one of shown(part)) if (now.has(one.dataset.shown)) one.innerHTML = now.get(one.dataset.shown);
    return;
  }
  const had = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const folded = [...part.querySelectorAll("details")].map((one) => one.open);
  [...other.querySelectorAll("details")].forEach((one, at) => { if (at in folded && !one.matches(".menu")) one.open = folded[at]; });
  part.replaceWith(other);
  if (had) other.querySelector(`[href="${CSS.escape(had)}"]`)?.focus();
}

function tell(page, before, events, by) {
  const who = by || t("有人", "Somebody"), said = new Set();
  for (const one of shown(page)) {
    const name = one.dataset.shown;
    if (STAMPS.includes(name) || !before.has(name) || before.get(name) === one.innerHTML) continue;
    mark(one);
    const place = one.closest(".facts [data-value], .facts dd");
    if (!place || said.has(name)) continue;
    said.add(name);
    place.querySelector(".just")?.remove();
    const form = place.querySelector("form.value");
    if (form) {
      const value = el("strong");
      value.innerHTML = one.innerHTML;
      form.querySelector(".keeps")?.before(el("p.just.theirs", { role: "status" }, t(`${who} 刚刚改为 `, `${who} just changed it to `), value));
    } else {
      const hint = el("small.just", { role: "status" }, t(`${who} 刚刚修改`, `${who} just now`));
      place.append(hint);
      setTimeout(() => hint.remove(), MARKED);
    }
  }
  for (const one of page.querySelectorAll("[data-event]")) if (!events.has(one.dataset.event)) mark(one);
}
