// The box that stands first on a record's page. Without script it is a plain form. With it the text area grows, files come by
// button, paste and drag, @ finds a colleague, phrases are one click away, and what is not saved yet is kept in this browser.
import { changed } from "./layers.js";
import { later as sendLater, mint } from "./outbox.js";
import { toast, toasts } from "./say.js";
import { forget, plain, wait } from "./waiting.js";
import { el, kept, t } from "./words.js";

const of = (event) => event.target.closest?.("form[data-box]");
const text = (form) => form.querySelector("textarea");
const due = (form) => form.querySelector(".due input");
const files = (form) => form.querySelector("input[type=file]:not([data-take])");
const draft = (form) => `draft.${form.dataset.box}`;
const way = (form) => form.querySelector(".channels input:checked");
const size = (n) => (n >= 1048576 ? `${(n / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(n / 1024))} KB`);

function grow(area) {
  area.rows = Math.max(area.value || document.activeElement === area ? 3 : 2, Math.min(14, area.value.split("\n").length + 1));
  while (area.scrollHeight > area.clientHeight + 2 && area.rows < 14) area.rows++;
}

// -- what is not saved yet ----------------------------------------------------------------------------------------------
let later = 0;
function keep(form) {
  clearTimeout(later);
  later = setTimeout(() => {
    if (!text(form).value.trim()) kept.drop(draft(form));
    else kept.set(draft(form), { text: text(form).value, way: way(form)?.value, due: due(form)?.value });
    note(form, text(form).value.trim() ? t("草稿已保存", "Draft kept") : "");
  }, 300);
}
const note = (form, said) => { const at = form.querySelector(".kept"); if (at) at.textContent = said; };

function restore(root) {
  for (const form of root.querySelectorAll("form[data-box]")) {
    if (form.dataset.ready) continue;
    form.dataset.ready = "1";
    const held = kept.get(draft(form));
    if (!held?.text || text(form).value) continue;
    text(form).value = held.text;
    if (held.way) { const one = [...form.querySelectorAll(".channels input")].find((other) => other.value === held.way); if (one) one.checked = true; }
    if (held.due && due(form)) { due(form).value = held.due; press(form); }
    grow(text(form));
    note(form, t("已恢复草稿", "Draft restored"));
  }
}
restore(document);
document.addEventListener("gx:filled", (event) => restore(event.target));
new MutationObserver(() => restore(document)).observe(document.getElementById("main") ?? document.body, { childList: true, subtree: false });

// -- the next time ------------------------------------------------------------------------------------------------------
function press(form) {
  for (const one of form.querySelectorAll("[data-at]")) one.setAttribute("aria-pressed", String(due(form).value.startsWith(one.dataset.at.slice(0, due(form).type === "date" ? 10 : 16)) && due(form).value !== ""));
}

// -- files --------------------------------------------------------------------------------------------------------------
function add(form, more) {
  const all = new DataTransfer();
  for (const one of [...files(form).files, ...more]) all.items.add(one);
  files(form).files = all.files;
  list(form);
}
function list(form) {
  const at = form.querySelector(".picked"), all = [...files(form).files];
  at.hidden = !all.length;
  at.replaceChildren(...all.map((one, n) => el("li.tag", {}, `${one.name} · ${size(one.size)}`, el("button", { type: "button", "data-drop": String(n), "aria-label": `${t("移除", "Remove")} ${one.name}` }, "×"))));
}
function drop(form, n) {
  const all = new DataTransfer();
  [...files(form).files].forEach((one, at) => { if (at !== n) all.items.add(one); });
  files(form).files = all.files;
  list(form);
}

