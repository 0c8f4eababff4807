// A picker: the text input of a link, with what it may mean below it; departments stand in their tree. `many` adds to a list of boxes,
// `free` is a filter, which any text may stand in. What is typed is found by the server, which knows how names sound; where there is a
// <select> instead of an input, that has all there is to pick from, with how each sounds, and stays what the form sends.
customElements.define("gx-combobox", class extends HTMLElement {
  connectedCallback() {
    this.select = this.querySelector("select");
    if (this.select && !this.select.hidden) {
      const made = document.createElement("input");
      made.id = `${this.select.id}-q`;
      made.autocomplete = "off";
      made.setAttribute("aria-label", this.select.ariaLabel);
      for (const one of this.select.labels) one.htmlFor = made.id;
      this.select.hidden = true;
      this.select.before(made);
      made.addEventListener("blur", () => this.stand());
    }
    this.input = this.querySelector("input:not([type=hidden])");
    if (!this.input || this.list) return;
    const [id, label] = this.querySelectorAll("input[type=hidden]");
    this.id_ = id;
    this.label = label;
    this.list = document.createElement("ul");
    this.list.hidden = true;
    this.list.id = `${this.input.id}-list`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.input.labels?.[0]?.textContent || this.input.getAttribute("aria-label") || "");
    if (this.list.showPopover) this.list.popover = "manual"; // over dialogs, and cut off by nothing that scrolls
    this.append(this.list);
    for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", this.list.id], ["aria-autocomplete", "list"]]) {
      this.input.setAttribute(name, value);
    }
    this.stand();
    this.input.addEventListener("input", () => { clearTimeout(this.timer); this.timer = setTimeout(() => this.ask(), 120); });
    this.input.addEventListener("click", () => { if (this.list.hidden) { if (this.chosen()) this.input.select(); this.ask(); } });
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const item = event.target.closest("li");
      if (item) this.choose(item);
    });
  }

  // Whether what stands in the input was picked: then everything is offered, not only what is called so.
  chosen() { return this.select ? this.input.value === this.select.selectedOptions[0].text : Boolean(this.id_?.value) && this.input.value === this.label.value; }

  // What is typed over a select and means nothing is forgotten.
  stand() { if (this.select) this.input.value = this.select.selectedOptions[0].text; }

  among(asked) {
    const wanted = asked.toLowerCase();
    return [...this.select.options].filter((one) => !wanted || one.text.toLowerCase().includes(wanted) || one.dataset.sounds?.split(" ").some((way) => way.startsWith(wanted)))
      .map((one) => ({ id: one.value, label: one.text, sub: one.parentElement.label }));
  }

  async ask() {
    const asked = (this.asked = this.chosen() ? "" : this.input.value.trim());
    const src = this.getAttribute("src");
    const answer = src && await fetch(`${src}${src.includes("?") ? "&" : "?"}q=${encodeURIComponent(asked)}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if ((src && !answer?.ok) || asked !== this.asked) return;
    const { options } = src ? await answer.json() : { options: this.among(asked) };
    const there = this.hasAttribute("many") ? [...(this.parentElement.querySelector(".checks")?.querySelectorAll("input:checked") ?? [])].map((box) => box.value.split("|")[0]) : [];
    this.list.replaceChildren(...options.filter((one) => !there.includes(one.id)).map((one, at) => {
      const item = document.createElement("li");
      item.id = `${this.list.id}-${at}`;
      item.setAttribute("role", "option");
      item.dataset.id = one.id;
      item.dataset.label = one.label;
      if (one.depth) item.style.paddingLeft = `${10 + 18 * one.depth}px`;
      item.append(one.label);
      if (one.sub) {
        const sub = document.createElement("span");
        sub.textContent = one.sub;
        item.append(sub);
      }
      return item;
    }));
    if (this.list.children.length) this.show(); else this.hide();
    const held = this.chosen() ? [...this.list.children].findIndex((item) => item.dataset.id === (this.select ?? this.id_).value) : -1;
    this.mark(held < 0 && asked && !this.hasAttribute("free") ? 0 : held);
  }

  show() {
    const was = this.list.hidden;
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    if (!this.list.popover) return;
    this.place();
    if (was) {
      this.list.showPopover();
      addEventListener("scroll", this.follow = (event) => { if (event.target !== this.list) this.place(); }, { capture: true, passive: true });
    }
  }

  hide() {
    if (this.list.popover && !this.list.hidden) {
      removeEventListener("scroll", this.follow, { capture: true });
      if (this.list.isConnected) this.list.hidePopover();
    }
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }

  // Below the input, or above it where there is more room.
  place() {
    const box = this.input.getBoundingClientRect(), below = innerHeight - box.bottom - 12, above = box.top - 12, up = below < 160 && above > below;
    const width = Math.min(Math.max(box.width, 220), innerWidth - 16);
    Object.assign(this.list.style, { width: `${width}px`, left: `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`, maxHeight: `${Math.min(300, up ? above : below)}px`, top: up ? "auto" : `${box.bottom + 4}px`, bottom: up ? `${innerHeight - box.top + 4}px` : "auto" });
  }

  disconnectedCallback() { if (this.follow) removeEventListener("scroll", this.follow, { capture: true }); }

  mark(at) {
    const items = [...this.list.children];
    this.at = at < 0 || !items.length ? -1 : at % items.length;
    items.forEach((item, n) => item.setAttribute("aria-selected", String(n === this.at)));
    if (this.at >= 0) {
      this.input.setAttribute("aria-activedescendant", items[this.at].id);
      items[this.at].scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const open = !this.list.hidden, last = this.list.children.length - 1;
    if (event.key === "ArrowDown") { event.preventDefault(); if (open) this.mark(this.at + 1); else this.ask(); }
    else if (event.key === "ArrowUp" && open) { event.preventDefault(); this.mark(this.at <= 0 ? last : this.at - 1); }
    else if (event.key === "Enter" && open && this.at >= 0 && !event.isComposing) { event.preventDefault(); this.choose(this.list.children[this.at]); }
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
      if (this.select) this.select.value = id;
      if (this.id_) this.id_.value = id;
      if (this.label) this.label.value = label;
    }
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
    clearTimeout(this.timer);
    this.close();
    this.select?.dispatchEvent(new Event("change", { bubbles: true }));
    if (this.hasAttribute("free") && this.input.form?.matches("[data-live]")) this.input.form.requestSubmit();
  }

  close() {
    this.asked = null;
    this.hide();
  }
});
