// Drawer and dialog: a page of ours shown over the page one is on, at its own address. `Back` and Esc return to what was
// there, as it was; reload and "open as page" show the same address as a page.
//
//   <a href="/books/1" data-drawer>   opens in the drawer          <a href="/books/new" data-dialog>   in the dialog
//   <a href="/books/1#write" data-write>   in the drawer, at the box one writes in about the record
//   <a … data-dialog data-go>         and goes where its form leads
//   inside: <a data-inside> stays in the layer, <a data-close> closes it, <a href="?tab=…"> of the same path stays anyway
//
// Every page can stand in a layer: asked for with `X-Inside` it answers its content alone (pages/shell.html), and a form
// posted in a layer is told where it would have gone, instead of being sent there (visit.went).
import { mayLeave, saved, unsaved } from "./guard.js";
import { settle, takeSaid, toast, toasts } from "./say.js";
import { fetchInside, forget, plain, wait } from "./waiting.js";
import { el, t } from "./words.js";

const KINDS = ["drawer", "dialog"];
const at = (url = location.href) => { const to = new URL(url, location.href); return to.pathname + to.search; };
const path = (url) => new URL(url, location.href).pathname;
const layers = Object.fromEntries(KINDS.map((kind) => [kind, { url: "", title: "", depth: 0, asked: 0, changed: false, opener: null }]));
let base = at();
let title = document.title;

const box = (kind) => document.getElementById(kind);
const content = (kind) => box(kind).querySelector(".content");
const top = () => [...KINDS].reverse().find((kind) => layers[kind].url) ?? "";
// What an entry of the history says: the page, the layers over it, and how many entries each layer takes.
const now = () => ({ base, depth: KINDS.map((kind) => layers[kind].depth), ...Object.fromEntries(KINDS.map((kind) => [kind, layers[kind].url])) });

// A layer's address outlives a reload as a page; what was under it then is another document.
function known() {
  if (JSON.stringify(history.state?.gx) !== JSON.stringify(now())) history.replaceState({ ...history.state, gx: now() }, "");
}
if (history.state?.gx) known();
else (globalThis.requestIdleCallback ?? setTimeout)(() => { if (!top()) known(); });

document.addEventListener("htmx:pushedIntoHistory", () => { if (!top()) base = at(); });

// The page under the layers is another one now, at the address one is at.
export function stand(name) {
  base = at();
  document.title = title = `${name} · ${t("关系", "Guanxi")}`;
  known();
}

// The scripts that content asks for run, once each in a document; what is promised is that they have.
const ran = new Map([...document.scripts].map((script) => [script.src, null]));
export function bring(content) {
  for (const one of content.querySelectorAll("link[rel=island], script[src]")) {
    const src = one.href ?? one.src;
    if (ran.has(src)) continue;
    const script = el("script", { src, type: one.matches("link") ? "module" : null });
    ran.set(src, new Promise((done) => { script.onload = script.onerror = done; }));
    document.head.append(script);
  }
  return Promise.all([...ran.values()]);
}

// New content begins: its scripts run, and what it has to say is said.
function begin(into) {
  bring(into);
  globalThis.htmx?.process(into);
  takeSaid(into);
}

// The page under the layers, put anew. Nobody who was in it is thrown to its top; on another page one begins at its content.
export function put(main, nodes, same = true) {
  const had = document.activeElement, focused = main.contains(had);
  main.replaceChildren(...nodes);
  begin(main);
  if (focused || !same) ((same && again(had)) || main).focus({ preventScroll: true });
}

function fill(kind, html) {
  const into = content(kind);
  into.scrollTop = 0;
  into.innerHTML = html;
  const inner = into.querySelector(".inside");
  const name = inner?.dataset.title ?? "";
  box(kind).setAttribute("aria-label", name);
  document.title = layers[kind].title = `${name} · ${t("关系", "Guanxi")}`;
  begin(into);
  neighbours();
  into.dispatchEvent(new CustomEvent("gx:filled", { bubbles: true, detail: { kind } }));
}

