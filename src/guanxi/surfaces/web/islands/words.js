// What scripts say, in the language of the page.
export const t = (zh, en) => (document.documentElement.lang === "en" ? en : zh);

// An element: el("a.button", {href}, "text", child …). Attributes that are null or false are left out.
export function el(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value != null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((one) => one != null && one !== false));
  return made;
}

// What is kept in this browser: never more than a convenience, and everything works when it may not be kept.
export const kept = {
  get(key, otherwise = null) { try { return JSON.parse(localStorage.getItem(`gx:${key}`)) ?? otherwise; } catch { return otherwise; } },
  set(key, value) { try { localStorage.setItem(`gx:${key}`, JSON.stringify(value)); } catch { /* a full or forbidden store */ } },
  drop(key) { try { localStorage.removeItem(`gx:${key}`); } catch { /* the same */ } },
};
