(() => {
  // Draws the designer: steps and fields by buttons, by keyboard and by dragging; the server draws the picture.
  const given = JSON.parse(document.getElementById("given").textContent);
  const { texts: t, kinds, types, operators, statuses } = given;
  const d = given.definition;
  d.fields ??= [];
  d.steps ??= [];
  let { revision } = given;
  let chosen = d.steps[0]?.id;
  let dragged = null;
  const root = document.getElementById("design");

  const el = (name, props = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(props)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (key in made && key !== "list") made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  };
  const say = (key, ...args) => args.reduce((text, arg) => text.replace(/%[sd]/, arg), t[key] ?? key);
  const button = (label, act, props = {}) => el("button", { type: "button", onclick: act, ...props }, label);
  let count = 0;
  const labelled = (label, control, help) => {
    control.id = `d${(count += 1)}`;
    return el("div", { className: "pm-f" }, el("label", { htmlFor: control.id }, label), control, help ?? null);
  };
  const text = (value, set, props = {}) =>
    el("input", { value: value ?? "", oninput: ({ target }) => { set(target.value); touched(); }, ...props });
  const area = (value, set) =>
    el("textarea", { value: value ?? "", oninput: ({ target }) => { set(target.value); touched(); } });
  const choice = (value, options, set) => {
    const made = el("select", { onchange: ({ target }) => { set(target.value); touched(); draw(); } });
    for (const [key, label] of options) made.append(el("option", { value: key, selected: key === (value ?? "") }, label));
    if (!options.some(([key]) => key === (value ?? ""))) made.append(el("option", { value, selected: true }, value));
    return made;
  };
  const check = (label, value, set) => {
    const box = el("input", { type: "checkbox", checked: value === true, id: `d${(count += 1)}`, onchange: ({ target }) => { set(target.checked); touched(); } });
    return el("div", { className: "pm-f" }, box, " ", el("label", { htmlFor: box.id }, label));
  };
  const number = (value, set) => text(value ?? "", (typed) => set(typed.trim() === "" ? undefined : Number(typed.replace(",", "."))), { inputMode: "decimal" });
  const listOf = (typed, by) => typed.split(by).map((each) => each.trim()).filter((each) => each !== "");

  const status = el("p", { role: "status", className: "pm-help" });
  const alerts = el("div", { role: "alert", className: "pm-bad" });
  const picture = el("div", { className: "pm-scroll" });
  const problems = el("div", {});
  const steps = el("div", {});
  const detail = el("div", {});
  const fields = el("div", {});
  const saving = button(t.save, () => save(false));
  const publishing = button(t.publish, () => save(true), { className: "pd-first", title: t.publish_help });
  const name = el("div", {});
  root.className = "pd";
  root.append(
    el("div", { className: "pd-bar" }, el("div", { className: "pm-acts" }, saving, publishing, status), alerts),
    name,
    el("div", { className: "pd-sides" }, el("div", {}, el("h2", {}, t.steps), steps, el("h2", {}, t.picture), picture, problems), el("div", {}, detail, el("h2", {}, t.fields), fields)),
  );

  const step = (id) => d.steps.find((each) => each.id === id);
  const freshId = (list, label, base) => {
    const start = label.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 24) || base;
    let id = start;
    for (let i = 2; list.some((each) => each.id === id); i += 1) id = `${start}-${i}`;
    return id;
  };
  const move = (list, from, to) => {
    if (to < 0 || to >= list.length) return;
    const [one] = list.splice(from, 1);
    list.splice(to, 0, one);
    touched();
    draw();
    status.textContent = say("moved", one.name ?? one.label);
  };

  function row(list, i, label, title) {
    const made = el("li", { className: "pd-row", draggable: true, title: t.drag });
    made.append(label,
      button("↑", () => { move(list, i, i - 1); focusOn(list, i - 1, 1); }, { disabled: i === 0, "aria-label": `${t.up}: ${title}` }),
      button("↓", () => { move(list, i, i + 1); focusOn(list, i + 1, 2); }, { disabled: i === list.length - 1, "aria-label": `${t.down}: ${title}` }),
      button("✕", () => { list.splice(i, 1); touched(); draw(); status.textContent = say("removed", title); }, { disabled: list === d.steps && list.length === 1, "aria-label": `${t.remove}: ${title}` }));
    made.addEventListener("dragstart", (event) => { dragged = { list, i }; event.dataTransfer.setData("text/plain", title); });
    made.addEventListener("dragover", (event) => { if (dragged?.list === list) { event.preventDefault(); made.classList.add("pd-over"); } });
    made.addEventListener("dragleave", () => made.classList.remove("pd-over"));
    made.addEventListener("drop", (event) => { event.preventDefault(); if (dragged?.list === list) move(list, dragged.i, i); dragged = null; });
    return made;
  }
  function focusOn(list, i, nth) {
    const where = (list === d.steps ? steps : fields).querySelectorAll(".pd-row")[i];
    const wanted = where?.querySelectorAll("button:not(.pd-name)")[nth - 1];
    (wanted?.disabled ? where.querySelector("button:not(:disabled)") : wanted)?.focus();
  }
  function choose(id) {
    chosen = id;
    draw();
    detail.querySelector("input")?.focus();
  }

  function drawSteps() {
    const list = el("ol", { className: "pd-list" });
    d.steps.forEach((one, i) => {
      const kind = t[`kind_${one.kind}`] ?? one.kind;
      const made = row(d.steps, i, button(`${i + 1}. ${one.name} (${kind}${i === 0 ? `, ${t.first}` : ""})`, () => choose(one.id), { className: "pd-name", "aria-pressed": String(one.id === chosen) }), one.name);
      if (one.id === chosen) made.classList.add("pd-chosen");
      list.append(made);
    });
    steps.replaceChildren(list, button(t.add_step, () => {
      const made = { id: freshId(d.steps, t.new_step, "step"), name: t.new_step, kind: "task", next: [{ on: "done", to: d.steps.find((each) => each.kind === "end")?.id ?? d.steps[0].id }] };
      d.steps.splice(Math.max(d.steps.findIndex((each) => each.kind === "end"), 0) || d.steps.length, 0, made);
      touched();
      choose(made.id);
    }));
  }

  function drawDetail() {
    const one = step(chosen);
    if (one === undefined) { detail.replaceChildren(); return; }
    one.who ??= {};
    const actions = one.kind === "approval" ? ["approve", "reject"] : one.kind === "end" ? [] : ["done"];
    const box = el("fieldset", {}, el("legend", {}, `${t.step}: ${one.name}`));
    box.append(el("div", { className: "pd-two" },
      labelled(t.name, text(one.name, (value) => { one.name = value; }, { maxLength: 80, onchange: () => draw() })),
      labelled(t.kind, choice(one.kind, kinds.map((kind) => [kind, t[`kind_${kind}`]]), (value) => {
        one.kind = value;
        const able = value === "approval" ? ["approve", "reject"] : value === "end" ? [] : ["done"];
        const old = (one.next ?? []).map((next) => next.to);
        one.next = able.flatMap((on) => { const kept = (one.next ?? []).filter((next) => next.on === on); return kept.length > 0 ? kept : [{ on, to: old[0] ?? d.steps[0].id }]; });
      }))));
    if (one.kind !== "end") {
      box.append(labelled(t.help_text, area(one.help, (value) => { one.help = value; })));
      box.append(labelled(t.people, text((one.who.people ?? []).join(", "), (value) => { one.who.people = listOf(value, ","); })),
        labelled(t.groups, text((one.who.groups ?? []).join(", "), (value) => { one.who.groups = listOf(value, ","); })),
        check(t.by_requester, one.who.requester, (value) => { one.who.requester = value; }));
      const due = el("div", { className: "pd-two" }, labelled(t.due_hours, number(one.due_hours, (value) => { one.due_hours = value; })));
      if (one.kind === "approval" && one.all !== true) due.append(labelled(t.need, number(one.need ?? 1, (value) => { one.need = value; })));
      box.append(due);
      if (one.kind === "approval") box.append(check(t.need_all, one.all, (value) => { one.all = value; draw(); }));
      if (d.fields.length > 0) {
        const asks = el("fieldset", {}, el("legend", {}, t.asks));
        for (const field of d.fields) asks.append(check(field.label, (one.fields ?? []).includes(field.id), (on) => {
          const kept = new Set(one.fields ?? []);
          if (on) kept.add(field.id); else kept.delete(field.id);
          one.fields = d.fields.map((each) => each.id).filter((id) => kept.has(id));
        }));
        for (const id of (one.fields ?? []).filter((each) => !d.fields.some((field) => field.id === each))) {
          asks.append(check(`${id} – ?`, true, () => { one.fields = one.fields.filter((each) => each !== id); draw(); }));
        }
        box.append(asks);
      }
    }
    box.append(labelled(t.status, choice(one.status, [["", "–"], ...statuses.map((each) => [each, each])], (value) => { one.status = value; })));
    if (actions.length > 0) box.append(drawWays(one, actions));
    detail.replaceChildren(box);
  }

  function drawWays(one, actions) {
    const box = el("fieldset", {}, el("legend", {}, t.ways));
    one.next ??= [];
    one.next.forEach((next, i) => {
      const way = el("fieldset", {}, el("legend", {}, `${i + 1}`));
      way.append(el("div", { className: "pd-two" },
        labelled(t.on, choice(next.on, actions.map((on) => [on, t[`on_${on}`]]), (value) => { next.on = value; })),
        labelled(t.to, choice(next.to, d.steps.map((each) => [each.id, each.name]), (value) => { next.to = value; }))));
      (next.when ?? []).forEach((test, j) => {
        const bare = test.op === "empty" || test.op === "filled";
        way.append(el("div", { className: "pd-two" },
          labelled(`${t.if}: ${t.field}`, choice(test.field, d.fields.map((each) => [each.id, each.label]), (value) => { test.field = value; })),
          labelled(t.operator, choice(test.op, operators.map((op) => [op, t[`op_${op}`] ?? op]), (value) => { test.op = value; })),
          bare ? null : labelled(t.value, text(test.value, (value) => { test.value = value; }))),
          button(t.remove, () => { next.when.splice(j, 1); touched(); draw(); }, { "aria-label": `${t.remove}: ${t.if} ${i + 1}.${j + 1}` }));
      });
      way.append(el("div", { className: "pm-acts" },
        button(t.add_test, () => { (next.when ??= []).push({ field: d.fields[0].id, op: "=", value: "" }); touched(); draw(); }, { disabled: d.fields.length === 0 }),
        button("↑", () => move(one.next, i, i - 1), { disabled: i === 0, "aria-label": `${t.up}: ${i + 1}` }),
        button(t.remove, () => { one.next.splice(i, 1); touched(); draw(); }, { "aria-label": `${t.remove}: ${t.ways} ${i + 1}` })));
      box.append(way);
    });
    box.append(button(t.add_way, () => { one.next.push({ on: actions[0], to: d.steps[d.steps.length - 1].id }); touched(); draw(); }));
    return box;
  }

  function drawFields() {
    const list = el("ol", { className: "pd-list" });
    d.fields.forEach((field, i) => {
      const open = el("details", { className: "pd-name" }, el("summary", {}, `${field.label} (${t[`type_${field.type}`] ?? field.type})`));
      open.open = field === drawFields.open;
      open.addEventListener("toggle", () => { if (open.open) drawFields.open = field; else if (drawFields.open === field) drawFields.open = null; });
      open.append(el("div", { className: "pd-two" },
        labelled(t.label, text(field.label, (value) => { field.label = value; }, { maxLength: 80, onchange: () => draw() })),
        labelled(t.type, choice(field.type, types.map((type) => [type, t[`type_${type}`]]), (value) => { field.type = value; }))),
        check(t.required_field, field.required, (value) => { field.required = value; }));
      if (field.type === "number") open.append(el("div", { className: "pd-two" }, labelled(t.min, number(field.min, (value) => { field.min = value; })), labelled(t.max, number(field.max, (value) => { field.max = value; }))));
      if (field.type === "select") open.append(labelled(t.options, area((field.options ?? []).join("\n"), (value) => { field.options = listOf(value, "\n"); })));
      open.append(labelled(t.help_text, text(field.help, (value) => { field.help = value; })));
      list.append(row(d.fields, i, open, field.label));
    });
    fields.replaceChildren(list, button(t.add_field, () => {
      const made = { id: freshId(d.fields, t.new_field, "field"), label: t.new_field, type: "text" };
      d.fields.push(made);
      drawFields.open = made;
      touched();
      draw();
    }));
  }

  function show({ svg, problems: found }) {
    picture.innerHTML = svg;
    problems.replaceChildren(found.length > 0
      ? el("div", { className: "gk-alert gk-alert-warning" }, el("strong", {}, t.problems), el("ul", {}, ...found.map((each) => el("li", {}, each))))
      : el("p", { className: "gk-alert gk-alert-success" }, t.no_problems));
    for (const node of picture.querySelectorAll("[data-step]")) {
      node.addEventListener("click", () => choose(node.dataset.step));
      node.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(node.dataset.step); } });
    }
  }
  const ask = async (path, fields) => {
    const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) });
    const answer = await response.json();
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  };
  let timer = 0;
  let latest = 0;
  function touched() {
    alerts.textContent = "";
    status.textContent = t.unsaved;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = (latest += 1);
      try {
        const answer = await ask("/processes/preview", { definition: JSON.stringify(d) });
        if (mine === latest) show(answer);
      } catch (error) { alerts.textContent = error.message; }
    }, 400);
  }
  async function save(publish) {
    saving.disabled = publishing.disabled = true;
    alerts.textContent = "";
    try {
      const answer = await ask(`/processes/${given.id}/save`, { definition: JSON.stringify(d), revision: String(revision), publish: publish ? "yes" : "" });
      revision = answer.revision;
      status.textContent = publish ? `${t.published}: ${t.version} ${answer.version}` : t.saved;
    } catch (error) {
      alerts.textContent = t.not_saved + error.message;
    }
    saving.disabled = publishing.disabled = false;
  }
  function draw() {
    // What has the focus keeps it where it is drawn anew.
    const at = [...root.querySelectorAll("input,select,textarea,button")].indexOf(document.activeElement);
    drawSteps();
    drawDetail();
    drawFields();
    if (at >= 0 && document.activeElement === document.body) [...root.querySelectorAll("input,select,textarea,button")][at]?.focus();
  }
  name.append(labelled(t.name, text(d.name, (value) => { d.name = value; }, { maxLength: 80 })), labelled(t.description, text(d.description, (value) => { d.description = value; })));
  draw();
  show(given.preview);
})();
