// Ticking rows: the bar with what can be done to them appears, Shift ticks a range, `x` the row one is on (keys.js), and
// the deed opens in a dialog. Without script the boxes and the bar are a plain form.
import { open } from "./layers.js";
import { kept } from "./words.js";

const boxes = () => [...document.querySelectorAll("#list input[name=ids]")];
const bar = () => document.getElementById("selection");
let last = null;

function show() {
  const all = boxes(), on = all.filter((box) => box.checked), it = bar();
  if (!it) return;
  const every = it.querySelector("input[name=all]")?.checked;
  it.classList.toggle("on", on.length > 0);
  it.querySelector(".chosen strong").textContent = every ? "…" : on.length;
  const head = document.querySelector("#list input.page");
  if (head) { head.checked = on.length > 0 && on.length === all.length; head.indeterminate = on.length > 0 && on.length < all.length; }
  for (const box of all) box.closest("tr").classList.toggle("ticked", box.checked);
}

function clear() {
  for (const box of boxes()) box.checked = false;
  const every = bar()?.querySelector("input[name=all]");
  if (every) every.checked = false;
  show();
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("#list input[name=ids]");
  if (box && event.shiftKey && last?.isConnected) {
    const all = boxes(), [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const one of all.slice(from, to + 1)) one.checked = box.checked;
  }
  if (box) last = box;
  if (event.target.closest?.("#selection .none")) clear();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("#list input.page")) for (const box of boxes()) box.checked = event.target.checked;
  if (event.target.matches("#list input.page, #list input[name=ids], #selection input[name=all]")) show();
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "selection") return;
  event.preventDefault();
  const wanted = new URLSearchParams(new FormData(event.target));
  wanted.set("do", event.submitter?.value ?? "");
  const every = wanted.get("all");
  wanted.delete("ids");
  if (!every) wanted.set("ids", boxes().filter((box) => box.checked).map((box) => box.value).join(","));
  const to = `${event.target.action}?${wanted}`;
  if (event.submitter?.hasAttribute("data-page")) location.assign(to);
  else open("dialog", to);
});

// More than a few are done in the background: the list shows how far it is.
const underway = () => { if (kept.get("underway") && document.getElementById("list") && !document.querySelector("#list > .underway")) import("./underway.js").then((it) => it.show()); };
document.addEventListener("gx:went", ({ detail }) => {
  const [, job] = detail.went.match(/^\/jobs\/([0-9a-f-]{36})$/) ?? [];
  if (job && bar()) { kept.set("underway", job); document.querySelector("#list > .underway")?.remove(); underway(); }
});

document.addEventListener("gx:filled", show);
addEventListener("pageshow", show);
new MutationObserver(() => { underway(); if (bar() && !bar().dataset.seen) { bar().dataset.seen = "1"; show(); } }).observe(document.getElementById("main") ?? document.body, { childList: true });
show();
underway();