// -- @colleague ---------------------------------------------------------------------------------------------------------
let menu = null;
const asking = (area) => /@([^\s@]{0,20})$/.exec(area.value.slice(0, area.selectionStart));
function shut() {
  menu?.list.remove();
  menu?.area.removeAttribute("aria-activedescendant");
  menu = null;
}
async function people(area) {
  const asked = asking(area);
  if (!asked || !area.dataset.mentions) return shut();
  const answer = await fetch(`${area.dataset.people}?q=${encodeURIComponent(asked[1])}`).catch(() => null);
  if (!answer?.ok || asking(area)?.[0] !== asked[0]) return;
  const { options } = await answer.json();
  shut();
  if (!options.length) return;
  const items = options.map((one, n) => el("li", { id: `at-${n}`, role: "option", "data-id": one.id, "data-label": one.label }, one.label, one.sub && el("span", {}, one.sub)));
  menu = { area, at: 0, items, list: el("ul.ats", { role: "listbox", "aria-label": t("提醒同事", "Mention a colleague") }, ...items) };
  area.parentElement.append(menu.list);
  mark(0);
}
function mark(n) {
  menu.at = (n + menu.items.length) % menu.items.length;
  menu.items.forEach((one, at) => one.setAttribute("aria-selected", String(at === menu.at)));
  menu.area.setAttribute("aria-activedescendant", menu.items[menu.at].id);
}
function choose(item) {
  const { area } = menu, { id, label } = item.dataset, before = area.value.slice(0, area.selectionStart).replace(/@[^\s@]{0,20}$/, `@${label} `);
  area.value = before + area.value.slice(area.selectionStart);
  area.setSelectionRange(before.length, before.length);
  area.form.append(el("input", { type: "hidden", name: `${area.dataset.mentions}.keep`, value: `${id}|${label}` }));
  shut();
  area.focus();
  grow(area);
  keep(area.form);
}
// Only those whose name still stands in the text, each once.
function named(form) {
  const seen = new Set();
  for (const one of form.querySelectorAll(`input[name$=".keep"]`)) {
    const [id, label] = [one.value.split("|")[0], one.value.split("|").slice(1).join("|")];
    if (seen.has(id) || !text(form).value.includes(`@${label}`)) one.remove();
    seen.add(id);
  }
}

