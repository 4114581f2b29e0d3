// Runs first in every document of a plugin, which has no origin: tells the page around it how tall
// it is, which link or form somebody has used, and what it asks of its own routes. The page decides
// what becomes of that.

(() => {
  // No policy keeps WebRTC from sending to anybody, so it is taken away. A frame inside this one
  // would have its own: it goes before its document comes. Originals are kept, as the plugin's
  // scripts can replace what they find.
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCIceGatherer"]) {
    Object.defineProperty(window, name, { value: undefined, configurable: false });
  }
  const { apply } = Reflect;
  const { remove, attachShadow } = Element.prototype;
  const { querySelectorAll: inDocument } = Document.prototype;
  const { querySelectorAll: inFragment } = DocumentFragment.prototype;
  const { forEach } = NodeList.prototype;
  const frames = "iframe, frame, object, embed, portal, fencedframe";
  const watch = (root, find) => {
    const clear = () => apply(forEach, apply(find, root, [frames]), [(one) => apply(remove, one, [])]);
    new MutationObserver(clear).observe(root, { childList: true, subtree: true });
  };
  watch(document, inDocument);
  Element.prototype.attachShadow = function shadow(options) {
    const root = apply(attachShadow, this, [options]);
    watch(root, inFragment);
    return root;
  };
  for (const kind of [Element, ShadowRoot]) delete kind.prototype.setHTMLUnsafe;
  delete Document.parseHTMLUnsafe;

  const host = parent;
  // A page of its own, with nobody around it to ask.
  if (host === window) return;
  // What is said before the page around it listens would be lost.
  let early = [];
  const tell = (message) => {
    if (early === null) host.postMessage({ goatkit: 1, ...message }, "*");
    else if (early.length < 100) early.push(message);
  };

  // Charts are drawn in the colours of the page.
  Object.defineProperty(window, "Chart", {
    configurable: true,
    set(chart) {
      Object.defineProperty(window, "Chart", { value: chart, configurable: true, writable: true });
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      if (chart?.defaults === undefined) return;
      chart.defaults.color = dark ? "#b6c0d0" : "#465061";
      // Not the border's: a chart with one of its own gets no colours by itself.
      chart.defaults.scale.grid.color = dark ? "#3a4557" : "#cfd6e2";
    },
  });

  let told = 0;
  // The body's own height: that of the root is never less than the frame's.
  const measure = () => {
    const { body } = document;
    if (body === null) return;
    const height = Math.ceil(body.getBoundingClientRect().bottom + scrollY) + 8;
    if (height !== told) tell({ height });
    told = height;
  };
  addEventListener("DOMContentLoaded", () => {
    measure();
    new ResizeObserver(measure).observe(document.body);
    // A frame that nobody sees yet is not drawn, so that no size of it is observed.
    new MutationObserver(measure).observe(document.body, {
      attributes: true,
      childList: true,
      subtree: true,
    });
  });
  addEventListener("load", measure);

  const follow = (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href], area[href]") : null;
    if (link === null || event.defaultPrevented) return;
    const href = link.getAttribute("href");
    if (href.startsWith("#") || href.startsWith("javascript:")) return;
    event.preventDefault();
    const aside = event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1;
    tell({ open: href, tab: aside || link.target === "_blank" });
  };
  addEventListener("click", follow);
  addEventListener("auxclick", (event) => event.button === 1 && follow(event));

  const send = (form, submitter) => {
    const said = (name) => submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name);
    tell({
      submit: said("action") ?? "",
      method: (said("method") ?? "get").toLowerCase(),
      fields: [...new FormData(form, submitter)],
    });
  };
  addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });
  // Called by scripts, it raises no event.
  HTMLFormElement.prototype.submit = function submit() {
    send(this, null);
  };

  // A text that has to be fetched first is announced at the click, and told when it is there.
  let inserting = 0;
  document.addEventListener("goatkit:insert", ({ detail }) => {
    const text = detail?.text;
    if (typeof text === "string") {
      tell({ insert: text });
    } else if (typeof text?.then === "function") {
      const promised = (inserting += 1);
      tell({ promised });
      text.then((found) => tell({ insert: String(found), promised }), () => {});
    }
  });

  // Requests to the plugin's own routes go through the page, which has an origin.
  const waiting = new Map();
  let last = 0;
  window.fetch = async (resource, options = {}) => {
    const request = resource instanceof Request ? resource : null;
    const method = (options.method ?? request?.method ?? "GET").toUpperCase();
    const address = request?.url ?? String(resource);
    let body = options.body ?? null;
    if (body === null && request !== null && method !== "GET" && method !== "HEAD") {
      body = await request.blob();
    }
    const headers = new Headers(options.headers ?? request?.headers);
    const bare = new Response(body instanceof ReadableStream ? null : body);
    const type = headers.get("Content-Type") ?? bare.headers.get("Content-Type") ?? "";
    const bytes = body === null ? null : await bare.arrayBuffer();
    const id = (last += 1);
    const answered = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    tell({ fetch: address, id, method, type, accept: headers.get("Accept") ?? "", body: bytes });
    const { status, type: found, body: content, error } = await answered;
    if (error !== undefined) throw new TypeError(error);
    const empty = [101, 204, 205, 304].includes(status);
    return new Response(empty ? null : content, { status, headers: { "Content-Type": found } });
  };
  addEventListener("message", (event) => {
    if (event.source !== host || event.data?.goatkit !== 1) return;
    if (event.data.hello === true) {
      const kept = early ?? [];
      early = null;
      kept.forEach(tell);
      return;
    }
    const { published, form } = event.data;
    if (form !== undefined) {
      document.dispatchEvent(new CustomEvent("goatkit:form", { detail: form }));
      return;
    }
    if (published !== undefined) {
      document.dispatchEvent(new CustomEvent("goatkit:event", { detail: published }));
      return;
    }
    waiting.get(event.data.id)?.resolve(event.data);
    waiting.delete(event.data.id);
  });
})();
