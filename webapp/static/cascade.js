// Narrows a select to what belongs to the choice above it: types of the chosen category, items of
// the chosen type. Without it each select offers everything, and the server sorts out what fits.
//
// `data-above` names the select above; each option names its place there in `data-in`.

/** @type {WeakMap<HTMLSelectElement, HTMLOptionElement[]>} */
const offers = new WeakMap();

function narrow(select) {
  const above = document.getElementById(select.dataset.above);
  if (!offers.has(select)) offers.set(select, [...select.querySelectorAll("option")]);
  const fitting = offers.get(select).filter(
    (option) => option.dataset.in === undefined || option.dataset.in === above.value,
  );
  const chosen = select.value;
  select.replaceChildren(...fitting);
  select.value = fitting.some((option) => option.value === chosen) ? chosen : "";
  select.disabled = fitting.length < 2;
}

function narrowAll() {
  for (const select of document.querySelectorAll("select[data-above]")) narrow(select);
}

// Before anybody else hears of the change, so that they see the selects as they will be.
document.addEventListener("change", narrowAll, { capture: true });
document.addEventListener("ohd:swapped", narrowAll);
narrowAll();
