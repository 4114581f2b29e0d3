(() => {
  const section = document.querySelector("section");
  const list = section.querySelector("ul");
  let asked = "";
  document.addEventListener("goatkit:form", async ({ detail: { subject, description } }) => {
    const question = `${subject} ${description}`.slice(0, 300).trim();
    if (question === asked) return;
    asked = question;
    let found = [];
    if (question.length > 3) {
      const answer = await fetch(`/faq/suggest?${new URLSearchParams({ q: question })}`).catch(() => null);
      found = answer?.ok ? (await answer.json()).articles : [];
    }
    if (question !== asked) return;
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
  });
})();
