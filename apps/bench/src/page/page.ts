import { answerAll, answerCalls } from './answer-calls.ts';
import type { PageCall } from './page-protocol.ts';
import { startTask } from './start-task.ts';

/*
 * What runs in the page of a subject. A page that is opened with calls in its address makes them at
 * once, and others after them.
 */

if (!globalThis.crossOriginIsolated) throw new Error('The clock of the page is too coarse.');

const answer = answerCalls(startTask);
const address = decodeURIComponent(location.hash.slice(1));
const first: readonly PageCall[] = address === '' ? [] : JSON.parse(address);

Object.assign(globalThis, { granaryAnswer: answer, granaryFirst: answerAll(answer, first) });
