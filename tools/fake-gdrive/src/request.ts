import type { DriveState } from './drive-state.ts';
import type { FakeFault } from './fake-faults.ts';
import { refuse } from './refusal.ts';
import type { Identity } from './tokens.ts';
import type { UploadSessions } from './upload-sessions.ts';

/** One request on its way through the fake. */
export interface Call {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Where the service is, as the client called it. */
  readonly origin: string;
  readonly who: Identity;
  readonly state: DriveState;
  readonly sessions: UploadSessions;
  readonly fault: FakeFault | undefined;
  /** Variables of the path. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The body is content of a file. */
  readonly isContent?: boolean;
}

/** Answers a request. */
export type Handler = (call: Call) => Answer;

/** Answers with JSON. */
export function json(value: unknown, status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(value),
  };
}

/** A variable of the path. */
export function variable({ variables }: Call, name: string): string {
  return variables[name] ?? '';
}

/** A parameter that is true or false. Default: false. */
export function flag({ query }: Call, name: string): boolean {
  const value = query.get(name);
  if (value !== null && value !== 'true' && value !== 'false') {
    throw refuse.invalid('Invalid Value', name);
  }
  return value === 'true';
}

/** A number within bounds. */
export function count({ query }: Call, name: string, normal: number, most: number): number {
  const value = query.get(name);
  if (value === null) return normal;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > most) {
    throw refuse.invalid(
      `Invalid value '${value}'. Values must be within the range: [1, ${most}]`,
      name,
    );
  }
  return number;
}

/** A JSON body. */
export function jsonBody(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
  } catch {
    // Said below.
  }
  throw refuse.badRequest('Parse Error');
}
