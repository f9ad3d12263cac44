import { notS3 } from './s3-errors.ts';

/** The headers of the answer to a command, once there is one. */
export type AnswerHeaders = () => Readonly<Record<string, string>>;

/** The part of a command's stack that is used: the same in all, with other types in each. */
interface AnswerStack {
  add(
    middleware: (next: Step) => Step,
    options: { readonly step: 'deserialize'; readonly name: string },
  ): void;
}

type Step = (args: unknown) => Promise<{ readonly response: unknown }>;

/** Keeps the headers of the answer to a command, of which the SDK gives some fields only. */
export function answerHeaders(command: { readonly middlewareStack: unknown }): AnswerHeaders {
  let headers: Readonly<Record<string, string>> = {};
  (command.middlewareStack as AnswerStack).add(
    (next) => async (args) => {
      const result = await next(args);
      headers = (result.response as { readonly headers?: typeof headers }).headers ?? {};
      return result;
    },
    { step: 'deserialize', name: 'granaryAnswerHeaders' },
  );
  return () => headers;
}

/**
 * Refuses the page of a proxy or a sign-in where an answer of S3 says nothing by which to know it.
 * Errors: `unavailable`.
 */
export function checkAnswer(headers: AnswerHeaders): void {
  if (/^text\/html\b/i.test(headers()['content-type'] ?? '')) throw notS3('it is a web page');
}
