// The rows of a list as they stand now: those on the page are drawn anew in place, new ones are announced and nothing moves.
import { mark } from "./renew.js";
import { el, t } from "./words.js";

const idOf = (row) => row.querySelector("a.title")?.pathname.split("/").pop() ?? "";
const news = new WeakMap();
let opened = Date.now();
document.addEventListener("gx:filled", ({ detail }) => { if (detail.kind === "page") opened = Date.now(); });
// The first 48 bits of an id are the time it was made.
const madeAt = (id) => parseInt(id.replace("-", "").slice(0, 12), 16);

export async function fresh(list, ids, refresh) {
  const found = new Set(news.get(list) ?? []);
  if (ids === null) return announce(list, null, refresh);
  const query = new URLSearchParams(new URL(history.state?.gx?.base ?? location.href, location.href).search);
  if (query.get("bin")) return;
  query.delete("after");
  query.set("ids", ids.slice(0, 100).join(","));
  const answer = await fetch(`/${list.dataset.rows}/rows?${query}`, { headers: { "X-Inside": "main" }, credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected || !list.isConnected) return;
  const made = new Map([...new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("tbody tr")].map((row) => [idOf(row), row]));
  const here = new Map([...list.querySelectorAll("tbody tr")].map((row) => [idOf(row), row]));
  for (const id of ids) {
    const row = here.get(id), now = made.get(id);
    if (row && now) swap(row, now);
    else if (row) { row.classList.add("left"); row.title = t("已不在这个列表中", "No longer in this list"); }
    else if (now && (list.dataset.latest || madeAt(id) > opened - 5000)) found.add(id);
  }
  news.set(list, found);
  if (found.size) announce(list, found.size, refresh);
}

// A row keeps its tick and whatever is being edited in it.
function swap(row, now) {
  if (row.querySelector("form, [aria-busy]")) return;
  const cells = [...row.children], others = [...now.children];
  if (cells.length !== others.length) return;
  row.classList.remove("left");
  cells.forEach((cell, at) => {
    if (cell.matches(".pick") || cell.innerHTML === others[at].innerHTML) return;
    const focused = cell.contains(document.activeElement);
    cell.innerHTML = others[at].innerHTML; // the cell itself stays, and so does who is on it
    cell.classList.toggle("none", others[at].classList.contains("none"));
    mark(cell);
    if (focused && document.activeElement !== cell) cell.querySelector("a")?.focus();
  });
}

function announce(list, count, refresh) {
  const text = count === null ? t("有新数据", "New data") : t(`${count} 条新数据`, `${count} new`);
  const held = list.querySelector(".newer");
  if (held) { held.querySelector("span").textContent = text; return; }
  const again = () => refresh();
  list.querySelector(".scroll, .empty, .pager")?.before(el("p.newer", { role: "status" }, el("span", {}, text), el("button", { type: "button", onclick: again }, t("刷新", "Refresh"))));
}
