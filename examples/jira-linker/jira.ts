// What Jira is asked (REST API, version 3), and what its answers mean.
import { Json, Level, Response, fetch, log, quote } from "./ohd";
import { JIRA } from "./site";

export class Issue {
  constructor(
    readonly key: string,
    readonly summary: string,
    readonly status: string,
    readonly assignee: string,
  ) {}

  get url(): string {
    return `${JIRA}/browse/${this.key}`;
  }
}

/** Makes a request with JSON in it, and JSON expected. */
export function ask(method: string, url: string, authorization: string, body: string): Response {
  const headers = new Map<string, string>();
  headers.set("Accept", "application/json");
  headers.set("Content-Type", "application/json");
  headers.set("Authorization", authorization);
  return fetch(method, url, headers, body);
}

/** Speaks with Jira for one event; stops where asking more would be of no use. */
export class Jira {
  /** Whether Jira has refused us, or is too busy: then the next event tries again. */
  stopped: bool = false;

  constructor(private authorization: string) {}

  /** Returns null where there is no such issue, or none that the account may see. */
  find(key: string): Issue | null {
    const path = `/rest/api/3/issue/${key}?fields=summary,status,assignee`;
    const answer = ask("GET", JIRA + path, this.authorization, "");
    if (answer.status == 404) return null;
    const json = Json.read(answer.body);
    if (answer.status != 200 || json == null) {
      this.stop(`${key} was not read`, answer);
      return null;
    }
    const assignee = json.get("fields.assignee.displayName");
    return new Issue(
      json.get("key"),
      json.get("fields.summary"),
      json.get("fields.status.name"),
      assignee == "" ? "nobody" : assignee,
    );
  }

  /** Links the issue to the ticket. Its global id makes a second link to be the first one. */
  link(issue: Issue, ticket: string, url: string, subject: string): bool {
    const object = `{"url":${quote(url)},"title":${quote(subject)}}`;
    const body = `{"globalId":${quote("ohd=" + ticket)},"application":{"name":"Open Help Desk"},"object":${object}}`;
    const path = `/rest/api/3/issue/${issue.key}/remotelink`;
    const answer = ask("POST", JIRA + path, this.authorization, body);
    const done = answer.status == 200 || answer.status == 201;
    if (!done) this.stop(`${issue.key} was not linked`, answer);
    return done;
  }

  private stop(what: string, answer: Response): void {
    this.stopped = true;
    const status = answer.status;
    let why = `Jira answered ${status}`;
    if (status == 0) why = "Jira did not answer";
    else if (status == 200) why = "the answer is not JSON: is it a page to log in?";
    else if (status == 401) why += ": the authorization is wrong or has run out";
    else if (status == 403) why += ": the account may not do this";
    else if (status == 429) why += ": too many requests; the next event of the ticket tries again";
    const json = Json.read(answer.body);
    const said = json == null ? "" : json.get("errorMessages.0");
    const isPassing = status == 0 || status == 429 || status >= 500;
    log(isPassing ? Level.Warn : Level.Error, what + ", " + why + (said == "" ? "" : ` (${said})`));
  }
}
