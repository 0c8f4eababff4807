// The keyboard: what every page has, and what stands on this one. An element takes a key by `data-key="e"`; a place of the
// navigation is reached by g and its `data-go`. "?" lists them all.
import { open, openLayer, step } from "./layers.js";
import { show } from "./finder.js";
import { kept } from "./words.js";

const typing = (one) => one?.matches?.("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable=true]");
const seen = (one) => one.checkVisibility?.({ visibilityProperty: true }) ?? one.offsetParent !== null;
const scope = () => (openLayer() ? document.getElementById(openLayer()) : document);
const keyed = () => [...scope().querySelectorAll("[data-key]")].filter((one) => seen(one) && !one.disabled && (openLayer() || !one.closest("dialog.layer")));
const rows = () => [...document.querySelectorAll("#main a[data-drawer]")].filter(seen);
const off = () => kept.get("keys") === "off";
let going = 0;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const command = event.metaKey || event.ctrlKey, modal = document.querySelector("dialog:modal:not(.layer)");
  if (command && event.key.toLowerCase() === "k") { event.preventDefault(); if (!modal) show(); return; }
  if (command && event.key === "Enter") return save(event);
  if (command || event.altKey || modal || typing(event.target)) return;
  if (event.key === "/") { event.preventDefault(); return void show(); }
  if (event.key === "?") { event.preventDefault(); return sheet(); }
  if (event.key === "F1") { event.preventDefault(); return help(); }
  if (off() || (event.shiftKey && event.key.length === 1 && event.key === event.key.toUpperCase())) return;
  if (go(event) || walk(event)) return event.preventDefault();
  const one = keyed().findLast((other) => other.dataset.key === event.key);
  if (one) { event.preventDefault(); press(one); }
});

function press(one) {
  if (typing(one)) return one.focus();
  if (one.matches("summary")) { one.parentElement.open = true; return one.parentElement.querySelector(".pop a, .pop button")?.focus(); }
  one.click();
}

// g, then the letter of a page.
function go(event) {
  if (openLayer()) return false;
  if (event.key === "g" && Date.now() - going > 1500) { going = Date.now(); return true; }
  if (Date.now() - going > 1500) return false;
  going = 0;
  const place = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  place?.click();
  return Boolean(place);
}

// j and k: through the rows of a list, or from record to record in the drawer. x selects, e edits, f writes about the one that is reached.
function walk(event) {
  const by = { j: 1, k: -1 }[event.key];
  if (openLayer() === "drawer") return by ? (step(by), true) : false;
  if (openLayer()) return false;
  const all = rows(), at = all.findIndex((one) => one === document.activeElement || one.closest("tr, li, article")?.contains(document.activeElement));
  if (by && all.length) { all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))].focus(); return true; }
  const row = all[at]?.closest("tr, li, article");
  if (event.key === "x") { const box = row?.querySelector("input[type=checkbox]"); box?.click(); return Boolean(box); }
  const write = event.key === "f" && row?.querySelector("a[data-write]");
  if (write) { write.click(); return true; }
  if (event.key === "e" && at >= 0 && row?.closest("[data-editable]")) { import("./layers.js").then(({ open }) => open("dialog", `${all[at].pathname}/edit`)); return true; }
  return false;
}

// Help with the page one is at, or with what the drawer shows. A form is left alone.
function help() {
  const url = `/help?at=${encodeURIComponent(location.pathname + location.search)}`;
  if (openLayer() === "dialog") window.open(url, "_blank", "noopener"); else open("drawer", url);
}

// ⌘Enter or Ctrl Enter saves the form one is in.
function save(event) {
  const form = document.activeElement?.form ?? scope().querySelector("form[data-guard]");
  const button = form?.querySelector("button.primary:not([name]), button.danger:not([name])");
  if (!button || form.method === "dialog") return;
  event.preventDefault();
  form.requestSubmit(button);
}

// The list of them comes when it is asked for.
const sheet = () => import("./shortcuts.js").then(({ sheet: show }) => show(keyed(), rows(), off()));
document.addEventListener("click", (event) => { if (event.target.closest?.("[data-press=keys]")) sheet(); });
