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
    const src = this.getAttribute("src");
    const answer = await fetch(`${src}${src.includes("?") ? "&" : "?"}q=${encodeURIComponent(asked)}`, { headers: { Accept: "application/json" } });
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
    else if (event.key === "Escape" && open) { event.stopPropagation(); event.preventDefault(); this.close(); }
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
