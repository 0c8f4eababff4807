// Waiting: nothing at all for 300 ms, then the skeleton of what is coming, and after a second a bar at the top. And not
// waiting: what somebody is about to open is fetched when they point at it.
import { el } from "./words.js";

const SKELETON = 300, BAR = 1000, HOVER = 65, FRESH = 15000, AHEAD = 4;
let waits = 0, timer = 0;

const bar = () => document.getElementById("progress") ?? document.body.appendChild(el("div", { id: "progress", hidden: true }));

function begin() {
  if (waits++ === 0) timer = setTimeout(() => { bar().hidden = false; }, BAR);
}
function end() {
  waits = Math.max(0, waits - 1);
  if (waits === 0) { clearTimeout(timer); bar().hidden = true; }
}

// wait(promise, target): the target is `aria-busy`, and gets the class `waiting` when it takes longer than 300 ms.
export async function wait(promise, target = null) {
  begin();
  target?.setAttribute("aria-busy", "true");
  const late = setTimeout(() => target?.classList.add("waiting"), SKELETON);
  try { return await promise; } finally {
    clearTimeout(late);
    target?.classList.remove("waiting");
    target?.removeAttribute("aria-busy");
    end();
  }
}

const asked = new WeakMap();
document.addEventListener("htmx:beforeRequest", ({ detail }) => wait(new Promise((done) => asked.set(detail.xhr, done)), detail.target));
document.addEventListener("htmx:afterRequest", ({ detail }) => asked.get(detail.xhr)?.());

// Leaving for another page: the bar only, since the browser shows the page that is left until the next one is there.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || !plain(event) || link.target || link.hasAttribute("download") || link.origin !== location.origin || link.hash) return;
  setTimeout(() => { if (!event.defaultPrevented) begin(); });
});
addEventListener("pageshow", () => { waits = 1; end(); });

// A click that means "here", not "in a new tab".
export const plain = (event) => !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && (event.button ?? 0) === 0;

const ahead = new Map();
const saving = () => navigator.connection?.saveData || /2g/.test(navigator.connection?.effectiveType ?? "");

// The answer to an address as it stands inside a drawer or dialog, perhaps asked for already.
export function fetchInside(url, inside) {
  const key = `${inside} ${url}`, held = ahead.get(key);
  ahead.delete(key);
  return held && Date.now() - held.at < FRESH ? held.answer.catch(() => get(url, inside)) : get(url, inside);
}
const get = (url, inside) => fetch(url, { headers: { "X-Inside": inside, Accept: "text/html" }, credentials: "same-origin" });
export const forget = () => ahead.clear();

function prefetch(link) {
  const inside = link.hasAttribute("data-dialog") ? "dialog" : link.matches("[data-drawer], [data-write]") ? "drawer" : "main", key = `${inside} ${link.href}`;
  if (saving() || link.origin !== location.origin || Date.now() - (ahead.get(key)?.at ?? 0) < FRESH) return;
  while (ahead.size >= AHEAD) ahead.delete(ahead.keys().next().value);
  const answer = get(link.href, inside);
  answer.catch(() => ahead.delete(key));
  ahead.set(key, { at: Date.now(), answer });
}
const meant = (event) => event.target.closest?.("a[data-drawer], a[data-write], a[data-dialog], .sider :not(.settings) > a.item, nav.views a");
let hover = 0;
document.addEventListener("pointerover", (event) => {
  const link = meant(event);
  clearTimeout(hover);
  if (link && event.pointerType === "mouse") hover = setTimeout(() => prefetch(link), HOVER);
}, { passive: true });
document.addEventListener("touchstart", (event) => { const link = meant(event); if (link) prefetch(link); }, { passive: true });
