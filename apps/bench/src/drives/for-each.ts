import { drive } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';

/** As many as files-sdk and rclone have in flight. */
const IN_FLIGHT = 8;

/** Does something with each key, some at once: what a careful user writes who has no batches. */
export async function forEach(
  keys: readonly string[],
  work: (key: string) => Promise<unknown>,
): Promise<void> {
  await drive(keys.length, IN_FLIGHT, (index) => work(pick(keys, index)));
}
