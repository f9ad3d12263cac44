import { invalid } from './refusal.ts';

/** A parsed selector: names with what is selected below them; nothing means everything. */
interface Selection {
  readonly [name: string]: Selection | undefined;
}

/**
 * Keeps the parts of an answer that `fields` asks for.
 * https://cloud.google.com/storage/docs/json_api#partial-response
 */
export function selectFields(value: unknown, fields: string | undefined): unknown {
  return fields === undefined ? value : pick(value, parse(fields));
}

function parse(text: string): Selection {
  let at = 0;
  function list(): Selection {
    const selection: Record<string, Selection | undefined> = {};
    for (;;) {
      const [name = ''] = /^[\w*]+/.exec(text.slice(at)) ?? [];
      if (name === '') throw invalid(`Invalid field selection ${text}`);
      at += name.length;
      let below: Selection | undefined;
      if (text[at] === '/') {
        at += 1;
        below = list();
        selection[name] = below;
        return selection;
      }
      if (text[at] === '(') {
        at += 1;
        below = list();
        if (text[at] !== ')') throw invalid(`Invalid field selection ${text}`);
        at += 1;
      }
      selection[name] = below;
      if (text[at] !== ',') return selection;
      at += 1;
    }
  }
  const selection = list();
  if (at !== text.length) throw invalid(`Invalid field selection ${text}`);
  return selection;
}

function pick(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, selection));
  if (typeof value !== 'object' || value === null) return value;
  if ('*' in selection) return value;
  const kept = Object.entries(value).filter(([name]) => name in selection);
  return Object.fromEntries(
    kept.map(([name, field]) => {
      const below = selection[name];
      return [name, below === undefined ? field : pick(field, below)];
    }),
  );
}
