// Go anywhere, do anything: records, pages, actions and what one had before, in one box (⌘K, Ctrl K, "/").
import { go } from "./going.js";
import { open } from "./layers.js";
import { mine, recents } from "./recent.js";
import { el, kept, t } from "./words.js";

const PAUSE = 110, RECORDS = 20, SHOWN = 6;
const searches = () => kept.get(mine("searches"), []);

let known;
const load = () => (known ??= fetch(document.body.dataset.palette).then((answer) => answer.json()).catch(() => { known = undefined; return { entries: [], objects: {}, icons: {} }; }));

let box, input, list, asked = 0, timer, found = { q: "", rows: [] }, going, moved = false;

function build() {
  input = el("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list",
    "aria-label": t("搜索记录、页面和操作", "Search records, pages and actions"), placeholder: t("搜索记录、页面、操作；支持拼音和首字母", "Records, pages, actions; pinyin and initials work"),
    autocomplete: "off", spellcheck: "false", maxlength: "100" });
  list = el("div.found", { id: "palette-list", role: "listbox", "aria-label": t("结果", "Results") });
  box = el("dialog", { id: "palette", "aria-label": t("搜索与命令", "Search and commands") },
    el("div.ask-for", {}, input, el("button.round.small", { type: "button", "aria-label": t("关闭", "Close"), onclick: () => box.close() }, "×")), list,
    el("footer", { "aria-hidden": "true" }, el("span", {}, el("kbd", {}, "↑↓"), t("选择", "choose")), el("span", {}, el("kbd", {}, "↵"), t("打开", "open")), el("span", {}, el("kbd", {}, "Ctrl ↵"), t("新标签页", "new tab")), el("span", {}, el("kbd", {}, "Esc"), t("关闭", "close"))));
  document.body.append(box);
  input.addEventListener("input", changed);
  input.addEventListener("keydown", key);
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) { event.preventDefault(); choose(option, event.metaKey || event.ctrlKey); }
  });
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
}

export async function show(q = "") {
  if (!box) build();
  if (!box.open) box.showModal();
  input.value = q;
  input.focus();
  await load();
  changed();
}

function changed() {
  moved = false;
  const q = input.value.trim();
  clearTimeout(timer);
  going?.abort();
  draw();
  if (q) timer = setTimeout(() => search(q), PAUSE);
}

async function search(q) {
  const mark = ++asked;
  going = new AbortController();
  try {
    const answer = await fetch(`/api/v1/search?limit=${RECORDS}&q=${encodeURIComponent(q)}`, { signal: going.signal, headers: { Accept: "application/json" } });
    const { rows = [] } = await answer.json();
    if (mark === asked && q === input.value.trim()) { found = { q, rows }; draw(); }
  } catch { /* an older question, or no connection: what is known stays */ }
}

// Every word somewhere among the keys; the better the earlier it stands.
function rank(entry, words) {
  let worst = 0;
  for (const word of words) {
    const best = Math.min(...entry.keys.map((one) => (one === word ? 0 : one.startsWith(word) ? 1 : one.includes(word) ? 2 : 9)));
    if (best === 9) return 9;
    worst += best;
  }
  return worst;
}

