// A list as a sheet: arrows go from cell to cell, Shift marks a block, typing, Enter or a double click changes a cell where it
// stands (values.js), Ctrl C copies the block, Ctrl V writes one copied from elsewhere, Delete empties it. Which fields may be
// changed is said by the heads (`data-edit`), which rows may not by `data-fixed`; the server decides again at each writing.
import { toast } from "./say.js";
import { edit, leave, save } from "./values.js";
import { wait } from "./waiting.js";
import { t } from "./words.js";

const SHEET = "table[data-sheet]", wide = matchMedia("(min-width: 821px)");
let here = null, from = null, form = null, held = "";

const sheetOf = (one) => (wide.matches ? one?.closest?.(SHEET) : null);
const rowsOf = (sheet) => [...sheet.tBodies].flatMap((body) => (body.hasAttribute("data-folded") ? [] : [...body.rows])).filter((row) => row.querySelector("a.title"));
const cellOf = (one) => { const cell = one?.closest?.("tbody td, tbody th"); return cell && !cell.matches(".pick, .act") && cell.closest("tr").querySelector("a.title") && sheetOf(cell) ? cell : null; };
const headOf = (cell) => cell.closest("table").tHead.rows[0].cells[cell.cellIndex];
const idOf = (row) => row.querySelector("a.title").pathname.split("/").pop();
const editable = (cell) => headOf(cell).hasAttribute("data-edit") && !cell.parentElement.hasAttribute("data-fixed");
const first = (sheet) => (sheet.tHead.rows[0].cells[0].matches(".pick") ? 1 : 0);

function dress() {
  for (const sheet of document.querySelectorAll(SHEET)) {
    if (!wide.matches || sheet.getAttribute("role") === "grid") continue;
    sheet.setAttribute("role", "grid");
    sheet.setAttribute("aria-multiselectable", "true");
    for (const head of sheet.tHead.rows[0].cells) if (head.dataset.path && !head.hasAttribute("data-edit")) head.setAttribute("aria-readonly", "true");
  }
}

// -- where one is ------------------------------------------------------------------------------------------------------

function reach(cell, keep = false) {
  if (!cell) return;
  here = cell;
  if (!keep || !from?.isConnected) from = cell;
  mark();
  const link = cell.querySelector("a.title");
  if (!link) cell.tabIndex = -1;
  (link ?? cell).focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  note(cell);
}

function block() {
  if (!here?.isConnected) return [];
  const rows = rowsOf(here.closest("table")), other = from?.isConnected && from.closest("table") === here.closest("table") ? from : here;
  const span = (a, b) => [Math.min(a, b), Math.max(a, b) + 1];
  const [top, bottom] = span(rows.indexOf(here.parentElement), rows.indexOf(other.parentElement));
  const [left, right] = span(here.cellIndex, other.cellIndex);
  return rows.slice(top, bottom).map((row) => [...row.cells].slice(left, right));
}

function mark() {
  for (const one of document.querySelectorAll(".inblock")) { one.classList.remove("inblock"); one.removeAttribute("aria-selected"); }
  const cells = block().flat();
  document.querySelector(SHEET)?.classList.toggle("ranging", cells.length > 1);
  if (cells.length > 1) for (const one of cells) { one.classList.add("inblock"); one.setAttribute("aria-selected", "true"); }
}

function beside(cell, down, right, edge = false) {
  const rows = rowsOf(cell.closest("table")), least = first(cell.closest("table"));
  const most = rows[0].cells.length - (rows[0].lastElementChild.matches(".act") ? 2 : 1), clamp = (n, low, high) => Math.max(low, Math.min(high, n));
  const at = rows.indexOf(cell.parentElement);
  const row = edge && down ? (down > 0 ? rows.length - 1 : 0) : clamp(at + down, 0, rows.length - 1);
  const column = edge && right ? (right > 0 ? most : least) : clamp(cell.cellIndex + right, least, most);
  return rows[row].cells[column];
}

// What was wrong with a cell, under it while one is on it.
function note(cell) {
  document.getElementById("cellnote")?.remove();
  if (!cell?.dataset.wrong) return;
  const made = document.createElement("p");
  made.id = "cellnote";
  made.className = "error";
  made.setAttribute("role", "status");
  made.textContent = cell.dataset.wrong;
  cell.closest(".scroll").after(made);
  const box = cell.getBoundingClientRect();
  made.style.left = `${Math.min(box.left, innerWidth - made.offsetWidth - 12)}px`;
  made.style.top = `${Math.min(box.bottom + 2, innerHeight - made.offsetHeight - 8)}px`;
}

