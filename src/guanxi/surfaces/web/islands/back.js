// Coming back to a list: links to it lead to what was last seen there - filtered, ordered, scrolled - until 清空; and a record's
// own page has the records before and after it in that list. Kept in this tab, for this person; without script links are plain.
import { el, t } from "./words.js";

const me = document.body.dataset.me, KEY = `gx:lists:${me}`, BACK = `${KEY}:back`;
const read = () => { try { return JSON.parse(sessionStorage.getItem(KEY)) ?? {}; } catch { return {}; } };
const write = (held) => { try { sessionStorage.setItem(KEY, JSON.stringify(held)); } catch { /* a full or forbidden store */ } };
const list = () => document.querySelector("#main #list[data-rows]");
const layered = () => document.querySelector("dialog.layer[open]");

const lies = (shown, way) => shown.querySelector(`a[rel=${way}]`)?.getAttribute("href") ?? "";

// What is seen now: the address, how far it is scrolled, the records in order, and where they go on.
function keep(scrolled = scrollY) {
  const shown = list();
  if (!shown || layered() || new URLSearchParams(location.search).has("bin")) return;
  const records = [...new Set([...shown.querySelectorAll("a.title")].map((one) => one.pathname))];
  write({ ...read(), [`/${shown.dataset.rows}`]: { at: location.pathname + location.search, scrolled, records, next: lies(shown, "next"), prev: lies(shown, "prev") } });
}

function drop() {
  const held = read();
  delete held[location.pathname];
  write(held);
}

// Links to the bare list, wherever they stand but on the list itself, lead back.
function lead() {
  const held = read();
  for (const link of document.querySelectorAll(".sider a, .sheet a, .bottom a, .crumb a")) {
    const bare = link.dataset.bare ?? link.getAttribute("href"), kept = held[bare];
    if (!kept) continue;
    link.dataset.bare = bare;
    link.setAttribute("href", kept.at);
  }
  neighbours();
}

function arrive() {
  const before = read()[location.pathname], same = before?.at === location.pathname + location.search;
  const back = sessionStorage.getItem(BACK) === "1";
  sessionStorage.removeItem(BACK);
  keep(same ? before.scrolled : 0);
  if (same && back) scrollTo({ top: before.scrolled, behavior: "instant" });
  lead();
  const page = document.querySelector("#main div.record[data-record]");
  if (page) new MutationObserver(neighbours).observe(page, { childList: true });
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("a[data-clear]")) return drop();
  keep();
  const to = event.target.closest?.("a[data-bare]")?.dataset.bare;
  if (to && to !== location.pathname) sessionStorage.setItem(BACK, "1");
}, true);

// -- before and after --------------------------------------------------------------------------------------------------

function neighbours() {
  const held = read(), page = document.querySelector("#main div.record[data-record]"), does = page?.querySelector(".heading .does");
  if (!does || does.querySelector(".beside")) return;
  const base = location.pathname.split("/").slice(0, 3).join("/"), kept = held[base.split("/").slice(0, 2).join("/")], at = kept?.records.indexOf(base) ?? -1;
  if (at < 0) return;
  const step = (by, text, key, path) => {
    const to = kept.records[at + by], way = by > 0 ? "next" : "prev", more = !to && kept[way];
    const made = el("a.button.square", { href: to ?? (more || null), "aria-label": text, title: `${text} (${key.toUpperCase()})`, "data-key": to || more ? key : null, "aria-disabled": to || more ? null : "true", role: to || more ? null : "link" });
    made.innerHTML = `<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="${path}"/></svg>`;
    if (more) made.addEventListener("click", (event) => { event.preventDefault(); event.stopPropagation(); onward(kept, base, way); });
    return made;
  };
  does.prepend(el("span.beside", {}, el("span.faint", {}, `${at + 1} / ${kept.records.length}${kept.next ? "+" : ""}`), step(-1, t("上一条", "Previous"), "k", "M6 12l4-4 4 4"), step(1, t("下一条", "Next"), "j", "M6 8l4 4 4-4")));
}

// Past the last record of the page, or the first: the page of the list beside it, and its nearest.
async function onward(kept, base, way) {
  const answer = await fetch(kept[way], { headers: { "X-Inside": "main" }, credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || new URL(answer.url).pathname !== new URL(kept[way], location.href).pathname) return location.assign(kept[way]);
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  const more = [...made.querySelectorAll("#list a.title")].map((one) => one.getAttribute("href"));
  const held = read(), name = base.split("/").slice(0, 2).join("/");
  const all = way === "next" ? [...kept.records, ...more].slice(-500) : [...more, ...kept.records.filter((one) => !more.includes(one))].slice(0, 500);
  held[name] = { ...kept, records: all, [way]: lies(made, way) };
  write(held);
  location.assign(all[all.indexOf(base) + (way === "next" ? 1 : -1)] ?? kept.at);
}

document.addEventListener("submit", (event) => { if (event.target.getAttribute("action") === "/signout") sessionStorage.removeItem(KEY); }, true);
addEventListener("pagehide", () => keep());
document.addEventListener("gx:filled", ({ detail }) => { if (me && detail.kind === "page") arrive(); });
if (me) arrive();
