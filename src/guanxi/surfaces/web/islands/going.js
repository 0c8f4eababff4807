// From page to page in place: what a link or a filter leads to is fetched as content alone and put where the last page's was. The
// shell, its scripts and the stream of events stay, so nothing is loaded, read and laid out twice. Everything else - the
// settings from daily work, files, another site, an answer that is no page of ours - is gone to by the browser, and so is a link
// or form with `data-plain`.
import { mayLeave } from "./guard.js";
import { bring, openLayer, put, refill, refresh, stand, standing } from "./layers.js";
import { fetchInside, plain, wait } from "./waiting.js";

const main = () => document.getElementById("main");
const area = document.body.dataset.area ?? "";
let asked = 0;

// go(address): as if one had gone there by a link. `back`: one is there by the history; how far that page was scrolled.
export async function go(url, back = null) {
  const to = new URL(url, location.href), turn = ++asked;
  if (!main() || openLayer() || !document.querySelector("nav.sider")) return location.assign(to);
  if (!back && !(await mayLeave(main()))) return;
  const answer = await wait(fetchInside(to.href, "main"), main()).catch(() => null);
  const html = answer?.headers.get("Content-Type")?.startsWith("text/html") ? await answer.text() : "";
  if (turn !== asked) return;
  const made = html && new DOMParser().parseFromString(html, "text/html").querySelector(".inside");
  const at = new URL(answer?.redirected ? answer.url : to, location.href);
  at.hash = to.hash;
  const from = new URL(standing(), location.href).pathname;
  // What belongs elsewhere, and what the server does not say as a page's content, the browser asks for itself.
  if (!made || ((made.dataset.area ?? "") !== area && at.pathname !== from)) return back ? location.reload() : location.assign(to);
  await bring(made);
  if (turn !== asked) return;
  if (!back) {
    history.replaceState({ ...history.state, scrolled: scrollY }, "");
    history.pushState({}, "", at);
  }
  stand(made.dataset.title);
  around(at.pathname);
  for (const place of [document.body, main()]) delete place.dataset.old;
  if ("old" in made.dataset) main().dataset.old = "";
  put(main(), made.childNodes, at.pathname === from);
  scrollTo({ top: back?.scrolled ?? 0, behavior: "instant" });
  main().dispatchEvent(new CustomEvent("gx:filled", { bubbles: true, detail: { kind: "page" } }));
  if (at.hash) document.getElementById(decodeURIComponent(at.hash.slice(1)))?.scrollIntoView();
}

// What the shell says of where one is.
function around(path) {
  const links = [...document.querySelectorAll(":is(.sider, .sheet, .bottom) a[href], .top a.bell")].filter((one) => !one.matches(".brand"));
  const of = (one) => new URL(one.dataset.bare ?? one.href, location.href).pathname;
  const near = links.map(of).filter((one) => path === one || (one !== "/" && path.startsWith(`${one}/`))).sort((a, b) => b.length - a.length)[0];
  for (const one of area ? [] : links) { if (of(one) === near) one.setAttribute("aria-current", "page"); else one.removeAttribute("aria-current"); }
  for (const one of document.querySelectorAll(":is(.sider, .top) input[name=next]")) one.value = location.pathname + location.search;
  for (const one of document.querySelectorAll(".top a.help")) one.href = `/help?at=${encodeURIComponent(location.pathname + location.search)}`;
  for (const one of document.querySelectorAll(":popover-open")) one.hidePopover();
}

const leads = (link) => link && !link.target && !link.hasAttribute("download") && link.origin === location.origin && !link.matches("[hx-get], [hx-post], [data-plain], [data-drawer], [data-dialog]") && !/^\/(api|static)\//.test(link.pathname);
const within = (link) => link.hash && link.pathname + link.search === location.pathname + location.search;

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  // Past the navigation, without a mark in the address: whoever came back to that would be put there again, wherever they were.
  if (link?.matches(".skip") && main()) { event.preventDefault(); return main().focus(); }
  if (event.defaultPrevented || !plain(event) || !leads(link) || within(link) || link.closest("dialog") || !main()) return;
  event.preventDefault();
  go(link.href);
});

// A filter, a day, a view: the form's own address with what was chosen.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "get" || form.matches("[data-plain]") || !form.closest("#main")) return;
  event.preventDefault();
  const to = new URL(event.submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? "", location.href);
  to.search = new URLSearchParams([...new FormData(form, event.submitter)].filter(([, value]) => value || !form.matches("[data-live]"))); // empty filters are not spelt out
  go(to);
});

// A form that leads back to its own page: that is read anew where it stands, and whoever is in it stays there.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-stay]")) return;
  event.preventDefault();
  const answer = await wait(fetch(form.action, { method: "POST", body: new FormData(form, event.submitter), headers: { "X-Inside": "main" } }), main()).catch(() => null);
  if (!answer || answer.redirected) location.reload();
  else if (answer.headers.get("Content-Type")?.startsWith("application/json")) refresh();
  else refill("", await answer.text()); // what was refused says why
});

// Back and forward between pages that were gone to in place.
document.addEventListener("gx:turn", ({ detail }) => go(detail.base, detail).then(detail.then));
