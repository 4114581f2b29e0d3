// The texts of scripts, in the language of the page. In English they stand as they are written.

const block = document.getElementById("texts");
const known = block === null ? {} : JSON.parse(block.textContent);

/** A text with values for its marks: `t("Sending {name}", { name })`. */
export function t(text, values = {}) {
  return (known[text] ?? text).replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);
}
