// The service worker. Pages come from the network whenever there is one; what was opened stays readable without. Everything of
// a person lies in a cache of their account alone, which goes when somebody signs in or out, when an answer is for another
// account, or when the server does not know them any more. ASSETS is put in front by the server.
const STATIC = "static", META = "meta", PAGES = "pages:", MOST = 200, LARGEST = 1 << 20;
const LANGUAGES = ["zh-CN", "en"];

addEventListener("install", (event) => event.waitUntil((async () => {
  // What a page says as it is left goes past us: what comes through us is lost together with the page.
  await event.addRoutes?.({ condition: { urlPattern: "/*/here" }, source: "network" }).catch(() => {});
  const cache = await caches.open(STATIC);
  await cache.addAll([...ASSETS, ...LANGUAGES.map((lang) => `/offline?lang=${lang}`)]);
  await skipWaiting();
})()));

addEventListener("activate", (event) => event.waitUntil((async () => {
  await registration.navigationPreload?.enable();
  const cache = await caches.open(STATIC);
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/static/") && !ASSETS.includes(pathname)) await cache.delete(request);
  }
  await clients.claim();
})()));

addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && ["/signin", "/signout"].includes(url.pathname)) return event.respondWith(fetch(request).finally(leave));
  if (request.method !== "GET") return;
  if (url.pathname.startsWith("/static/")) return event.respondWith(asset(request, url));
  if (url.pathname.startsWith("/api/") || url.pathname === "/sw.js" || url.pathname.includes("/files/")) return;
  const inside = request.headers.get("X-Inside") ?? "";
  if (request.mode === "navigate" || inside) event.respondWith(page(event, request, url, inside));
  else if (url.pathname === "/palette") event.respondWith(page(event, request, url, ""));
});

addEventListener("message", (event) => { if (event.data?.keep) event.waitUntil(keepAhead(event.data.keep)); });

// One thing after the other: what is kept, and forgetting it. An answer asked for before somebody left is not kept after.
let line = Promise.resolve(), stays = 0;
const inTurn = (deed) => (line = line.then(deed, deed));
function leave() {
  stays++;
  return inTurn(() => forget()).catch(() => {});
}

async function asset(request, url) {
  const cache = await caches.open(STATIC), held = await cache.match(request);
  if (held) return held;
  try { return await fetch(request); } catch (error) {
    // A page kept from before an update asks for yesterday's address: today's file of that name serves it.
    const name = url.pathname.split("/").slice(3).join("/");
    const today = ASSETS.find((one) => one.split("/").slice(3).join("/") === name);
    const found = today && (await cache.match(today));
    if (found) return found;
    throw error;
  }
}

async function page(event, request, url, inside) {
  const stay = stays;
  let answer;
  try { answer = (await event.preloadResponse) ?? (await fetch(request)); } catch { return (await kept(url, inside)) ?? (inside ? Response.error() : nothing()); }
  const copy = answer.clone();
  event.waitUntil(inTurn(() => (stay === stays ? keep(copy, url, inside) : null)).catch(() => {}));
  return answer;
}

// A page by its address, and a part of one beside it.
const key = (url, inside) => { const to = new URL(url); to.hash = ""; if (inside) to.searchParams.set("gx-inside", "1"); return to.href; };
const meta = async () => (await (await caches.open(META)).match("/account"))?.json();

async function keep(answer, url, inside) {
  if (new URL(answer.url || url).pathname === "/signin") return forget();
  const account = answer.headers.get("X-Account");
  if (!account && url.pathname !== "/palette") return;
  const held = await meta();
  if (account && held?.account !== account) await forget(account);
  if (account) await (await caches.open(META)).put("/account", Response.json({ account, lang: answer.headers.get("Content-Language") }));
  const owner = account ?? held?.account;
  if (!owner || !answer.ok || Number(answer.headers.get("Content-Length")) > LARGEST || answer.headers.get("Content-Disposition")) return;
  const cache = await caches.open(PAGES + owner), at = key(answer.redirected ? answer.url : url, inside);
  // A redirected answer may not be given to a navigation; its content may.
  const body = await answer.blob();
  if (body.size > LARGEST) return;
  await cache.delete(at);
  await cache.put(at, new Response(body, { headers: answer.headers }));
  const all = await cache.keys();
  for (const old of all.slice(0, Math.max(0, all.length - MOST))) await cache.delete(old);
}

async function forget(but = "") {
  for (const name of await caches.keys()) if (name.startsWith(PAGES) && name !== PAGES + but) await caches.delete(name);
  if (!but) await (await caches.open(META)).delete("/account");
}

// What was opened, as a page or as a part, each made of the other where only that was opened.
async function kept(url, inside) {
  const held = await meta();
  if (!held) return null;
  const cache = await caches.open(PAGES + held.account);
  const exact = await cache.match(key(url, inside));
  if (exact) return marked(await exact.text(), exact);
  const other = await cache.match(key(url, inside ? "" : "drawer"));
  if (other && inside) return marked(part(await other.text()), other);
  if (other) {
    const around = (await cache.match(key(new URL("/", url), ""))) ?? (await cache.match((await cache.keys()).find((one) => !one.url.includes("gx-inside"))?.url ?? "/"));
    if (around) return marked(whole(await around.text(), await other.text()), around);
  }
  // A form that may be sent later, asked for with some values in its address: the script in the page fills them in.
  const form = url.pathname.endsWith("/new") ? await cache.match(key(new URL(url.pathname, url), inside || "")) ?? await cache.match(key(new URL(url.pathname, url), "drawer")) : null;
  if (!form) return null;
  const text = await form.text(), isPart = !/<html\b/.test(text);
  if (inside) return marked(isPart ? text : part(text), form);
  const around = isPart ? await cache.match(key(new URL("/", url), "")) : null;
  return isPart ? around && marked(whole(await around.text(), text), around) : marked(text, form);
}

// The page is told that it is an old one.
const marked = (text, like) => new Response(text.replace(/<body |<div class="inside" /, (found) => `${found}data-old `), { headers: like.headers });
const MAIN = /(<main\b[^>]*>)([\s\S]*)(<\/main>)/;
const part = (html) => `<div class="inside" data-title="${html.match(/<title>([\s\S]*?) · [^·]*<\/title>/)?.[1] ?? ""}">${html.match(MAIN)?.[2] ?? ""}</div>`;
const whole = (html, inner) => html.replace(MAIN, (_, open, __, close) => open + inner + close).replace(/ aria-current="page"/g, "");

async function nothing() {
  const lang = (await meta())?.lang ?? LANGUAGES.find((one) => navigator.language?.startsWith(one.slice(0, 2))) ?? LANGUAGES[0];
  return (await (await caches.open(STATIC)).match(`/offline?lang=${lang}`)) ?? Response.error();
}

async function keepAhead(addresses) {
  for (const address of addresses) {
    const url = new URL(address, location.origin);
    const stay = stays;
    try {
      const answer = await fetch(url, { headers: { "X-Inside": "drawer" } });
      await inTurn(() => (stay === stays ? keep(answer, url, "drawer") : null));
    } catch { return; }
  }
}
