// The import wizard with script: a file may be dropped anywhere on its box, and what is chosen is looked at at once.
customElements.define("gx-drop", class extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input[type=file]");
    const over = (on) => (event) => { event.preventDefault(); this.classList.toggle("over", on); };
    this.addEventListener("dragover", over(true));
    this.addEventListener("dragleave", over(false));
    this.addEventListener("drop", (event) => {
      over(false)(event);
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      go(input.form);
    });
    input.addEventListener("change", () => { if (input.files.length) go(input.form); });
    input.form.text?.addEventListener("paste", () => setTimeout(() => { if (input.form.text.value.includes("\t")) go(input.form); }));
  }
});
const go = (form) => form.requestSubmit(form.querySelector("button.primary"));

document.addEventListener("change", ({ target }) => {
  if (target.matches?.(".importing [data-read]")) target.form.requestSubmit();
  if (target.matches?.(".importing [data-look]")) target.form.requestSubmit(target.form.querySelector("button[value=look]"));
});
