import { refuse } from './refusal.ts';

/** One request on its way through the fake, also out of a batch. */
export interface FakeRequest {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Where the fake is, as the client called it. */
  readonly origin: string;
}

/** What is answered. */
export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes, or what becomes JSON. */
  readonly body?: Buffer | object;
}

/** Refuses query options that the route has not. */
export function onlyQuery({ query }: FakeRequest, allowed: readonly string[]): void {
  for (const name of query.keys()) {
    if (!allowed.includes(name)) {
      throw refuse.request(`The query specified in the URI is not valid: ${name}.`);
    }
  }
}

/** A JSON body, each of whose fields is known. */
export function jsonOf(
  { body, headers }: FakeRequest,
  fields: readonly string[],
): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  if (!headers['content-type']?.startsWith('application/json')) {
    throw refuse.request('Content-Type must be application/json.');
  }
  return fieldsOf(parsed(body), fields);
}

/** An object, each of whose fields is known. */
export function fieldsOf(
  value: unknown,
  fields: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse.request('The request body must be an object.');
  }
  for (const name of Object.keys(value)) {
    if (!fields.includes(name)) {
      throw refuse.request(`The property '${name}' does not exist on this type.`);
    }
  }
  return value as Readonly<Record<string, unknown>>;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    throw refuse.request('Unable to read JSON request payload.');
  }
}

export type ConflictBehavior = 'fail' | 'replace' | 'rename';

/** What happens when the name is taken. */
export function conflictBehaviorOf(value: unknown, otherwise: ConflictBehavior): ConflictBehavior {
  if (value === undefined || value === null) return otherwise;
  if (value === 'fail' || value === 'replace') return value;
  if (value === 'rename') throw refuse.request('The fake does not rename.');
  throw refuse.request('@microsoft.graph.conflictBehavior is invalid.');
}
