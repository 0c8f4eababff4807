// What pages gain with script; every page reads and every form posts without it.
document.documentElement.classList.add("scripted");

// ⌘K or Ctrl K, and "/": to the search.
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  const finder = document.getElementById("finder");
  if (finder && ((event.key === "k" && (event.metaKey || event.ctrlKey)) || (event.key === "/" && !typing))) {
    event.preventDefault();
    finder.focus();
    finder.select();
  }
  if (event.key === "Escape") closeMenus();
});

// One menu at a time; a click elsewhere closes it.
const MENUS = "details.menu, details.more, details.drawer";
function closeMenus(but) {
  for (const menu of document.querySelectorAll(MENUS)) {
    if (menu.open && !menu.contains(but)) menu.open = false;
  }
}
document.addEventListener("click", (event) => closeMenus(event.target));

// The default columns are not spelt out in the address, and empty filters neither.
addEventListener("pageshow", () => document.querySelectorAll("form[data-live] :disabled").forEach((one) => (one.disabled = false)));
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-live]")) return;
  const boxes = [...form.querySelectorAll("input[name=columns]")];
  if (boxes.every((box) => box.checked === box.hasAttribute("data-default"))) boxes.forEach((box) => (box.disabled = true));
  for (const one of form.elements) if (one.name && one.value === "") one.disabled = true;
}, true);

// A filter applies when it is chosen.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("form[data-live]") && event.target.tagName === "SELECT") form.requestSubmit();
});

// A half-filled form is not left by accident.
let touched = false;
document.addEventListener("input", (event) => { if (event.target.form?.matches("form[data-guard]")) touched = true; });
document.addEventListener("submit", (event) => { if (!event.defaultPrevented) touched = false; });
addEventListener("beforeunload", (event) => { if (touched) event.preventDefault(); });

// What takes some seconds says so, and is not asked for twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.busy || event.defaultPrevented) return;
  form.setAttribute("aria-busy", "true");
  const pressed = event.submitter?.querySelector("strong") ?? event.submitter;
  setTimeout(() => { for (const one of form.querySelectorAll("button")) one.disabled = true; if (pressed) pressed.textContent = form.dataset.busy; });
});

// After an error the first field at fault has the focus.
document.querySelector("form [aria-invalid=true]")?.focus();

// A picker: the text input of a link, with what it may mean below it.
customElements.define("gx-combobox", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=text]");
    if (!this.input) return;
    const [id, label] = this.querySelectorAll("input[type=hidden]");
    this.id_ = id;
    this.label = label;
    this.list = document.createElement("ul");
    this.list.hidden = true;
    this.list.id = `${this.input.id}-list`;
    this.list.setAttribute("role", "listbox");
    this.append(this.list);
    for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", this.list.id], ["aria-autocomplete", "list"]]) {
      this.input.setAttribute(name, value);
    }
    this.input.addEventListener("input", () => { clearTimeout(this.timer); this.timer = setTimeout(() => this.ask(), 120); });
    this.input.addEventListener("focus", () => { if (!this.input.value || this.hasAttribute("many")) this.ask(); });
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("li");
      if (item) this.choose(item);
    });
  }

  async ask() {
    const asked = (this.asked = this.input.value.trim());
    const answer = await fetch(`${this.getAttribute("src")}?q=${encodeURIComponent(asked)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || asked !== this.asked) return;
    const { options } = await answer.json();
    this.list.replaceChildren(...options.map((one, at) => {
      const item = document.createElement("li");
      item.id = `${this.list.id}-${at}`;
      item.setAttribute("role", "option");
      item.dataset.id = one.id;
      item.dataset.label = one.label;
      item.append(one.label);
      if (one.sub) {
        const sub = document.createElement("span");
        sub.textContent = one.sub;
        item.append(sub);
      }
      return item;
    }));
    this.list.hidden = options.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark(-1);
  }

  mark(at) {
    const items = [...this.list.children];
    this.at = items.length ? (at + items.length) % items.length : -1;
    if (at < 0 && at !== this.at - items.length) this.at = -1;
    items.forEach((item, n) => item.setAttribute("aria-selected", String(n === this.at)));
    if (this.at >= 0) {
      this.input.setAttribute("aria-activedescendant", items[this.at].id);
      items[this.at].scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const open = !this.list.hidden;
    if (event.key === "ArrowDown") { event.preventDefault(); if (open) this.mark(this.at + 1); else this.ask(); }
    else if (event.key === "ArrowUp" && open) { event.preventDefault(); this.mark(this.at <= 0 ? this.list.children.length - 1 : this.at - 1); }
    else if (event.key === "Enter" && open && this.at >= 0) { event.preventDefault(); this.choose(this.list.children[this.at]); }
    else if (event.key === "Escape" && open) { event.stopPropagation(); this.close(); }
  }

  choose(item) {
    const { id, label } = item.dataset;
    if (this.hasAttribute("many")) {
      const checks = this.parentElement.querySelector(".checks");
      const keep = document.createElement("input");
      keep.type = "checkbox";
      keep.name = this.input.name.replace(/\.add$/, ".keep");
      keep.value = `${id}|${label}`;
      keep.checked = true;
      const line = document.createElement("label");
      line.className = "check";
      line.append(keep, label);
      checks.append(line);
      this.input.value = "";
    } else {
      this.input.value = label;
      this.id_.value = id;
      this.label.value = label;
    }
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
    clearTimeout(this.timer);
    this.close();
  }

  close() {
    this.asked = null;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }
});
