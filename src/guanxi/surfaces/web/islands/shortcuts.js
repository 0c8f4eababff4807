// What "?" shows: the keys there are, those of the elements of this page (`keyed`) and those that walk its `rows`.
import { el, kept, t } from "./words.js";

const mac = /Mac|iPhone|iPad/.test(navigator.platform);
const COMMAND = mac ? "⌘" : "Ctrl";
export function sheet(keyed, rows, off) {
  const line = (keys, what) => el("div", {}, el("dt", {}, what), el("dd", {}, ...keys.flatMap((one) => [el("kbd", {}, one), " "])));
  const name = (one) => one.dataset.keyLabel || one.getAttribute("aria-label") || one.textContent.trim();
  const groups = [[t("通用", "Everywhere"), [
    line([COMMAND, "K"], t("搜索与命令", "Search and commands")), line(["/"], t("搜索", "Search")), line(["?"], t("快捷键", "These keys")), line(["F1"], t("本页帮助", "Help with this page")),
    line([COMMAND, "↵"], t("保存表单", "Save a form")), line(["Esc"], t("关闭", "Close"))]]];
  const here = [...new Map(keyed.filter((one) => one.dataset.key !== "F1").map((one) => [one.dataset.key, one])).values()].map((one) => line([one.dataset.key.toUpperCase()], name(one)));
  if (here.length) groups.push([t("本页", "On this page"), here]);
  if (rows.length) groups.push([t("列表", "Lists"), [line(["J"], t("下一条", "Next")), line(["K"], t("上一条", "Previous")), line(["↵"], t("打开", "Open")),
    ...(document.querySelector("#main tr input[type=checkbox]") ? [line(["X"], t("选中", "Select"))] : []), ...(document.querySelector("[data-editable]") ? [line(["E"], t("编辑这一条", "Edit it"))] : []), ...(document.querySelector("#main a[data-write]") ? [line(["F"], document.querySelector("#main a[data-write]").textContent)] : [])]]);
  const places = [...new Map([...document.querySelectorAll("[data-go]")].map((one) => [one.dataset.go, one])).values()];
  groups.push([t("前往", "Go to"), places.map((one) => line(["G", one.dataset.go.toUpperCase()], one.querySelector("span")?.textContent ?? name(one)))]);
  const single = el("input", { type: "checkbox", checked: !off, onchange: (event) => kept.set("keys", event.target.checked ? "on" : "off") });
  const box = el("dialog.keys", { "aria-label": t("快捷键", "Keyboard shortcuts") },
    el("header", {}, el("h2", {}, t("快捷键", "Keyboard shortcuts")), el("a", { href: "/help/keys" }, t("怎么用", "How they work")), el("button.round.small", { type: "button", "aria-label": t("关闭", "Close"), autofocus: true, onclick: () => box.close() }, "×")),
    el("div.columns", {}, ...groups.map(([title, lines]) => el("section", {}, el("h3", {}, title), el("dl", {}, ...lines)))),
    el("label.check", {}, single, t("使用单个字母的快捷键", "Use single-letter keys")));
  box.addEventListener("close", () => box.remove());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  document.body.append(box);
  box.showModal();
}
