// Passkeys: made on one's own page, used on the sign-in page. Without script or without support neither is offered.
import { t } from "./words.js";

const supported = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);

customElements.define("gx-passkey", class extends HTMLElement {
  connectedCallback() {
    if (!supported) return;
    this.hidden = false;
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.go(); });
  }

  async go() {
    const button = this.form.querySelector("button");
    button.disabled = true;
    this.say("");
    try {
      const asked = await this.post(new FormData(this.form));
      const making = this.dataset.does === "make";
      const credential = making
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
      const data = new FormData(this.form);
      data.set("credential", JSON.stringify(credential.toJSON()));
      location.href = (await this.post(data)).to;
    } catch (problem) {
      this.say(problem.told ?? t("没有完成，请重试。", "It was not finished; try again."));
      button.disabled = false;
    }
  }

  async post(body) {
    const answer = await fetch(this.form.action, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" });
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw Object.assign(new Error(), { told: found.told });
    return found;
  }

  say(text) {
    const place = this.querySelector("[role=alert]");
    place.textContent = text;
    place.hidden = !text;
  }
});
