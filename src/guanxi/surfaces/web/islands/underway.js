// Work in the background that was started from a list: a bar over the list until it is over and somebody closed it.
import { refresh } from "./layers.js";
import { kept } from "./words.js";

const EVERY = 1000;
let timer = 0;

const over = (list) => list.querySelector(":scope > .underway");

export async function show() {
  clearTimeout(timer);
  const job = kept.get("underway"), list = document.getElementById("list");
  if (!job || !list) return;
  const answer = await fetch(`/jobs/${job}/bar`).catch(() => null);
  if (answer?.status === 404 || answer?.redirected) return kept.drop("underway");
  if (!answer?.ok || !list.isConnected) { timer = setTimeout(show, EVERY * 5); return; }
  const made = document.createElement("template");
  made.innerHTML = (await answer.text()).trim();
  const bar = made.content.firstElementChild, was = over(list), done = bar.dataset.over === "1";
  const ended = done && was?.dataset.over !== "1";
  bar.querySelector(".shut")?.addEventListener("click", () => { kept.drop("underway"); over(list)?.remove(); });
  if (was) was.replaceWith(bar);
  else list.prepend(bar);
  if (!done) timer = setTimeout(show, EVERY);
  // What it changed is seen at once; the bar comes back with the list.
  else if (ended && was) refresh();
}
