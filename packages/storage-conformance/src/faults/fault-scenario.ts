import type { ErrorCode } from '@granary/storage-core/provider';
import type { ProxyFault } from '../fault-proxy.ts';
import type { FaultContext } from './fault-context.ts';

/** One thing that goes wrong, and what must come of it. */
export interface FaultScenario {
  /** What happens, in the present tense. Names the scenario. */
  readonly title: string;
  run(context: FaultContext): Promise<void>;
}

/** A fault with a name, and the codes that tell it. */
export interface NamedFault {
  readonly name: string;
  readonly fault: ProxyFault;
  readonly codes: readonly ErrorCode[];
  /** Only replies with a body can have it. */
  readonly inReplyBody?: boolean;
}

/** Trouble that makes every operation fail while it lasts. */
export const FAULTS: readonly NamedFault[] = [
  { name: 'connections are refused', fault: { kind: 'refuse' }, codes: ['unavailable'] },
  {
    name: 'requests are cut',
    fault: { kind: 'cut-request', afterBytes: 100 },
    codes: ['unavailable'],
  },
  {
    name: 'replies are cut',
    fault: { kind: 'cut-response', afterBytes: 10 },
    codes: ['unavailable', 'corrupted'],
  },
  { name: 'replies are lost', fault: { kind: 'lose-reply' }, codes: ['unavailable'] },
  {
    name: 'no reply comes',
    fault: { kind: 'stall', where: 'before' },
    codes: ['timeout'],
  },
  {
    name: 'replies stop in their middle',
    fault: { kind: 'stall', where: 'body' },
    codes: ['timeout'],
    inReplyBody: true,
  },
  {
    name: 'the service answers 500',
    fault: { kind: 'status', status: 500 },
    codes: ['unavailable'],
  },
  {
    name: 'the service answers 503',
    fault: { kind: 'status', status: 503 },
    codes: ['unavailable', 'rate-limited'],
  },
  {
    name: 'the service answers 429',
    fault: { kind: 'status', status: 429 },
    codes: ['rate-limited'],
  },
  {
    name: 'a login page answers',
    fault: { kind: 'html' },
    codes: ['unavailable', 'corrupted'],
  },
];
