// What others do while a page stands open. One stream of events for a visible page, closed while it is hidden; it names
// records, and what shows them is read again with the rights of whoever looks.
//
//   <… data-here="/customers/ID" data-csrf>   a record somebody has before them: renewed, with who else looks at it
//   <… data-watch="customer task" id>         a part that shows records of these objects
//   document "gx:changed" {object, id}        what others may want to know of; {} when it may be anything
import { refresh } from "./layers.js";
import { mark, read, renew } from "./renew.js";
import { fresh } from "./rows.js";
import { toast } from "./say.js";
import { el, t } from "./words.js";

const BEAT = 14000, SILENT = 45000, HIDDEN = 15000, SOON = 400, PARTS = 5000, PAGES = 30000;
const tab = Math.random().toString(36).slice(2), me = document.body.dataset.me;
let source = null, asked = "", last = "", heard = 0, failures = 0, again = 0, hidden = 0, over = false, left = false;

// -- the stream --------------------------------------------------------------------------------------------------------

function wanted() {
  const query = new URLSearchParams(), objects = new Set();
  for (const one of document.querySelectorAll("[data-here]")) query.append("record", one.dataset.here.slice(1));
  for (const one of document.querySelectorAll("[data-watch]")) one.dataset.watch.split(" ").forEach((name) => name && objects.add(name));
  if (document.querySelector("[data-bell]")) objects.add("notice");
  const records = [...new Set(query.getAll("record"))];
  if (!records.length && !objects.size) return "";
  const said = new URLSearchParams(records.map((one) => ["record", one]));
  if (objects.size) said.set("objects", [...objects].join(","));
  return said.toString();
}

function close() { source?.close(); source = null; asked = ""; }

function connect(query) {
  close();
  asked = query;
  if (!query || over) return;
  heard = Date.now();
  const it = (source = new EventSource(`/api/v1/events?${query}${last ? `&since=${last}` : ""}`));
  const on = (kind, act) => it.addEventListener(kind, (event) => {
    heard = Date.now();
    failures = 0;
    if (event.lastEventId) last = event.lastEventId;
    if (source === it) act(JSON.parse(event.data));
  });
  on("beat", () => {});
  on("changed", changed);
  on("here", present);
  on("gone", gone);
  on("refresh", much);
  on("end", () => { over = true; close(); });
  it.onerror = () => {
    if (source !== it || it.readyState !== EventSource.CLOSED) return;
    close();
    again = Date.now() + Math.min(60000, 2000 * 2 ** failures++) * (0.5 + Math.random());
  };
}

function tick() {
  if (over || left) return;
  const now = Date.now();
  if (!document.hidden) hidden = 0;
  else if (!hidden) hidden = now;
  const query = hidden && now - hidden > HIDDEN ? "" : wanted();
  if (source && now - heard > SILENT) close(); // the machine slept, or the line is dead
  if (query !== asked && now > again) connect(query);
  look(now);
}

// -- who is here -------------------------------------------------------------------------------------------------------

const said = new Map(), people = new Map();
let words = 0;
const edits = (one) => one.matches("form") || Boolean(one.querySelector("form.value"));

// Said when it changes and every 14 seconds; whoever is not heard of for 30 is gone.
function look(now, leaving = false) {
  const here = new Map();
  for (const one of leaving ? [] : document.querySelectorAll("[data-here]")) {
    const held = here.get(one.dataset.here), editing = held?.state === "edit" || edits(one);
    if (!document.hidden || editing) here.set(one.dataset.here, { state: editing ? "edit" : "look", csrf: one.dataset.csrf });
  }
  for (const [place, { state, csrf }] of here) {
    const held = said.get(place);
    if (held?.state !== state || now - held.at > BEAT) { said.set(place, { state, csrf, at: now }); say(place, state, csrf); }
  }
  for (const [place, { csrf }] of said) if (!here.has(place)) { said.delete(place); people.delete(place); say(place, "gone", csrf); }
}

