// While a form is filled in: what there is already like it, below the field that was typed last. Without script, saving says it.
const WAIT = 400, seen = new WeakMap();

async function look(form, names, at) {
  const data = new FormData();
  for (const [name, value] of new FormData(form)) if (names.includes(name.split(".")[0]) || name === "csrfmiddlewaretoken") data.append(name, value);
  if (form.dataset.record) data.append("id", form.dataset.record);
  const mine = Symbol("asked"), held = seen.get(form) ?? {};
  seen.set(form, { ...held, mine });
  let answer;
  try { answer = await fetch(form.dataset.check, { method: "POST", body: data, headers: { "X-Inside": "panel" } }); } catch { return; }
  if (!answer.ok || seen.get(form).mine !== mine) return;
  const text = await answer.text();
  if (seen.get(form).mine !== mine) return;
  let box = form.querySelector(".dups");
  if (!box) { box = document.createElement("div"); box.className = "dups wide"; box.setAttribute("role", "status"); }
  box.innerHTML = text.trim();
  box.hidden = !box.childElementCount;
  at.closest(".field")?.after(box);
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form?.dataset.check) return;
  const names = form.dataset.compared.split(" ");
  if (!names.includes(event.target.name.split(".")[0])) return;
  const held = seen.get(form) ?? {};
  clearTimeout(held.timer);
  seen.set(form, { ...held, timer: setTimeout(() => look(form, names, event.target), WAIT) });
});
