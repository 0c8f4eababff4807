// Telling the person something: toasts in one live region, and one question that needs an answer.
import { el, t } from "./words.js";

const STAYS = 6000, WITH_A_BUTTON = 10000;

function region() {
  const found = document.getElementById("toasts") ?? document.body.appendChild(el("div", { id: "toasts", role: "status", "aria-live": "polite", popover: "manual" }));
  // What lies under an open dialog can't be reached, so the region goes where the person is, and on top.
  const open = [...document.querySelectorAll("dialog:modal")].pop() ?? document.body;
  if (found.parentElement !== open) open.append(found);
  return found;
}

// After a dialog closed: what was said in it is still there to be read.
export function settle() { if (document.getElementById("toasts")) raise(region()); }

function raise(where) {
  if (!where.showPopover) return;
  if (where.matches(":popover-open")) where.hidePopover();
  if (where.childElementCount) where.showPopover();
}

// toast("已保存", {kind: "done" | "note" | "warning" | "wrong", link, label, undo: async () => {…}, stays: ms}); returns its closer.
// What went wrong stays until it is closed.
export function toast(text, { kind = "done", link = "", label = "", undo = null, stays = 0 } = {}) {
  const where = region();
  let timer;
  const close = () => {
    clearTimeout(timer);
    const had = box.contains(document.activeElement);
    box.remove();
    if (had) where.parentElement.querySelector("#main, .content")?.focus({ preventScroll: true });
    if (!where.childElementCount && where.matches(":popover-open")) where.hidePopover();
  };
  const box = el(`div.toast.${kind}`, kind === "wrong" ? { role: "alert" } : {},
    el("span", {}, text),
    link && el("a", { href: link, onclick: close, "data-dialog": link.startsWith("/undo/") ? "" : null, "data-key": /\/(undo|unmerge)\b/.test(link) ? "z" : null }, label || t("打开", "Open")),
    undo && el("button", { type: "button", "data-key": "z", onclick: async () => { close(); await undo(); } }, t("撤销", "Undo")),
    el("button.shut", { type: "button", "aria-label": t("关闭", "Close"), onclick: close }, "×"));
  while (where.childElementCount > 3) where.firstElementChild.remove();
  where.append(box);
  raise(where);
  const start = () => { if (kind !== "wrong") timer = setTimeout(close, stays || (undo || link ? WITH_A_BUTTON : STAYS)); };
  for (const type of ["pointerenter", "focusin"]) box.addEventListener(type, () => clearTimeout(timer));
  for (const type of ["pointerleave", "focusout"]) box.addEventListener(type, start);
  start();
  return close;
}

// What the server had to say: in a page's own boxes, or in an answer to a form.
export const toasts = (said) => said.forEach((one) => toast(one.text, one));
export function takeSaid(root) {
  for (const box of root.querySelectorAll(".said.flash")) {
    const link = box.querySelector("a");
    toast(box.querySelector("span").textContent, { kind: box.dataset.kind, link: link?.getAttribute("href"), label: link?.textContent });
    box.remove();
  }
}

// ask({title, text, yes, danger}) → whether they said yes. For what can't be undone; everything else is done and offers 撤销.
export function ask({ title, text = "", yes = t("确定", "OK"), no = t("取消", "Cancel"), danger = false }) {
  return new Promise((answer) => {
    const box = el("dialog.ask", { "aria-label": title },
      el("form", { method: "dialog" },
        el("h2", {}, title), text && el("p", {}, text),
        el("footer", {}, el("button.button", { value: "" }, no), el(danger ? "button.button.danger" : "button.button.primary", { value: "yes", autofocus: !danger }, yes))));
    box.addEventListener("close", () => { box.remove(); answer(box.returnValue === "yes"); });
    document.body.append(box);
    box.showModal();
  });
}