// The drawer first stands over the page, and is modal once it was seen: to make the rest of a long list inert takes as long as
// to draw a record.
function show(kind) {
  const it = box(kind);
  if (it.open) return;
  if (kind !== "drawer" || document.querySelector("dialog:modal")) return it.showModal();
  it.style.animation = "";
  it.show();
  const idle = globalThis.requestIdleCallback ?? ((then) => setTimeout(then, 50));
  requestAnimationFrame(() => idle(() => {
    if (!it.open || it.matches(":modal")) return;
    const had = document.activeElement;
    it.addEventListener("close", (event) => event.stopImmediatePropagation(), { once: true, capture: true });
    it.style.animation = "none"; // it slid in once
    it.close();
    it.showModal();
    had?.focus({ preventScroll: true });
  }, { timeout: 300 }));
}

// After what was asked for is there: the first field at fault or to fill in a form, else the layer's own heading.
function focus(kind) {
  const into = content(kind);
  const field = into.querySelector("[aria-invalid=true]") ?? (kind === "dialog" ? into.querySelector("[autofocus], form :is(input:not([type=hidden]), select, textarea):not([disabled])") : location.hash === "#write" ? into.querySelector("#write") : null);
  const to = field ?? into;
  to.focus({ preventScroll: !field });
  if (!field && location.hash.length > 1) into.querySelector(`[id="${CSS.escape(location.hash.slice(1))}"]`)?.scrollIntoView();
}

async function load(kind, url, answering = fetchInside(url, kind)) {
  const layer = layers[kind], asked = ++layer.asked;
  layer.url = at(url);
  const slow = setTimeout(() => {
    if (asked !== layer.asked) return;
    content(kind).replaceChildren(el("div.skeleton", { "aria-hidden": "true" }, ...Array.from({ length: 8 }, () => el("i"))));
    show(kind);
  }, 300);
  try {
    const answer = await wait(answering);
    if (asked !== layer.asked) return;
    if (answer.redirected && path(answer.url) === "/signin") return location.assign(url);
    if (answer.redirected) history.replaceState({ gx: { ...now(), [kind]: (layer.url = at(answer.url)) } }, "", answer.url);
    const html = await answer.text();
    if (asked !== layer.asked) return;
    clearTimeout(slow);
    fill(kind, html);
    show(kind);
    focus(kind);
  } catch {
    if (asked === layer.asked) location.assign(url);
  } finally { clearTimeout(slow); }
}

// open("drawer", url): the layer and its entry in the history. `replace` keeps the entry (next, previous, tabs).
export function open(kind, url, { replace = false } = {}) {
  const layer = layers[kind], answering = fetchInside(url, kind);
  if (!layer.url) {
    layer.opener = document.activeElement;
    known();
  }
  layer.url = at(url);
  if (!replace) layer.depth++;
  history[replace ? "replaceState" : "pushState"]({ gx: now() }, "", url);
  return load(kind, url, answering);
}

// Close the top layer, by way of the history, so that the address is again what is seen.
export async function close(kind = top()) {
  if (!kind || !layers[kind].url || !(await mayLeave(box(kind)))) return;
  if (layers[kind].depth) history.go(-layers[kind].depth);
  else shut(kind);
}

function shut(kind) {
  const layer = layers[kind], it = box(kind);
  layer.url = "";
  layer.depth = 0;
  layer.asked++;
  if (it.open) it.close();
  content(kind).replaceChildren();
  settle();
  const last = document.querySelector(".shown");
  last?.classList.remove("shown");
  const link = kind === "drawer" ? last?.querySelector("a[data-drawer]") : null;
  (link ?? again(layer.opener))?.focus();
  document.title = layers[top()]?.title ?? title;
  if (layer.changed) {
    layer.changed = false;
    refresh();
  }
}

// What somebody was at, or what stands in its place after the page under it was read anew.
function again(had) {
  if (!had || had.isConnected) return had;
  const words = (one) => one.textContent.replace(/[↑↓]/g, "").trim();
  const all = (wanted) => [...document.querySelectorAll(`#main ${wanted}`), ...document.querySelectorAll(wanted)].filter((one) => one.checkVisibility() && !one.disabled);
  if (had.id) return all(`#${CSS.escape(had.id)}`)[0];
  if (had.name) {
    const named = all(`${had.localName}[name="${CSS.escape(had.name)}"]`);
    return named.find((one) => had.ariaLabel && one.ariaLabel === had.ariaLabel) ?? named.find((one) => one.value === had.value || !["checkbox", "radio", "submit"].includes(one.type));
  }
  if (!had.href) return null;
  return all(`a[href="${CSS.escape(had.getAttribute("href"))}"]`)[0] ?? all("a").find((one) => words(one) && words(one) === words(had));
}

