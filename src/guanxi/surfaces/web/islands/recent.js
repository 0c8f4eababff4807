// What somebody opened and asked for last, in this browser only.
import { kept } from "./words.js";

export const mine = (what) => `${what}:${document.body.dataset.me}`;
export const recents = () => kept.get(mine("recent"), []);

// What was opened, for this person and in this browser only; signing out or somebody else's signing in forgets it.
function remember(root) {
  const heading = root.querySelector("[data-recent]");
  if (!heading) return;
  const href = heading.closest("dialog.layer") ? document.getElementById("drawer").querySelector("[data-page]").getAttribute("href") : location.pathname;
  const one = { href: href.split("?")[0], label: heading.textContent.trim(), object: heading.dataset.recent };
  kept.set(mine("recent"), [one, ...recents().filter((other) => other.href !== one.href)].slice(0, 12));
}
if (document.body.dataset.me) {
  if (kept.get("me") !== document.body.dataset.me) {
    for (const key of Object.keys(localStorage)) if (/^gx:(recent|searches):/.test(key)) localStorage.removeItem(key);
    kept.set("me", document.body.dataset.me);
  }
  remember(document);
  document.addEventListener("gx:filled", (event) => remember(event.target));
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/signout") for (const what of ["recent", "searches"]) kept.drop(mine(what));
  });
}
