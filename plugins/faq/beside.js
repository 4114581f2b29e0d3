document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-insert]");
  if (button === null) return;
  const said = document.querySelector("[data-said]");
  try {
    const answer = await fetch(`/faq/manage/insert/${button.dataset.insert}`);
    const { text, error } = await answer.json();
    if (!answer.ok) throw new Error(error);
    document.dispatchEvent(new CustomEvent("goatkit:insert", { detail: { text } }));
    said.textContent = "";
  } catch (error) {
    said.textContent = error.message;
  }
});
