// The newcomer's tour: an invitation, then a popover at each place. Nothing is covered until it is wanted, and it is over
// for good, on every device, once it was taken or refused.
import { el } from "./words.js";

customElements.define("gx-tour", class extends HTMLElement {
  connectedCallback() {
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
    const last = at === this.steps.length - 1;
    const next = el("button.primary.small", { type: "button", onclick: () => this.show(at + 1) }, last ? this.dataset.done : this.dataset.next);
    this.box = el("div.tour", { role: "dialog", "aria-labelledby": "tour-title", onkeydown: (event) => { if (event.key === "Escape") this.end(); } },
      el("p.faint", {}, `${at + 1} / ${this.steps.length}`), el("h2", { id: "tour-title" }, step.title), el("p", {}, step.text),
      el("div", {}, last ? null : el("button.button.small", { type: "button", onclick: () => this.end() }, this.dataset.skip), next));
    document.body.append(this.box);
    this.place = [...document.querySelectorAll(step.at)].find((one) => one.checkVisibility() && one.getBoundingClientRect().width);
    if (this.place) this.beside(this.place, this.box);
    next.focus({ preventScroll: true });
  }

  beside(place, box) {
    place.classList.add("toured");
    place.scrollIntoView({ block: "nearest" });
    const { left, right, top, bottom } = place.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = box;
    const right_of = right < innerWidth / 3;
    const x = right_of ? right + 12 : left;
    const y = right_of ? top - 8 : bottom + 12 + height > innerHeight ? top - height - 12 : bottom + 12;
    box.style.left = `${Math.max(12, Math.min(x, innerWidth - width - 12))}px`;
    box.style.top = `${Math.max(12, Math.min(y, innerHeight - height - 12))}px`;
  }

  close() {
    this.box?.remove();
    this.place?.classList.remove("toured");
  }

  end() {
    this.close();
    this.hidden = true;
    document.getElementById("main").focus({ preventScroll: true });
    fetch("/me/tour", { method: "POST", headers: { "X-CSRFToken": this.dataset.csrf }, credentials: "same-origin", keepalive: true });
  }
});
