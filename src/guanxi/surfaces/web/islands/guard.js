// A half-filled form is not left by accident: neither the page nor the drawer or dialog it stands in.
import { ask } from "./say.js";
import { t } from "./words.js";

const touched = new Set();
document.addEventListener("input", (event) => { const form = event.target.form; if (form?.matches("form[data-guard]")) touched.add(form); });
document.addEventListener("submit", (event) => { if (!event.defaultPrevented) touched.delete(event.target); });
addEventListener("beforeunload", (event) => { if (unsaved(document)) event.preventDefault(); });

export const saved = (form) => touched.delete(form);
export const unsaved = (root) => [...touched].some((form) => form.isConnected && root.contains(form));
export async function mayLeave(root) {
  if (!unsaved(root)) return true;
  const leave = await ask({ title: t("放弃没有保存的修改？", "Discard what is not saved?"), yes: t("放弃", "Discard"), no: t("继续编辑", "Keep editing"), danger: true });
  if (leave) for (const form of touched) if (root.contains(form)) touched.delete(form);
  return leave;
}
