// Runs first in every document of a plugin, which has no origin: tells the page around it how tall
// it is, and which link or form somebody has used. The page decides what becomes of that.

(() => {
  const tell = (message) => parent.postMessage({ goatkit: 1, ...message }, "*");

  // The body's own height: that of the root is never less than the frame's.
  const measure = () => tell({ height: Math.ceil(document.body.getBoundingClientRect().bottom) + 8 });
  addEventListener("load", () => {
    measure();
    new ResizeObserver(measure).observe(document.body);
  });

  addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (link === null) return;
    const href = link.getAttribute("href");
    if (href.startsWith("#")) return;
    event.preventDefault();
    tell({ open: href });
  });

  addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const fields = [...new FormData(form, event.submitter)].filter(
      ([, value]) => typeof value === "string",
    );
    tell({ submit: form.getAttribute("action") ?? "", method: form.method, fields });
  });
})();
