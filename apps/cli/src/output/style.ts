import { styleText } from 'node:util';
import type { Host, Sink } from '../host.ts';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colors text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/**
 * Chooses whether text for a sink is colored: on a terminal alone, never with `NO_COLOR` set to
 * anything (https://no-color.org), `TERM=dumb` or `--no-color`; `FORCE_COLOR` colors pipes too.
 */
export function paintFor(sink: Sink, env: Host['env'], wanted: boolean): Paint {
  const isForbidden = !wanted || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const isForced = !['', '0', undefined].includes(env['FORCE_COLOR']);
  const isColored = !isForbidden && (isForced || sink.isTTY === true);
  return (style, text) => (isColored ? styleText(style, text, { validateStream: false }) : text);
}