function say(place, state, csrf) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: csrf, tab, state, word: ++words }); // of a form in parts nothing arrives from a page that is left
  if (state === "gone") navigator.sendBeacon(`${place}/here`, body);
  else fetch(`${place}/here`, { method: "POST", body }).then((answer) => { if (answer.redirected) over = true; }).catch(() => {});
}

const of = (id) => [...document.querySelectorAll("[data-here]")].filter((one) => one.dataset.here.endsWith(`/${id}`));

function present({ id, people: there }) {
  for (const one of of(id)) people.set(one.dataset.here, there);
  draw();
}

function draw() {
  for (const one of document.querySelectorAll("[data-here]")) {
    const place = one.querySelector(".heading .does") ?? one.closest(".inside, #main")?.querySelector(".heading"), there = people.get(one.dataset.here) ?? [];
    if (!place) continue;
    const now = there.map(({ name, edits }) => [name, edits ? t("正在编辑", "is editing") : t("正在查看", "is looking")]);
    const key = now.join(";"), held = place.querySelector(".present");
    if (held?.dataset.key === key || (!held && !now.length)) continue;
    held?.remove();
    if (!now.length) continue;
    const writing = there.filter(({ edits }) => edits).map(({ name }) => name);
    const made = el("span.present", { role: "status", "data-key": key },
      ...now.slice(0, 4).map(([name, does], at) => el(there[at].edits ? "span.avatar.edits" : "span.avatar", { title: `${name} ${does}`, role: "img", "aria-label": `${name} ${does}` }, name.trim().slice(0, 1))),
      now.length > 4 && el("span.faint", { title: now.map(([name]) => name).join(t("、", ", ")) }, `+${now.length - 4}`),
      writing.length > 0 && el("small", {}, `${writing.join(t("、", ", "))} ${t("正在编辑", "is editing")}`));
    place.prepend(made);
    if (place.matches(".heading")) place.append(made);
  }
}

// -- what changed ------------------------------------------------------------------------------------------------------

const later = new Map();

// Done once after a while, however often it is asked for; at most every `every` milliseconds.
function soon(key, act, every = 0) {
  const held = later.get(key) ?? { at: 0, timer: 0 };
  later.set(key, held);
  if (held.timer) return;
  const wait = Math.max(SOON, held.at + every - Date.now()) * (1 + Math.random() / 4);
  held.timer = setTimeout(() => { held.timer = 0; held.at = Date.now(); act(); }, wait);
}

const ids = new Map(), authors = new WeakMap();
function changed({ object, id, version, by, of: owners = [] }) {
  document.dispatchEvent(new CustomEvent("gx:changed", { detail: { object, id } }));
  const other = by && by.id !== me ? by.label ?? "" : null;
  for (const page of [id, ...owners].flatMap(of)) {
    if (!page.matches("div.record") || (page.dataset.here.endsWith(id) && page.dataset.version === version)) continue;
    authors.set(page, authors.get(page) ?? other);
    soon(page, () => { const name = authors.get(page) ?? null; authors.delete(page); if (page.isConnected) renew(page, name); });
  }
  for (const part of document.querySelectorAll(`[data-watch~="${CSS.escape(object)}"]`)) {
    if (part.dataset.rows) {
      if (!ids.has(part)) ids.set(part, new Set());
      ids.get(part).add(id);
      soon(part, () => { const some = [...ids.get(part)]; ids.delete(part); if (part.isConnected) fresh(part, some, refresh); });
      soon("tabs", tabs, 10000);
    } else soon("parts", parts, part.matches("gx-board, gx-calendar") ? PARTS : PAGES);
  }
}

function gone({ id }) {
  for (const page of of(id)) {
    if (!page.matches("div.record") || page.dataset.gone) continue;
    page.dataset.gone = "1";
    toast(t("这条记录已被删除，或您已不能查看。", "This record was deleted, or you may no longer see it."), { kind: "warning" });
  }
}

