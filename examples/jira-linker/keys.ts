// Finds issue keys, such as PROJ-123, in a text.
const MINUS = 0x2d;

/** Returns each key once, in the order of the text; `projects` empty: those of any project. */
export function findKeys(text: string, projects: string[]): string[] {
  const found: string[] = [];
  for (let i = text.indexOf("-"); i >= 0; i = text.indexOf("-", i + 1)) {
    let start = i;
    while (start > 0 && isInside(text.charCodeAt(start - 1))) start--;
    let end = i + 1;
    while (end < text.length && isDigit(text.charCodeAt(end))) end++;
    if (!isAlone(text, start, end) || end == i + 1) continue;
    const project = text.substring(start, i);
    const key = text.substring(start, end);
    if (!isProject(project) || text.charAt(i + 1) == "0" || found.includes(key)) continue;
    if (projects.length == 0 || projects.includes(project)) found.push(key);
  }
  return found;
}

/** Splits a list with commas between its parts. */
export function split(text: string): string[] {
  const parts: string[] = [];
  const all = text.split(",");
  for (let i = 0; i < all.length; i++) {
    const part = all[i].trim();
    if (part != "") parts.push(part);
  }
  return parts;
}

/** A project's key: capitals, digits and underscores, two or more, the first one a letter. */
function isProject(text: string): bool {
  return text.length >= 2 && isLetter(text.charCodeAt(0)) && text == text.toUpperCase();
}

/** Neither a part of a word nor of something longer, such as CVE-2024-1234. */
function isAlone(text: string, start: i32, end: i32): bool {
  if (start > 0 && text.charCodeAt(start - 1) == MINUS) return false;
  if (end == text.length) return true;
  const next = text.charCodeAt(end);
  if (next == MINUS) return end + 1 == text.length || !isInside(text.charCodeAt(end + 1));
  return !isInside(next);
}

function isInside(code: i32): bool {
  return isLetter(code) || isDigit(code) || code == 0x5f;
}

function isDigit(code: i32): bool {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: i32): bool {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