// -- changing one cell -------------------------------------------------------------------------------------------------

const filled = (one) => JSON.stringify([...new FormData(one)].map(([name, value]) => [name, value.name ?? value]));

async function change(cell, seed = "") {
  if (!editable(cell)) return;
  if (form?.isConnected && !(await commit())) return;
  note(null);
  if (!cell.querySelector("[data-shown]")) {
    const shown = document.createElement("span");
    shown.dataset.shown = headOf(cell).dataset.path;
    shown.append(...cell.childNodes);
    cell.append(shown);
  }
  cell.tabIndex = -1;
  form = (await edit(cell, `${cell.closest("table").dataset.sheet}/${idOf(cell.parentElement)}/field/${headOf(cell).dataset.path}`)) ?? null;
  if (!form) return;
  here = from = cell;
  mark();
  held = filled(form);
  place();
  const input = document.activeElement;
  if (seed && input.matches("input:not([type=date], [type=datetime-local], [type=checkbox], [type=file]), textarea")) {
    input.value = seed;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (input.parentElement.ask) input.parentElement.ask(); // a picker
  else if (input.matches("select")) { try { input.showPicker(); } catch { /* it opens by the next key */ } }
}

function place() {
  if (!form?.isConnected) return;
  const box = form.parentElement.getBoundingClientRect();
  form.style.minWidth = `${Math.max(box.width, 200)}px`;
  form.style.left = `${Math.max(8, Math.min(box.left, innerWidth - form.offsetWidth - 8))}px`;
  form.style.top = `${Math.max(8, Math.min(box.top, innerHeight - form.offsetHeight - 8))}px`;
}
for (const type of ["scroll", "resize"]) addEventListener(type, () => { place(); note(null); }, { capture: true, passive: true });

// Saves what is open; answers whether nothing is left to do.
async function commit() {
  if (!form?.isConnected) return true;
  const cell = form.parentElement;
  if (filled(form) === held) { leave(form); return true; }
  const done = await save(cell, form);
  if (done) { form = null; return true; }
  form = cell.querySelector("form.value");
  if (form) { held = ""; place(); }
  return false;
}

// What follows from a saved value is drawn in the row's other cells.
document.addEventListener("gx:changed", (event) => {
  const cell = cellOf(event.target);
  if (!cell || !event.detail.version) return;
  put(cell.parentElement, event.detail);
  delete cell.dataset.wrong;
  cell.classList.remove("wrong");
  cell.removeAttribute("aria-invalid");
});

function put(row, told) {
  if (told.gone) {
    toast(t("保存了；这条记录现在不在您能看到的范围内。", "Saved; you no longer see this record."), { kind: "note" });
    return row.remove();
  }
  for (const cell of row.cells) {
    const html = told.values[headOf(cell).dataset.path];
    if (html === undefined) continue;
    const link = cell.querySelector("a.title"), shown = cell.querySelector("[data-shown]");
    if (link) link.innerHTML = html;
    else { cell.innerHTML = html; cell.classList.toggle("none", !html); }
    if (shown && link) { cell.prepend(link); shown.remove(); }
  }
}

// -- copying and pasting -----------------------------------------------------------------------------------------------

function words(cell) {
  if (cell.dataset.wrong) return cell.textContent.trim();
  const copy = cell.cloneNode(true);
  for (const one of copy.querySelectorAll("[aria-hidden=true], svg, form, button")) one.remove();
  for (const one of copy.querySelectorAll("time")) one.textContent = one.title || one.getAttribute("datetime");
  const several = [...copy.querySelectorAll(".pill, .tag, .phone, .file")];
  return (several.length ? several.map((one) => one.textContent.trim()).join("、") : copy.textContent).trim();
}
const quoted = (text) => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

// A block of tab-separated lines; in quotes a cell may hold tabs and lines of its own.
function split(text) {
  const lines = [[]];
  for (const [, inner, bare, end] of text.replace(/\r\n?/g, "\n").matchAll(/(?:"((?:[^"]|"")*)"|([^\t\n]*))(\t|\n|$)/g)) {
    lines.at(-1).push(inner === undefined ? bare : inner.replaceAll('""', '"'));
    if (end === "\n") lines.push([]);
    if (end === "") break;
  }
  if (lines.length > 1 && lines.at(-1).length === 1 && lines.at(-1)[0] === "") lines.pop();
  return lines;
}