function much() {
  document.dispatchEvent(new CustomEvent("gx:changed", { detail: {} }));
  for (const page of document.querySelectorAll("div.record[data-here]")) soon(page, () => page.isConnected && renew(page), 10000);
  for (const part of document.querySelectorAll("[data-watch]")) {
    if (part.dataset.rows) fresh(part, null, refresh);
    else soon("parts", parts, PAGES);
  }
}

// Parts drawn anew as a whole, except where a hand is at work.
async function parts() {
  const at = base(), made = await read(at);
  if (base() !== at) return; // somebody went on to another page meanwhile
  for (const part of made ? document.querySelectorAll("#main [data-watch][id]:not([data-rows])") : []) {
    const other = made.getElementById(part.id);
    if (!other || part.matches(".dragging") || part.querySelector(":focus-within:is(form), .moving, .dragging, [aria-busy], details.menu[open]")) continue;
    if (part.matches("gx-board")) board(part, other);
    else if (!same(part, other)) {
      const opened = part.querySelector("gx-chart details")?.open;
      part.replaceChildren(...other.childNodes);
      if (opened) part.querySelector("gx-chart details")?.setAttribute("open", "");
      globalThis.htmx?.process(part);
    }
  }
}

// A chart is drawn over its table: the words of that say whether it changed.
const same = (part, other) => (part.querySelector("gx-chart") ? part.textContent === other.textContent : part.innerHTML === other.innerHTML);

const base = () => history.state?.gx?.base ?? location.href;

function board(part, made) {
  const stay = part.hold?.();
  for (const one of made.querySelectorAll(".lanehead, .slips")) {
    const old = document.getElementById(one.id);
    if (!old || old.innerHTML === one.innerHTML) continue;
    if (one.matches(".slips")) cards(old, one);
    else old.replaceWith(one);
  }
  stay?.();
}

// Cards that did not change stay what they are; those asked for by "more" stay behind the others.
function cards(old, made) {
  const held = new Map([...old.children].map((one) => [one.id, one]));
  const after = [...made.children].map((one) => {
    const was = held.get(one.id);
    held.delete(one.id);
    if (was?.innerHTML === one.innerHTML && was.className === one.className) return was;
    if (one.matches(".slip")) mark(one);
    return one;
  });
  if (made.querySelector(".further") && !old.querySelector(".further")) after.splice(-1, 1, ...[...held.values()].filter((one) => one.matches(".slip")));
  old.replaceChildren(...after);
}

async function tabs() {
  const nav = document.querySelector("#list nav.views"), list = document.querySelector("[data-watch][data-rows]");
  if (!nav || !list) return;
  const made = await read(`/${list.dataset.rows}/tabs?view=${encodeURIComponent(new URL(base(), location.href).searchParams.get("view") ?? "")}`);
  const other = made?.querySelector("nav.views");
  if (other && nav.isConnected) nav.replaceChildren(...other.childNodes);
  delete nav.dataset.uncounted;
}

// How many records a long list means, and each of its views, comes after the list.
async function total(asks) {
  const made = (await read(asks.dataset.ask))?.querySelector(".count");
  if (made && asks.isConnected) asks.replaceWith(made);
}
const counts = () => {
  const asks = document.querySelector(".count[data-ask]");
  if (asks) setTimeout(total, 50, asks);
  if (document.querySelector("#list nav.views[data-uncounted]")) setTimeout(tabs, 50);
};
counts();
document.addEventListener("gx:filled", counts);
document.addEventListener("gx:renewed", draw);
document.addEventListener("visibilitychange", tick);
addEventListener("online", tick);
// Nothing is said after "gone", until the page comes back.
addEventListener("pagehide", () => { left = true; look(0, true); close(); });
addEventListener("pageshow", () => { left = false; tick(); });
setInterval(tick, 1000);
tick();
