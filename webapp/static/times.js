// Shows moments in the reader's own time zone. Without it a page says them in UTC.

import { t } from "./texts.js";

/** The page's language; English as written where help desks of all countries read it. */
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const withSeconds = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
const whole = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });

function midnight(moment) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
}

function spoken(moment, now) {
  const daysAgo = Math.round((midnight(now) - midnight(moment)) / 86_400_000);
  const time = clock.format(moment);
  if (daysAgo === 0) return t("Today, {time}", { time });
  if (daysAgo === 1) return t("Yesterday, {time}", { time });
  const sameYear = moment.getFullYear() === now.getFullYear();
  return `${(sameYear ? day : dayAndYear).format(moment)}, ${time}`;
}

function inWords(only, moment, now) {
  if (only === "seconds") return withSeconds.format(moment);
  return only === "minutes" ? clock.format(moment) : spoken(moment, now);
}

/** Put every `<time>` below `root` into local time; `data-clock` asks for the time of day alone. */
export function localise(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.textContent = inWords(element.dataset.clock, moment, now);
    element.title = whole.format(moment);
  }
}

localise(document);
