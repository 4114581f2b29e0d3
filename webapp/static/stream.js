// A stream of events from the server while the page can be seen: a page in the background must not
// hold one of the few connections that browsers allow to one server.

/**
 * Listen to `address()` and call `handlers[name]` with each event's data; `onState(connected)` is
 * told whether the stream stands. Returns a function that ends it for good.
 */
export function listen(address, handlers, onState = () => {}) {
  let stream = null;
  let ended = false;

  function open() {
    if (stream !== null || ended || document.hidden) return;
    stream = new EventSource(address());
    stream.addEventListener("open", () => onState(true));
    stream.addEventListener("error", () => onState(false));
    for (const [name, handle] of Object.entries(handlers)) {
      stream.addEventListener(name, (event) => handle(JSON.parse(event.data)));
    }
  }

  function close() {
    stream?.close();
    stream = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
  return () => {
    ended = true;
    close();
  };
}

/** Turn markup that our server made into nodes; nothing in it runs. */
export function nodesOf(html) {
  const nodes = document.createDocumentFragment();
  nodes.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  return nodes;
}