// Nor is anybody in a part that is drawn anew.
let was = null;
document.addEventListener("htmx:beforeSwap", ({ detail }) => { was = detail.target?.contains(document.activeElement) ? document.activeElement : null; });
document.addEventListener("htmx:afterSettle", () => {
  if (was && !was.isConnected && document.activeElement === document.body) (again(was) ?? document.getElementById("main"))?.focus({ preventScroll: true });
  was = null;
});

addEventListener("popstate", async (event) => {
  if (event.state?.htmx) return;
  const wanted = event.state?.gx ?? { base: at(), drawer: "", dialog: "" }, other = wanted.base !== base;
  const leaving = KINDS.find((kind) => layers[kind].url && layers[kind].url !== wanted[kind] && unsaved(box(kind)));
  const left = leaving ? box(leaving) : other && !top() ? document.getElementById("main") : null;
  if (left && unsaved(left)) {
    history.pushState({ gx: now() }, "", layers[top()]?.url ?? base);
    if (await mayLeave(left)) history.back();
    return;
  }
  if (!other) return arrange(wanted);
  for (const kind of KINDS) if (layers[kind].url) { layers[kind].changed = false; shut(kind); }
  document.dispatchEvent(new CustomEvent("gx:turn", { detail: { base: wanted.base, scrolled: event.state?.scrolled ?? 0, then: () => arrange(wanted) } }));
});

// The layers as an entry of the history says.
function arrange(wanted) {
  for (const kind of [...KINDS].reverse()) {
    layers[kind].depth = wanted.depth?.[KINDS.indexOf(kind)] ?? 0;
    if (layers[kind].url && !wanted[kind]) shut(kind);
    else if (wanted[kind] && wanted[kind] !== layers[kind].url) load(kind, wanted[kind]);
  }
}

// Read the page under the layers anew, where it stands. An island that knows better cancels `gx:refresh`.
export async function refresh() {
  forget();
  const main = document.getElementById("main");
  if (!main.dispatchEvent(new CustomEvent("gx:refresh", { bubbles: true, cancelable: true }))) return;
  const read = base, answer = await wait(fetch(read, { headers: { "X-Inside": "main" } }), main);
  if (!answer.ok || answer.redirected) return;
  const html = await answer.text(), scrolled = scrollY;
  if (base !== read) return; // somebody went on to another page meanwhile
  put(main, new DOMParser().parseFromString(html, "text/html").querySelector(".inside").childNodes);
  scrollTo({ top: scrolled, behavior: "instant" });
}

// The records before and after the one in the drawer, in the order of the list under it.
const listed = () => [...new Map([...document.querySelectorAll("#main a[data-drawer]")].map((link) => [path(link.href), link])).values()];
function beside(step) {
  const links = listed(), here = links.findIndex((link) => path(link.href) === path(layers.drawer.url || "/"));
  return here < 0 ? null : links[here + step] ?? null;
}
function neighbours() {
  const it = box("drawer");
  for (const button of it.querySelectorAll("[data-step]")) button.disabled = !beside(Number(button.dataset.step));
  it.querySelector("[data-page]").href = layers.drawer.url;
  document.querySelectorAll(".shown").forEach((row) => row.classList.remove("shown"));
  beside(0)?.closest("tr, li, article, .card")?.classList.add("shown");
}
export async function step(by) {
  const link = layers.drawer.url && !layers.dialog.url ? beside(by) : null;
  if (!link || !(await mayLeave(box("drawer")))) return false;
  await open("drawer", link.href, { replace: true });
  return true;
}
export const openLayer = top;
export const standing = () => base;
// What stands in a layer was changed: the page under it is read anew when the layer closes.
export const changed = () => { if (top()) layers[top()].changed = true; };
// The address of what a part of the page belongs to: the layer's it stands in, or the page's.
export const addressOf = (part) => layers[part.closest("dialog.layer")?.id]?.url || at();

