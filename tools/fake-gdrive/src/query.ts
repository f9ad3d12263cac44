import type { FakeFile } from './file-resource.ts';
import { refuse } from './refusal.ts';

/** What a query of `files.list` is asked of. */
export interface Queried {
  readonly file: FakeFile;
  readonly trashed: boolean;
  readonly app: string;
}

/** Whether a file is found by a query. */
export type Matcher = (queried: Queried) => boolean;

interface Token {
  readonly kind: 'word' | 'text' | 'sign';
  readonly text: string;
}

/**
 * Parses the `q` of `files.list`. Names are compared without regard to letter case, as the service
 * is seen to do. https://developers.google.com/workspace/drive/api/guides/ref-search-terms, read 2026-11-21
 */
export function parseQuery(q: string, resolve: (id: string) => string): Matcher {
  const tokens = tokenize(q);
  let at = 0;

  const peek = () => tokens[at];
  const isWord = (word: string) => peek()?.kind === 'word' && peek()?.text === word;
  function take(kind: Token['kind'], text?: string): string {
    const token = peek();
    if (token?.kind !== kind || (text !== undefined && token.text !== text)) throw invalid();
    at += 1;
    return token.text;
  }

  function either(): Matcher {
    const parts = [both()];
    while (isWord('or')) {
      at += 1;
      parts.push(both());
    }
    return (queried) => parts.some((part) => part(queried));
  }

  function both(): Matcher {
    const parts = [single()];
    while (isWord('and')) {
      at += 1;
      parts.push(single());
    }
    return (queried) => parts.every((part) => part(queried));
  }

  function single(): Matcher {
    if (isWord('not')) {
      at += 1;
      const inner = single();
      return (queried) => !inner(queried);
    }
    if (peek()?.text === '(' && peek()?.kind === 'sign') {
      at += 1;
      const inner = either();
      take('sign', ')');
      return inner;
    }
    return term();
  }

  function term(): Matcher {
    if (peek()?.kind === 'text') {
      const id = resolve(take('text'));
      take('word', 'in');
      take('word', 'parents');
      return ({ file }) => file.parent === id;
    }
    const field = take('word');
    switch (field) {
      case 'name':
      case 'mimeType': {
        const operator = peek()?.kind === 'word' ? take('word') : take('sign');
        const wanted = take('text').toLowerCase();
        const textOf = ({ file }: Queried) => file[field].toLowerCase();
        if (operator === '=') return (queried) => textOf(queried) === wanted;
        if (operator === '!=') return (queried) => textOf(queried) !== wanted;
        if (operator === 'contains') return (queried) => textOf(queried).startsWith(wanted);
        throw invalid();
      }
      case 'trashed': {
        const isEqual = take('sign') === '=';
        const wanted = take('word') === 'true';
        return ({ trashed }) => (trashed === wanted) === isEqual;
      }
      case 'modifiedTime': {
        const operator = take('sign');
        const wanted = Date.parse(take('text'));
        const compare: Readonly<Record<string, (ms: number) => boolean>> = {
          '=': (ms) => ms === wanted,
          '!=': (ms) => ms !== wanted,
          '<': (ms) => ms < wanted,
          '<=': (ms) => ms <= wanted,
          '>': (ms) => ms > wanted,
          '>=': (ms) => ms >= wanted,
        };
        const holds = compare[operator];
        if (holds === undefined || Number.isNaN(wanted)) throw invalid();
        return ({ file }) => holds(Date.parse(file.modifiedTime));
      }
      case 'appProperties':
      case 'properties': {
        take('word', 'has');
        take('sign', '{');
        take('word', 'key');
        take('sign', '=');
        const key = take('text');
        take('word', 'and');
        take('word', 'value');
        take('sign', '=');
        const value = take('text');
        take('sign', '}');
        return ({ file, app }) =>
          (field === 'properties' ? file.properties : file.appProperties.get(app))?.get(key) ===
          value;
      }
      default:
        throw invalid();
    }
  }

  const matcher = either();
  if (at !== tokens.length) throw invalid();
  return matcher;
}

function tokenize(q: string): readonly Token[] {
  const tokens: Token[] = [];
  let rest = q;
  while (rest.trim() !== '') {
    rest = rest.trimStart();
    const text = /^'((?:[^'\\]|\\[\s\S])*)'/.exec(rest);
    const word = /^[A-Za-z]+/.exec(rest);
    const sign = /^(?:!=|<=|>=|[=<>(){}])/.exec(rest);
    const found = text ?? word ?? sign;
    if (found === null) throw invalid();
    if (text !== null) tokens.push({ kind: 'text', text: unescaped(text[1] ?? '') });
    else tokens.push({ kind: word === null ? 'sign' : 'word', text: found[0] });
    rest = rest.slice(found[0].length);
  }
  return tokens;
}

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (_, character: string) => {
    if (character !== "'" && character !== '\\') throw invalid();
    return character;
  });
}

function invalid() {
  return refuse.invalid('Invalid Value', 'q');
}
