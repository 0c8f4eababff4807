// One value changed where it stands: click it (or `e`, or Enter on it), Enter or ✓ saves, Esc leaves it as it was.
//
//   <… data-record><dd data-value><span data-shown="name">…</span><a class="amend" href="/books/1/field/name">…</a></dd>
//
// What a saved value changed besides is drawn anew in every `data-shown` of the same `data-record`; then `gx:changed` tells
// the rest of the page. Without script the link leads to a page with the one field.
import { changed } from "./layers.js";
import { toast } from "./say.js";
import { forget, plain, wait } from "./waiting.js";
import { t } from "./words.js";

const ask = (url, more = {}) => fetch(url, { ...more, headers: { "X-Inside": "value" }, credentials: "same-origin" });
const form = (html) => new DOMParser().parseFromString(html, "text/html").querySelector("form.value");
const first = (made) => made.querySelector("[aria-invalid=true]") ?? made.querySelector(":is(input:not([type=hidden]), select, textarea)");

// edit(place): the input in the place of a value, which has a `data-shown`, and an `a.amend` unless its address is given.
// Answers the form.
export async function edit(place, url = place.querySelector("a.amend").href) {
  const there = place.querySelector("form.value");
  if (there) { first(place)?.focus(); return there; }
  // Busy until the form is here, so that the place is not drawn anew before it stands in it.
  const html = await wait(ask(url).then((answer) => (answer.ok && !answer.redirected ? answer.text() : "")), place).catch(() => "");
  const made = html ? form(html) : null;
  if (!made) return void location.assign(url);
  for (const other of document.querySelectorAll("form.value")) leave(other);
  place.classList.add("editing");
  place.append(made);
  take(place, made);
  return made;
}

function take(place, made) {
  made.addEventListener("submit", (event) => { event.preventDefault(); event.stopPropagation(); save(place, made); });
  made.addEventListener("click", (event) => {
    if (!event.target.closest("[data-cancel]")) return;
    event.preventDefault();
    event.stopPropagation();
    if (made.querySelector(".theirs")) place.dispatchEvent(new CustomEvent("gx:changed", { bubbles: true, detail: { values: {} } }));
    leave(made);
  });
  made.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const box = event.target;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); leave(made); }
    else if (event.key === "Enter" && (event.metaKey || event.ctrlKey || box.matches("select, input[type=checkbox]"))) { event.preventDefault(); event.stopPropagation(); made.requestSubmit(); }
  });
  const field = first(made);
  field?.focus();
  if (field?.matches("input[type=text], input[type=email]")) field.select();
}

export function leave(made) {
  const place = made.parentElement, had = made.contains(document.activeElement);
  made.remove();
  place.classList.remove("editing");
  if (had) (place.querySelector("a.amend") ?? place).focus();
}

// Answers whether it is saved; what is not stays open and says why.
export async function save(place, made) {
  if (made.getAttribute("aria-busy")) return false;
  const answer = await wait(ask(made.action, { method: "POST", body: new FormData(made) }), made).catch(() => null);
  if (!answer) return void toast(t("连不上服务器，内容还在，请稍后再保存。", "No connection. What you typed is still here; save again later."), { kind: "wrong" });
  if (answer.redirected) return void location.assign(answer.url);
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) {
    const again = form(await answer.text());
    if (!again) return void toast(t("没有保存，请刷新页面后再试。", "Not saved. Reload the page and try again."), { kind: "wrong" });
    made.replaceWith(again);
    take(place, again);
    return false;
  }
  const told = await answer.json(), scope = place.closest("[data-record]") ?? place;
  forget();
  changed();
  leave(made);
  for (const [name, html] of Object.entries(told.values)) {
    for (const shown of scope.querySelectorAll(`[data-shown="${CSS.escape(name)}"]`)) shown.innerHTML = html || "—";
  }
  for (const text of told.warnings) toast(text, { kind: "warning" });
  if (told.joined) toast(told.joined, { kind: "note" });
  place.dispatchEvent(new CustomEvent("gx:changed", { bubbles: true, detail: told }));
  return true;
}

document.addEventListener("click", (event) => {
  const place = event.target.closest?.("[data-value]");
  if (!place || !plain(event) || event.target.closest("form")) return;
  const amend = event.target.closest("a.amend");
  if (!amend && (event.target.closest("a, button, summary, img") || !getSelection().isCollapsed)) return;
  event.preventDefault();
  event.stopPropagation();
  edit(place);
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "e" || event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
  const place = document.activeElement?.matches("a.amend") ? document.activeElement.closest("[data-value]") : null;
  if (place) { event.preventDefault(); event.stopPropagation(); edit(place); }
}, true);
