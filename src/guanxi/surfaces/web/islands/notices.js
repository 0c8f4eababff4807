// The bell's panel: the latest notices, walked by keyboard, marked without closing it.
import { toasts } from "./say.js";
import { el, t } from "./words.js";

let shown = "/notices", bell = null, count = () => {};
const box = document.body.appendChild(el("div", { id: "bell", popover: "auto", role: "dialog", "aria-label": t("消息", "Notices") }));

async function fill(url) {
  const answer = await fetch(url, { headers: { "X-Inside": "panel", Accept: "text/html" } });
  if (answer.redirected || !answer.ok) return location.assign("/notices");
  shown = url;
  const focused = box.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  box.innerHTML = await answer.text();
  if (focused) (box.querySelector(`a[href="${CSS.escape(focused)}"]`) ?? box.querySelector("a"))?.focus({ preventScroll: true });
  return true;
}

export async function toggle(link, recount) {
  bell = link;
  count = recount;
  if (box.matches(":popover-open")) return box.hidePopover();
  box.replaceChildren();
  if (!(await fill("/notices"))) return;
  const { right, bottom } = bell.getBoundingClientRect();
  box.style.setProperty("--right", `${Math.max(8, innerWidth - right - 60)}px`);
  box.style.setProperty("--under", `${bottom + 8}px`);
  box.showPopover();
  (box.querySelector(".notices a") ?? box.querySelector("a"))?.focus({ preventScroll: true });
  count();
}

box.addEventListener("toggle", ({ newState }) => {
  bell.setAttribute("aria-expanded", String(newState === "open"));
  if (newState === "closed" && (box.contains(document.activeElement) || document.activeElement === document.body)) bell.focus({ preventScroll: true });
});

box.addEventListener("click", (event) => {
  const tab = event.target.closest(".views a");
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  fill(tab.getAttribute("href")).then(() => count());
});

document.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key], all = by && box.matches(":popover-open") ? [...box.querySelectorAll(".notices a")] : [];
  if (!all.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  all[Math.max(0, Math.min(all.length - 1, all.indexOf(document.activeElement.closest("li")?.querySelector("a")) + by))].focus();
}, true);

box.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch(event.target.action, { method: "POST", body: new FormData(event.target, event.submitter), headers: { "X-Inside": "panel" } });
  if (answer.ok && answer.headers.get("Content-Type")?.includes("json")) toasts((await answer.json()).said);
  await fill(shown);
  count();
});

document.addEventListener("gx:told", () => { if (box.matches(":popover-open")) fill(shown); });
