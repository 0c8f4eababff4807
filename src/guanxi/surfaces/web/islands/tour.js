// The newcomer's tour: an invitation once per person, then a popover at each place. Nothing is covered until it is wanted.
customElements.define("gx-tour", class extends HTMLElement {
  connectedCallback() {
    this.key = `gx.tour.${this.dataset.person}`;
    if (localStorage.getItem(this.key)) return;
    this.steps = JSON.parse(this.dataset.steps);
    this.hidden = false;
    this.addEventListener("click", (event) => {
      const what = event.target.closest("[data-do]")?.dataset.do;
      if (what === "start") this.show(0);
      if (what === "skip") this.end();
    });
  }

  show(at) {
    this.hidden = true;
    this.close();
    const step = this.steps[at];
    if (!step) return this.end();
    const place = [...document.querySelectorAll(step.at)].find((one) => one.checkVisibility() && one.getBoundingClientRect().width);
    const last = at === this.steps.length - 1;
    const box = (this.box = document.createElement("div"));
    box.className = "tour";
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-labelledby", "tour-title");
    box.innerHTML = '<p class="faint"></p><h2 id="tour-title"></h2><p></p><div><button type="button" class="button small"></button><button type="button" class="primary small"></button></div>';
    const [count, title, text, buttons] = box.children;
    count.textContent = `${at + 1} / ${this.steps.length}`;
    title.textContent = step.title;
    text.textContent = step.text;
    const [skip, next] = buttons.children;
    skip.textContent = this.dataset.skip;
    next.textContent = last ? this.dataset.done : this.dataset.next;
    skip.hidden = last;
    skip.addEventListener("click", () => this.end());
    next.addEventListener("click", () => this.show(at + 1));
    box.addEventListener("keydown", (event) => { if (event.key === "Escape") this.end(); });
    document.body.append(box);
    this.place = place;
    if (place) {
      place.classList.add("toured");
      place.scrollIntoView({ block: "nearest" });
      const { left, right, top, bottom } = place.getBoundingClientRect();
      const { offsetWidth: width, offsetHeight: height } = box;
      const beside = right < innerWidth / 3;
      const x = beside ? right + 12 : Math.min(Math.max(12, left), innerWidth - width - 12);
      const y = beside ? top - 8 : bottom + 12 + height > innerHeight ? top - height - 12 : bottom + 12;
      box.style.left = `${Math.min(x, innerWidth - width - 12)}px`;
      box.style.top = `${Math.max(12, Math.min(y, innerHeight - height - 12))}px`;
    }
    next.focus({ preventScroll: true });
  }

  close() {
    this.box?.remove();
    this.place?.classList.remove("toured");
  }

  end() {
    this.close();
    this.hidden = true;
    localStorage.setItem(this.key, "1");
  }
});