const onCell = () => { const cell = cellOf(document.activeElement); return cell && cell === here && !document.activeElement.matches("input, textarea, select") ? cell : null; };

document.addEventListener("copy", (event) => {
  if (!onCell() || !getSelection().isCollapsed) return;
  event.preventDefault();
  event.clipboardData.setData("text/plain", block().map((line) => line.map((cell) => quoted(words(cell))).join("\t")).join("\n"));
});

document.addEventListener("paste", (event) => {
  const cell = onCell(), text = event.clipboardData?.getData("text/plain") ?? "";
  if (!cell || text === "") return;
  event.preventDefault();
  const lines = split(text), marked = block();
  if (lines.length === 1 && lines[0].length === 1) return void write(marked.map((line) => line.map((one) => [one, lines[0][0]])));
  const corner = marked[0][0], rows = rowsOf(corner.closest("table")), top = rows.indexOf(corner.parentElement);
  const fits = lines.slice(0, rows.length - top);
  const pairs = fits.map((line, n) => line.flatMap((one, m) => { const to = rows[top + n].cells[corner.cellIndex + m]; return to ? [[to, one]] : []; }));
  from = pairs[0][0][0];
  here = pairs.at(-1).at(-1)[0];
  mark();
  write(pairs, lines.length - fits.length);
});

async function send(sheet, rows) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  body.set("rows", JSON.stringify(rows));
  body.set("columns", [...sheet.tHead.rows[0].cells].map((head) => head.dataset.path).filter(Boolean).join(","));
  const answer = await wait(fetch(`${sheet.dataset.sheet}/cells`, { method: "POST", body, credentials: "same-origin" }), sheet).catch(() => null);
  if (answer?.headers.get("Content-Type")?.startsWith("application/json")) return answer.json();
  toast(t("没有写入，请刷新页面后再试。", "Nothing was written. Reload the page and try again."), { kind: "wrong" });
  return null;
}

async function write(pairs, cut = 0) {
  const sheet = pairs[0][0][0].closest("table"), rows = [];
  for (const line of pairs) {
    const texts = Object.fromEntries(line.flatMap(([cell, text]) => (headOf(cell).dataset.path ? [[headOf(cell).dataset.path, text]] : [])));
    if (Object.keys(texts).length) rows.push({ id: idOf(line[0][0].parentElement), texts });
  }
  const told = await send(sheet, rows);
  if (!told) return;
  const tried = new Map(rows.map((row) => [row.id, row.texts]));
  const [saved, wrong] = show(sheet, told, tried);
  const parts = [t(`写入 ${saved} 个单元格`, `${saved} cells written`)];
  if (wrong) parts.push(t(`${wrong} 个有误，没有写入`, `${wrong} are wrong and were left`));
  if (cut) parts.push(t(`超出本页的 ${cut} 行没有写入`, `${cut} lines went beyond this page`));
  const undo = told.back.length ? async () => { const back = await send(sheet, told.back); if (back) show(sheet, back, new Map()); } : null;
  toast(parts.join(t("，", ", ")), { kind: wrong || cut ? "warning" : "done", undo });
}

// Each cell as it is now, or with what was tried and why it is wrong. Answers how many there were of either.
function show(sheet, told, tried) {
  let saved = 0, wrong = 0;
  for (const row of rowsOf(sheet)) {
    const one = told.rows[idOf(row)];
    if (!one) continue;
    if (one.version) { saved += one.saved.length; put(row, one); }
    for (const cell of row.cells) {
      const path = headOf(cell).dataset.path, why = one.wrong[path];
      if (!why && cell.dataset.wrong === undefined) continue;
      cell.classList.toggle("wrong", Boolean(why));
      if (!why) { if (one.saved?.includes(path)) { delete cell.dataset.wrong; cell.removeAttribute("aria-invalid"); cell.removeAttribute("aria-description"); cell.title = ""; } continue; }
      wrong++;
      cell.dataset.wrong = cell.title = why;
      cell.setAttribute("aria-invalid", "true");
      cell.setAttribute("aria-description", why);
      if (!cell.querySelector("a.title") && tried.get(idOf(row))?.[path] !== undefined) cell.textContent = tried.get(idOf(row))[path];
      cell.classList.remove("none");
    }
  }
  if (here?.isConnected) reach(here, true);
  return [saved, wrong];
}