// Before a link is gone to (going.js).
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || !plain(event) || !box("drawer")) return;
  const layer = event.target.closest("dialog.layer");
  const take = () => { event.preventDefault(); event.stopPropagation(); };
  const stepper = event.target.closest("[data-step]");
  if (stepper) { take(); return void step(Number(stepper.dataset.step)); }
  if (layer && (event.target === layer || event.target.closest("[data-close]"))) { take(); return void close(layer.id); }
  const link = event.target.closest("a[href]");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin || link.matches("[hx-get], [hx-post]")) return;
  const inside = layer && content(layer.id).contains(link) ? layer.id : "";
  const kind = link.hasAttribute("data-dialog") ? "dialog" : link.matches("[data-drawer], [data-write]") ? "drawer" : "";
  const same = inside && path(link.href) === path(layers[inside].url) && !link.hash;
  if (kind && !(kind === "drawer" && inside === "dialog")) { take(); open(kind, link.href); }
  else if (inside && (same || link.hasAttribute("data-inside"))) { take(); open(inside, link.href, { replace: same }); }
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !top()) return;
  if (document.querySelector("dialog:modal:not(.layer)")) return;
  event.preventDefault();
  close();
});
for (const kind of KINDS) box(kind)?.addEventListener("cancel", (event) => { if (event.target === box(kind)) { event.preventDefault(); close(kind); } });

// A form in a layer is sent from the layer and answered in it.
document.addEventListener("submit", (event) => {
  const form = event.target, layer = form.closest("dialog.layer");
  if (event.defaultPrevented || !layer || form.method === "dialog" || form.matches("[hx-get], [hx-post], [data-plain], [data-offline]")) return;
  event.preventDefault();
  send(form, event.submitter, layer.id);
});

export async function send(form, submitter, kind) {
  const to = submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? layers[kind].url;
  const data = new FormData(form, submitter);
  if (form.method === "get") return open(kind, `${path(to || layers[kind].url)}?${new URLSearchParams(data)}`, { replace: true });
  if (form.getAttribute("aria-busy")) return;
  const answer = await wait(fetch(to || layers[kind].url, { method: "POST", body: data, headers: { "X-Inside": kind } }), form).catch(() => null);
  if (!answer) return void toast(t("连不上服务器，内容还在，请稍后再保存。", "No connection. What you typed is still here; save again later."), { kind: "wrong" });
  if (answer.redirected && path(answer.url) === "/signin") return location.assign(answer.url);
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) return refill(kind, await answer.text());
  saved(form);
  arrived(kind, await answer.json());
}

// A form that was refused, drawn anew where it stood: in its layer, or on the page itself.
export function refill(kind, html) {
  if (kind) { fill(kind, html); return focus(kind); }
  const main = document.getElementById("main");
  main.innerHTML = html;
  globalThis.htmx?.process(main);
  (main.querySelector("[aria-invalid=true]") ?? main).focus();
}

// What happens after a form in a layer was taken.
export async function arrived(kind, { went, said }) {
  const again = path(went) === path(layers[kind].url);
  // What was made is the page to go on with: a saved view, say, not the list it was made of.
  if (layers[kind].opener?.matches?.("[data-go]")) return location.assign(went);
  document.dispatchEvent(new CustomEvent("gx:went", { detail: { went } }));
  if (kind === "dialog") {
    if (again && at(went) === layers.dialog.url) { toasts(said); layers.dialog.changed = true; return load("dialog", went); }
    const link = [base, layers.drawer.url].map((url) => url && path(url)).includes(path(went)) ? "" : went;
    layers.dialog.changed = false;
    toasts(said.map((one) => (one.link || one.kind !== "done" ? one : { ...one, link })));
    await gone("dialog");
    if (layers.drawer.url) { layers.drawer.changed = true; return load("drawer", layers.drawer.url); }
    return refresh();
  }
  toasts(said);
  layers.drawer.changed = true;
  if (path(went) === path(base)) return close("drawer");
  if (at(went) !== layers.drawer.url) {
    layers.drawer.url = at(went);
    history.replaceState({ gx: now() }, "", went);
  }
  return load("drawer", went);
}

const gone = (kind) => new Promise((done) => {
  box(kind).addEventListener("close", () => setTimeout(done), { once: true });
  close(kind);
});

begin(document);
