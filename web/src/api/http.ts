/** One way to the server: JSON, problem documents (RFC 9457), ETags, the session's CSRF token. */

export interface FieldProblem {
  detail: string;
  pointer?: string;
  parameter?: string;
  setting?: string;
}

/** A refusal, in the words that the server has for it. `status` 0: the server could not be reached. */
export class Problem extends Error {
  readonly status: number;
  readonly type: string;
  readonly detail: string;
  readonly errors: FieldProblem[];
  constructor(status: number, type: string, title: string, detail = "", errors: FieldProblem[] = []) {
    super(title);
    this.status = status;
    this.type = type;
    this.detail = detail;
    this.errors = errors;
  }
}

export interface Answer<T> {
  data: T;
  etag: string | null;
  revision: string | null;
}

export interface Ask {
  query?: Record<string, string | number | boolean | undefined | null>;
  body?: unknown;
  /** If-Match: what was read when the change was made up. */
  match?: string | null;
  /** A POST that must not happen twice, even if it is sent twice. */
  once?: boolean;
  signal?: AbortSignal;
}

const ROOT = "/api/v1";
let csrf = "";
let language = "de";
let away: () => void = () => undefined;

export function speakAs(wanted: string): void {
  language = wanted;
}

export function provenBy(token: string): void {
  csrf = token;
}

/** What happens when the session has ended: the frame goes to the sign-in page. */
export function onSignedOut(act: () => void): void {
  away = act;
}

function address(path: string, query: Ask["query"]): string {
  const given = Object.entries(query ?? {}).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  if (!given.length) return ROOT + path;
  return `${ROOT}${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

function headers(method: string, ask: Ask): Headers {
  const found = new Headers({ Accept: "application/json", "Accept-Language": language });
  if (ask.body !== undefined) {
    found.set("Content-Type", method === "PATCH" ? "application/merge-patch+json" : "application/json");
  }
  if (ask.match) found.set("If-Match", ask.match);
  if (ask.once) found.set("Idempotency-Key", crypto.randomUUID());
  if (method !== "GET" && csrf) found.set("X-Vorzimmer-CSRF", csrf);
  return found;
}

async function refusal(response: Response): Promise<Problem> {
  try {
    const told = (await response.json()) as Partial<Problem> & { title?: string };
    return new Problem(response.status, told.type ?? "", told.title ?? response.statusText, told.detail, told.errors);
  } catch {
    return new Problem(response.status, "", response.statusText || String(response.status));
  }
}

/** Ask the server. Raises Problem. */
export async function call<T>(method: string, path: string, ask: Ask = {}): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(address(path, ask.query), {
      method,
      headers: headers(method, ask),
      body: ask.body === undefined ? undefined : JSON.stringify(ask.body),
      credentials: "same-origin",
      signal: ask.signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable", "unreachable");
  }
  if (!response.ok) {
    const problem = await refusal(response);
    if (problem.status === 401 && !path.startsWith("/session")) away();
    throw problem;
  }
  const data = response.status === 204 ? undefined : ((await response.json()) as T);
  return { data: data as T, etag: response.headers.get("ETag"), revision: response.headers.get("X-Revision") };
}

export async function read<T>(path: string, ask: Ask = {}): Promise<T> {
  return (await call<T>("GET", path, ask)).data;
}
