(() => {
  // A frame without an origin loads no address: pictures come over the page around it.
  const load = (root) => {
    for (const image of root.querySelectorAll("img[data-picture]")) {
      fetch(`/faq/picture/${encodeURIComponent(image.dataset.picture)}`)
        .then((answer) => (answer.ok ? answer.blob() : Promise.reject(new Error("none"))))
        .then((blob) => { image.src = URL.createObjectURL(blob); })
        .catch(() => { image.alt ||= "?"; });
    }
  };
  load(document);
  const body = document.getElementById("body");
  const said = document.querySelector("[data-said]");
  const send = async (address, data) => {
    const answer = await fetch(address, { method: "POST", body: data });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error ?? String(answer.status));
    return found;
  };
  document.querySelector("[data-preview]")?.addEventListener("click", async () => {
    const shown = document.querySelector("[data-previewed]");
    try {
      shown.innerHTML = (await send("/faq/manage/preview", new URLSearchParams({ body: body.value }))).preview;
      shown.hidden = false;
      load(shown);
    } catch (error) {
      said.textContent = error.message;
    }
  });
  document.querySelector("[data-upload]")?.addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file === undefined) return;
    const data = new FormData();
    data.append("picture", file);
    try {
      const { markdown } = await send("/faq/manage/picture", data);
      body.setRangeText(`${markdown}\n`, body.selectionStart, body.selectionEnd, "end");
      said.textContent = file.name;
    } catch (error) {
      said.textContent = error.message;
    }
    event.target.value = "";
  });
})();