async function draw() {
  const q = input.value.trim(), words = q.toLowerCase().normalize("NFKC").split(/\s+/).filter(Boolean);
  const { entries, objects, icons } = await load();
  if (q !== input.value.trim()) return;
  const matching = (kind, most) => entries.filter((one) => one.kind === kind).map((one) => [rank(one, words), one]).filter(([how]) => how < 9).sort((a, b) => a[0] - b[0]).slice(0, most).map(([, one]) => one);
  const record = ({ object, id, href, title, label, subtitle }) => ({ href: href ?? `/${objects[object]?.plural}/${id}`, label: title || label || t("（未命名）", "(no name)"), sub: subtitle, icon: objects[object]?.icon, note: objects[object]?.label });
  const before = recents().filter((one) => objects[one.object]);
  const groups = q ? [
    [t("记录", "Records"), (found.q === q ? found.rows : found.rows.filter((row) => row.title.includes(q))).map(record)],
    [t("最近打开", "Recent"), before.filter((one) => one.label.toLowerCase().includes(q.toLowerCase())).slice(0, 3).map(record)],
    [t("页面", "Pages"), matching("go", SHOWN)],
    [t("操作", "Actions"), matching("do", SHOWN)],
    [t("帮助", "Help"), matching("help", 4)],
    ["", [{ href: `/search?q=${encodeURIComponent(q)}`, label: t(`搜索“${q}”的全部结果`, `All results for “${q}”`), icon: "search" }]],
  ] : [
    [t("最近打开", "Recent"), before.slice(0, SHOWN).map(record)],
    [t("最近搜索", "Searches"), searches().slice(0, 4).map((text) => ({ fill: text, label: text, icon: "history" }))],
    [t("操作", "Actions"), matching("do", 8)],
    [t("页面", "Pages"), matching("go", 30)],
  ];
  const seen = new Set(), held = moved && chosen()?.one;
  let at = 0;
  list.replaceChildren(...groups.map(([title, some]) => [title, some.filter((one) => !one.href || (!seen.has(one.href) && seen.add(one.href)))]).filter(([, some]) => some.length).map(([title, some], n) =>
    el("div", title ? { role: "group", "aria-labelledby": `palette-${n}` } : { role: "presentation" }, title && el("h2", { id: `palette-${n}`, role: "presentation" }, title), ...some.map((one) => {
      const made = el("a", { role: "option", id: `palette-o${at++}`, tabindex: "-1", href: one.href ?? one.dialog ?? "#", "aria-selected": "false" }, picture(icons[one.icon] ?? icons.record), el("span", {}, one.label), one.sub && el("small", {}, one.sub), one.note && el("em", {}, one.note));
      made.one = one;
      return made;
    }))));
  // Whoever went to something stays on it when more is found.
  mark(held ? Math.max(0, options().findIndex(({ one }) => one.label === held.label && one.href === held.href)) : 0);
}

function picture(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of [["class", "icon"], ["viewBox", "0 0 20 20"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  svg.firstChild.setAttribute("d", path ?? "");
  return svg;
}

const options = () => [...list.querySelectorAll("[role=option]")];
const chosen = () => list.querySelector("[aria-selected=true]");
function mark(at) {
  const all = options(), to = all[(at + all.length) % all.length];
  chosen()?.setAttribute("aria-selected", "false");
  if (!to) return input.removeAttribute("aria-activedescendant");
  to.setAttribute("aria-selected", "true");
  input.setAttribute("aria-activedescendant", to.id);
  to.scrollIntoView({ block: "nearest" });
}

async function key(event) {
  const now = options().indexOf(chosen());
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); moved = true; mark(now + (event.key === "ArrowDown" ? 1 : -1)); }
  else if (event.key === "Enter") {
    event.preventDefault();
    const q = input.value.trim(), away = event.ctrlKey || event.metaKey;
    // Somebody who types and presses Enter means what they typed, not what was found for half of it.
    if (q && found.q !== q && !/^(go|do|help)$/.test(chosen()?.one.kind ?? "")) { clearTimeout(timer); await search(q); await draw(); }
    const option = chosen();
    if (option) choose(option, away);
  }
}

function choose(option, away) {
  const { href, dialog, press, fill } = option.one, q = input.value.trim();
  if (fill) { input.value = fill; return changed(); }
  if (q && href) kept.set(mine("searches"), [q, ...searches().filter((one) => one !== q)].slice(0, 8));
  if (away && (href || dialog)) return void window.open(href ?? dialog, "_blank", "noopener");
  box.close();
  if (href) go(href);
  else if (dialog) open("dialog", dialog);
  else document.querySelector(press)?.click();
}