// -- keys and pointer --------------------------------------------------------------------------------------------------

const MOVES = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], Home: [0, -1, true], End: [0, 1, true] };

async function typing(event) {
  const box = event.target, open = box.getAttribute("aria-expanded") === "true" && box.hasAttribute("aria-activedescendant");
  if (event.isComposing || open || !["Enter", "Tab"].includes(event.key) || box.matches("button, a")) return;
  if (event.key === "Enter" && box.matches("textarea") && (event.shiftKey || event.altKey)) return;
  event.preventDefault();
  event.stopPropagation();
  const cell = form.parentElement, by = event.shiftKey ? -1 : 1, tab = event.key === "Tab";
  if (await commit()) reach(cell.isConnected ? beside(cell, tab ? 0 : by, tab ? by : 0) : null);
}

document.addEventListener("keydown", (event) => {
  if (form?.contains(event.target)) return void typing(event);
  const cell = cellOf(event.target);
  if (!cell || event.isComposing || event.altKey || event.target.matches("input, textarea, select, button")) return;
  const link = event.target.matches("a.title"), command = event.metaKey || event.ctrlKey, take = () => { event.preventDefault(); event.stopPropagation(); };
  const move = MOVES[event.key];
  if (move && !(link && (event.key === "Home" || event.key === "End"))) {
    take();
    return reach(beside(here?.isConnected && event.shiftKey ? here : cell, move[0], move[1], move[2] || command), event.shiftKey);
  }
  if (event.key === "F2" && editable(cell)) { take(); return void change(cell); }
  if (command || link || event.target !== cell) return;
  if (event.key === "Escape" && block().flat().length > 1) { take(); return reach(cell); }
  if (["Delete", "Backspace"].includes(event.key) && block().flat().some(editable)) { take(); return void write(block().map((line) => line.map((one) => [one, ""]))); }
  if (!editable(cell)) return;
  if (event.key === "Enter") { take(); change(cell); }
  else if (event.key.length === 1) { take(); change(cell, event.key === " " ? "" : event.key); }
}, true);

document.addEventListener("pointerdown", (event) => {
  if (form?.isConnected && !form.contains(event.target) && !event.target.closest("#toasts, dialog")) commit();
  const cell = event.pointerType === "mouse" && !event.button ? cellOf(event.target) : null;
  if (!cell || event.target.closest("a, button, input, form, summary")) return;
  if (event.shiftKey) event.preventDefault();
  setTimeout(() => reach(cell, event.shiftKey));
  const drag = (moved) => { const over = cellOf(document.elementFromPoint(moved.clientX, moved.clientY)); if (over && over !== here) { getSelection().removeAllRanges(); reach(over, true); } };
  addEventListener("pointermove", drag);
  addEventListener("pointerup", () => removeEventListener("pointermove", drag), { once: true });
});
document.addEventListener("dblclick", (event) => {
  const cell = cellOf(event.target);
  if (cell && editable(cell) && !event.target.closest("a, button, input, form")) { getSelection().removeAllRanges(); change(cell); }
});
document.addEventListener("focusin", (event) => {
  const cell = event.target.matches?.("a.title") ? cellOf(event.target) : null;
  if (cell && cell !== here) { here = from = cell; mark(); note(cell); }
});
document.addEventListener("gx:filled", dress);
new MutationObserver(dress).observe(document.getElementById("main") ?? document.body, { childList: true });
dress();

// -- a number to copy --------------------------------------------------------------------------------------------------

// The button comes when one is on the number, so that no row carries it.
function offer(link) {
  if (!link || link.nextElementSibling?.matches(".copies")) return;
  for (const other of document.querySelectorAll(".copies")) other.remove();
  const made = document.createElement("button");
  made.type = "button";
  made.className = "copies";
  made.tabIndex = -1;
  made.setAttribute("aria-label", t("复制号码", "Copy the number"));
  made.title = t("复制号码", "Copy the number");
  made.innerHTML = '<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M7 7h9v10H7zM7 13H4V3h9v4"/></svg>';
  made.addEventListener("click", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    await navigator.clipboard.writeText(link.textContent.trim());
    toast(t("已复制号码", "Copied"));
  });
  link.after(made);
}
document.addEventListener("pointerover", (event) => offer(event.target.closest?.(".rows .phone")?.querySelector("a[href^='tel:']")), { passive: true });
