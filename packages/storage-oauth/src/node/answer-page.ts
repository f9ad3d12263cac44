/** What a person reads in the browser when the answer has come. */
export interface AnswerTexts {
  /** Default: `You are signed in.` */
  readonly done?: string;
  /** Default: `You are not signed in.` */
  readonly failed?: string;
  /** Default: `You can close this page and go back to the application.` */
  readonly close?: string;
}

/** Headers of every answer: nothing is loaded, kept, framed or sent on. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  connection: 'close',
};

/** The page that ends a sign-in. */
export function answerPage(isDone: boolean, texts: AnswerTexts = {}): string {
  const { done = 'You are signed in.', failed = 'You are not signed in.' } = texts;
  const { close = 'You can close this page and go back to the application.' } = texts;
  const title = escapeText(isDone ? done : failed);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>body { font: 1.1rem system-ui, sans-serif; margin: 20vh auto; max-width: 32rem; padding: 0 1rem }</style>
<h1>${title}</h1>
<p>${escapeText(close)}</p>
</html>
`;
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
