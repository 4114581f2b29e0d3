document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (button === null) return;
  const said = document.querySelector("[data-said]");
  const fetched = async () => {
    const answer = await fetch(`/faq/manage/insert/${button.dataset.insert}`);
    const { text, error } = await answer.json();
    if (!answer.ok) throw new Error(error);
    return text;
  };
  const text = fetched();
  said.textContent = "";
  text.catch((error) => {
    said.textContent = error.message;
  });
  document.dispatchEvent(new CustomEvent("goatkit:insert", { detail: { text } }));
});