// -- phrases ------------------------------------------------------------------------------------------------------------
const api = (path, form, more = {}) => fetch(`/api/v1/phrases${path}`, { credentials: "same-origin", ...more, headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": form.csrfmiddlewaretoken.value } });
function put(form, words) {
  const area = text(form), [from, to] = [area.selectionStart, area.selectionEnd];
  area.setRangeText(words, from, to, "end");
  area.focus();
  grow(area);
  keep(form);
}
async function phrases(box) {
  const form = box.closest("form"), pop = box.querySelector(".pop");
  const answer = await wait(api("?fields=text&sort=order&limit=50", form), pop).catch(() => null);
  const rows = answer?.ok ? (await answer.json()).rows : [];
  pop.replaceChildren(
    ...rows.map((one) => el("button.phrase", { type: "button", onclick: () => { box.open = false; put(form, one.text); } }, one.text)),
    ...(rows.length ? [] : [el("p.faint", {}, t("还没有常用语。", "No phrases yet."))]),
    el("button.phrase.save", { type: "button", onclick: () => save(form, box) }, t("把当前内容存为常用语", "Keep this text as a phrase")),
    el("a", { href: "/phrases" }, t("管理常用语", "Manage phrases")));
}
async function save(form, box) {
  box.open = false;
  const words = text(form).value.trim();
  if (!words) return void toast(t("先写一点内容。", "Write something first."), { kind: "note" });
  const answer = await api("", form, { method: "POST", body: JSON.stringify({ text: words }) }).catch(() => null);
  if (answer?.ok) toast(t("已存为常用语。", "Kept as a phrase."));
  else toast(t("没有保存，请稍后再试。", "Not saved. Try again later."), { kind: "wrong" });
}

// -- saving -------------------------------------------------------------------------------------------------------------
async function send(form) {
  if (form.getAttribute("aria-busy")) return;
  named(form);
  const faults = form.querySelector(".faults"), postpones = form.hasAttribute("data-later");
  if (postpones) mint(form);
  const answer = await wait(fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Inside": "value", "X-Account": document.body.dataset.account }, credentials: "same-origin" }), form).catch(() => null);
  if (!answer && postpones) return void ((await sendLater(form)) && empty(form));
  if (!answer) return void toast(t("连不上服务器，内容还在，请稍后再保存。", "No connection. What you typed is still here; save again later."), { kind: "wrong" });
  if (answer.redirected) return location.assign(answer.url);
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const told = [...page.querySelectorAll("p.error")].map((one) => `${one.closest(".field")?.querySelector("label")?.lastChild?.textContent ?? ""} ${one.textContent}`.trim());
    faults.replaceChildren(...(told.length ? told : [page.querySelector(".said.wrong")?.textContent.trim() || t("没有保存。", "Not saved.")]).map((one) => el("p.error", {}, one)));
    faults.hidden = false;
    return text(form).focus();
  }
  const { said } = await answer.json();
  empty(form);
  forget();
  changed();
  toasts(said.map((one) => ({ ...one, link: "" })));
  form.dispatchEvent(new CustomEvent("gx:changed", { bubbles: true, detail: { values: {} } }));
}

function empty(form) {
  clearTimeout(later);
  kept.drop(draft(form));
  form.querySelector(".faults").hidden = true;
  if (form.elements.once) form.elements.once.value = "";
  form.querySelectorAll(`input[name$=".keep"]`).forEach((one) => one.remove());
  form.reset();
  if (files(form)) list(form);
  if (due(form)) press(form);
  grow(text(form));
  note(form, "");
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-box]")) return;
  event.preventDefault();
  event.stopPropagation();
  send(event.target);
}, true);
document.addEventListener("input", (event) => {
  const form = of(event);
  if (!form) return;
  if (event.target.matches("textarea")) { grow(event.target); people(event.target); }
  if (event.target === due(form)) press(form);
  if (!event.target.matches("[type=file]")) keep(form);
});
document.addEventListener("change", (event) => {
  const form = of(event);
  if (!form || event.target.type !== "file") return;
  if (event.target === files(form)) return list(form);
  add(form, event.target.files); // a photo or a recording made just now
  event.target.value = "";
});
document.addEventListener("keydown", (event) => {
  const form = of(event);
  if (!form || event.isComposing) return;
  const take = () => { event.preventDefault(); event.stopPropagation(); };
  if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) { take(); return form.requestSubmit(); }
  if (!menu) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { take(); mark(menu.at + (event.key === "ArrowDown" ? 1 : -1)); }
  else if (event.key === "Enter" || event.key === "Tab") { take(); choose(menu.items[menu.at]); }
  else if (event.key === "Escape") { take(); shut(); }
}, true);
document.addEventListener("focusin", (event) => { if (event.target.matches?.("form[data-box] textarea")) grow(event.target); });
document.addEventListener("focusout", (event) => { if (menu && event.target === menu.area) setTimeout(shut, 150); });
document.addEventListener("mousedown", (event) => { const item = event.target.closest?.(".ats li"); if (item && menu) { event.preventDefault(); choose(item); } });
document.addEventListener("click", (event) => {
  const form = of(event);
  if (!form || !plain(event)) return;
  const soon = event.target.closest("[data-at]"), gone = event.target.closest("[data-drop]");
  if (soon) { due(form).value = soon.getAttribute("aria-pressed") === "true" ? "" : due(form).type === "date" ? soon.dataset.at.slice(0, 10) : soon.dataset.at; press(form); keep(form); }
  if (gone) drop(form, Number(gone.dataset.drop));
  if (event.target.closest("[data-mention]")) { const before = text(form).value.slice(0, text(form).selectionStart); put(form, /(^|\s)$/.test(before) ? "@" : " @"); people(text(form)); }
});
document.addEventListener("toggle", (event) => { if (event.target.matches?.("[data-phrases]") && event.target.open) phrases(event.target); }, true);
document.addEventListener("paste", (event) => { const form = of(event); if (form && files(form) && event.clipboardData?.files.length) { event.preventDefault(); add(form, event.clipboardData.files); } });
for (const type of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    const form = of(event);
    if (!form || !files(form) || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.toggle("over", type === "dragover");
    if (type === "drop") add(form, event.dataTransfer.files);
  });
}

// -- what somebody took their consent back for is said while that way of contact is chosen -------------------------------
function warn(form) {
  const chosen = form.querySelector(".channels input:checked")?.value;
  for (const one of form.querySelectorAll(".withdrawn")) one.hidden = one.dataset.kind !== chosen;
}
document.addEventListener("change", (event) => { if (event.target.closest?.(".channels")) warn(event.target.form); });
document.querySelectorAll("form.box").forEach(warn);
document.addEventListener("gx:filled", () => document.querySelectorAll("form.box").forEach(warn));
