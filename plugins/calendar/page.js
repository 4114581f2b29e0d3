// Arrow keys between the days of a month; what a form needs only for some choices; and files that
// are too large are named before they are sent. Everything works without it.
(() => {
  const days = [...document.querySelectorAll(".month .number")];
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  for (const [at, day] of days.entries()) {
    day.addEventListener("keydown", (event) => {
      const next = days[at + (steps[event.key] ?? Number.NaN)];
      if (next === undefined) return;
      event.preventDefault();
      next.focus();
    });
  }
  const show = () => {
    for (const part of document.querySelectorAll("[data-for]")) {
      const [name, values] = part.dataset.for.split("=");
      const input = document.querySelector(`[name="${name}"]`);
      const value = input.type === "checkbox" ? String(input.checked) : input.value;
      part.hidden = !values.split("|").includes(value);
    }
  };
  if (document.querySelector("[data-for]") !== null) {
    document.addEventListener("change", show);
    show();
  }
  const file = document.querySelector("input[type=file][data-most]");
  file?.form.addEventListener("submit", (event) => {
    const problem = document.getElementById("file-problem");
    const large = [...file.files].some((one) => one.size > Number(file.dataset.most));
    problem.hidden = !large;
    if (!large) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    file.focus();
  }, true);
})();
