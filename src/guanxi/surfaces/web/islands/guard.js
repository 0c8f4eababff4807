// A half-filled form is not left by accident: neither the page nor the drawer or dialog it stands in. And what an interruption
// takes away - a closed tab, a dead battery, a session that ended - is offered again where it was typed.
import { ask } from "./say.js";
import { el, kept, t } from "./words.js";

const touched = new Set();
document.addEventListener("input", (event) => { const form = event.target.form; if (form?.matches("form[data-guard]")) { touched.add(form); keep(form); } });
document.addEventListener("submit", (event) => { if (!event.defaultPrevented) { touched.delete(event.target); sent(event.target); } });
addEventListener("beforeunload", (event) => { if (unsaved(document)) event.preventDefault(); });

export const saved = (form) => { drop(form); return touched.delete(form); };
export const unsaved = (root) => [...touched].some((form) => form.isConnected && root.contains(form));
export async function mayLeave(root) {
  if (!unsaved(root)) return true;
  const leave = await ask({ title: t("放弃没有保存的修改？", "Discard what is not saved?"), yes: t("放弃", "Discard"), no: t("继续编辑", "Keep editing"), danger: true });
  if (leave) for (const form of touched) if (root.contains(form)) saved(form);
  return leave;
}

// -- what is not saved yet, by form and version of the record, in this browser and for this account only -----------------------
const MOST = 10, store = `forms.${document.body.dataset.account}`, sentTo = "gx:sent";
let later = 0;
const all = () => kept.get(store, {});
const typed = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && value && !/^(csrf|once$|version$|was\.|only$|next$)/.test(name));

function keep(form) {
  if (!form.dataset.draft) return;
  clearTimeout(later);
  later = setTimeout(() => {
    if (!touched.has(form)) return;
    const { [form.dataset.draft]: _, ...others } = all();
    kept.set(store, Object.fromEntries([...Object.entries(others).slice(1 - MOST), [form.dataset.draft, typed(form)]]));
  }, 500);
}
function drop(form) {
  clearTimeout(later);
  const { [form.dataset.draft]: had, ...others } = all();
  if (had) kept.set(store, others);
}

// A form sent as a page is saved when what it led to is neither itself, refused, nor the sign-in.
function sent(form) { if (form.dataset.draft && !form.closest("dialog")) try { sessionStorage.setItem(sentTo, form.dataset.draft); } catch { /* no store */ } }
try {
  const gone = sessionStorage.getItem(sentTo);
  const led = gone && document.referrer && gone.startsWith(`${new URL(document.referrer).pathname}@`) && performance.getEntriesByType("navigation")[0]?.type === "navigate";
  if (led && location.pathname !== "/signin" && !document.querySelector("form[data-draft] > .said.wrong")) drop({ dataset: { draft: gone } });
  sessionStorage.removeItem(sentTo);
} catch { /* no store */ }

function offer(root) {
  for (const form of root.querySelectorAll("form[data-draft]:not([data-offered])")) {
    form.dataset.offered = "";
    const held = all()[form.dataset.draft];
    if (!held || form.querySelector(".said.wrong")) continue;
    const note = el("div.said.note", { role: "status" }, el("span", {}, t("上次有内容没有保存。", "Something typed here was not saved.")),
      el("button.small", { type: "button", onclick: () => { note.remove(); restore(form, held); } }, t("恢复", "Restore")),
      el("button.small.quiet", { type: "button", onclick: () => { note.remove(); drop(form); } }, t("不要了", "Discard")));
    form.prepend(note);
  }
}
function restore(form, held) {
  for (const [name] of held) {
    const values = held.filter(([other]) => other === name).map(([, value]) => value);
    [...form.elements].filter((one) => one.name === name && one.type !== "file").forEach((one, at) => {
      if (one.type === "checkbox" || one.type === "radio") one.checked = values.includes(one.value);
      else if (values[at] !== undefined) one.value = values[at];
    });
  }
  for (const more of form.querySelectorAll("details.rest")) if ([...more.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio]), textarea")].some((one) => one.value)) more.open = true;
  touched.add(form);
  form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}
offer(document);
document.addEventListener("gx:filled", (event) => offer(event.target));

// -- an amount in words, under its input ------------------------------------------------------------------------------------
let asking = 0;
document.addEventListener("input", (event) => {
  const at = event.target.closest?.(".joined"), out = at?.nextElementSibling;
  if (!out?.matches("output.upper")) return;
  clearTimeout(asking);
  const [amount, currency] = at.querySelectorAll("input, select");
  asking = setTimeout(async () => {
    const answer = await fetch(`/spelled?${new URLSearchParams({ amount: amount.value, currency: currency.value })}`, { credentials: "same-origin" }).catch(() => null);
    if (answer?.ok && !answer.redirected) out.textContent = await answer.text();
  }, 250);
});
