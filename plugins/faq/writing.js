(() => {
  const MOST_TRIES = 4;
  const PAUSE_MS = 1_500;
  const section = document.querySelector("section");
  const list = section.querySelector("ul");
  let asked = "";
  const show = (found) => {
    list.replaceChildren(...found.map(({ id, title, summary }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      Object.assign(link, { href: `/faq/article/${id}`, target: "_blank", textContent: title });
      const text = document.createElement("p");
      text.className = "soft";
      text.textContent = summary;
      item.append(link, text);
      return item;
    }));
    section.hidden = found.length === 0;
  };
  // A plugin that is busy or starts again answers a moment later.
  const find = async (question, tries) => {
    const answer = await fetch(`/faq/suggest?${new URLSearchParams({ q: question })}`).catch(() => null);
    if (question !== asked) return;
    if (answer?.ok) show((await answer.json()).articles);
    else if (tries > 1) setTimeout(() => question === asked && find(question, tries - 1), PAUSE_MS);
    else show([]);
  };
  document.addEventListener("goatkit:form", ({ detail: { subject, description } }) => {
    const question = `${subject} ${description}`.slice(0, 300).trim();
    if (question === asked) return;
    asked = question;
    if (question.length > 3) void find(question, MOST_TRIES);
    else show([]);
  });
})();
