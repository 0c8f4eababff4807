// The keyboard: what every page has, and what stands on this one. An element takes a key by `data-key="e"`; a place of the
// navigation is reached by g and its `data-go`. "?" lists them all.
import { openLayer, step } from "./layers.js";
import { show } from "./finder.js";
import { el, kept, t } from "./words.js";

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
  if (place) location.assign(place.href);
  return Boolean(place);
}

// j and k: through the rows of a list, or from record to record in the drawer. x selects, e edits the one that is reached.
function walk(event) {
  const by = { j: 1, k: -1 }[event.key];
  if (openLayer() === "drawer") return by ? (step(by), true) : false;
  if (openLayer()) return false;
  const all = rows(), at = all.findIndex((one) => one === document.activeElement || one.closest("tr, li, article")?.contains(document.activeElement));
  if (by && all.length) { all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))].focus(); return true; }
  const row = all[at]?.closest("tr, li, article");
  if (event.key === "x") { const box = row?.querySelector("input[type=checkbox]"); box?.click(); return Boolean(box); }
  if (event.key === "e" && at >= 0 && row?.closest("[data-editable]")) { import("./layers.js").then(({ open }) => open("dialog", `${all[at].pathname}/edit`)); return true; }
  return false;
}

// ⌘Enter or Ctrl Enter saves the form one is in.
function save(event) {
  const form = document.activeElement?.form ?? scope().querySelector("form[data-guard]");
  const button = form?.querySelector("button.primary:not([name]), button.danger:not([name])");
  if (!button || form.method === "dialog") return;
  event.preventDefault();
  form.requestSubmit(button);
}

const mac = /Mac|iPhone|iPad/.test(navigator.platform);
const COMMAND = mac ? "⌘" : "Ctrl";
function sheet() {
  const line = (keys, what) => el("div", {}, el("dt", {}, what), el("dd", {}, ...keys.flatMap((one) => [el("kbd", {}, one), " "])));
  const name = (one) => one.dataset.keyLabel || one.getAttribute("aria-label") || one.textContent.trim();
  const groups = [[t("通用", "Everywhere"), [
    line([COMMAND, "K"], t("搜索与命令", "Search and commands")), line(["/"], t("搜索", "Search")), line(["?"], t("快捷键", "These keys")),
    line([COMMAND, "↵"], t("保存表单", "Save a form")), line(["Esc"], t("关闭", "Close"))]]];
  const here = [...new Map(keyed().map((one) => [one.dataset.key, one])).values()].map((one) => line([one.dataset.key.toUpperCase()], name(one)));
  if (here.length) groups.push([t("本页", "On this page"), here]);
  if (rows().length) groups.push([t("列表", "Lists"), [line(["J"], t("下一条", "Next")), line(["K"], t("上一条", "Previous")), line(["↵"], t("打开", "Open")),
    ...(document.querySelector("#main tr input[type=checkbox]") ? [line(["X"], t("选中", "Select"))] : []), ...(document.querySelector("[data-editable]") ? [line(["E"], t("编辑这一条", "Edit it"))] : [])]]);
  const places = [...new Map([...document.querySelectorAll("[data-go]")].map((one) => [one.dataset.go, one])).values()];
  groups.push([t("前往", "Go to"), places.map((one) => line(["G", one.dataset.go.toUpperCase()], one.querySelector("span")?.textContent ?? name(one)))]);
  const single = el("input", { type: "checkbox", checked: !off(), onchange: (event) => kept.set("keys", event.target.checked ? "on" : "off") });
  const box = el("dialog.keys", { "aria-label": t("快捷键", "Keyboard shortcuts") },
    el("header", {}, el("h2", {}, t("快捷键", "Keyboard shortcuts")), el("button.round.small", { type: "button", "aria-label": t("关闭", "Close"), onclick: () => box.close() }, "×")),
    el("div.columns", {}, ...groups.map(([title, lines]) => el("section", {}, el("h3", {}, title), el("dl", {}, ...lines)))),
    el("label.check", {}, single, t("使用单个字母的快捷键", "Use single-letter keys")));
  box.addEventListener("close", () => box.remove());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  document.body.append(box);
  box.showModal();
}
document.addEventListener("click", (event) => { if (event.target.closest?.("[data-press=keys]")) sheet(); });
