import type { ContentCheck } from './content-check.ts';
import { type Declared, declaredType } from './declared.ts';
import { checkLeast, checkMost, type KeyRules, looksAtType, type NamedRule } from './rules.ts';
import { scanCheck } from './scan.ts';
import { schemaCheck } from './schema-check.ts';
import { typeCheck } from './type-check.ts';

/** What content is checked as. */
export interface CheckedContent extends Declared {
  readonly key: string;
  readonly signal?: AbortSignal | undefined;
}

/** All checks of the content of one object as one. The first that refuses ends the others. */
export function contentChecks(content: CheckedContent, rules: KeyRules): ContentCheck {
  const { key, signal, size } = content;
  const contentType = declaredType(key, content);
  const checks: ContentCheck[] = [sizeCheck(rules)];
  const byContent = rules.find((named) => looksAtType([named]));
  if (byContent !== undefined) checks.push(typeCheck(byContent, rules, contentType));
  for (const named of rules) {
    if (named.rule.schema !== undefined) checks.push(schemaCheck(named, named.rule.schema));
  }
  for (const named of scannersOf(rules)) {
    const { scanner } = named.rule;
    if (scanner === undefined) continue;
    const context = {
      key,
      ...(contentType !== undefined && { contentType }),
      ...(size !== undefined && { size }),
    };
    checks.push(scanCheck(named, scanner, context));
  }
  return following(joined(checks), signal);
}

/** A scanner that several rules name looks once. */
function scannersOf(rules: KeyRules): readonly NamedRule[] {
  return rules.filter(
    ({ rule: { scanner } }, index) =>
      scanner !== undefined &&
      rules.findIndex(({ rule: { scanner: other } }) => other === scanner) === index,
  );
}

function sizeCheck(rules: KeyRules): ContentCheck {
  let count = 0;
  return {
    async push(chunk) {
      count += chunk.byteLength;
      checkMost(rules, count);
    },
    async finish() {
      checkLeast(rules, count);
    },
    stop() {},
  };
}

function joined(checks: readonly ContentCheck[]): ContentCheck {
  let failure: { readonly error: unknown } | undefined;
  const stop = (reason: unknown) => {
    for (const check of checks) check.stop(reason);
  };
  async function each(step: (check: ContentCheck) => Promise<void>): Promise<void> {
    if (failure !== undefined) throw failure.error;
    try {
      for (const check of checks) await step(check);
    } catch (error) {
      failure = { error };
      stop(error);
      throw error;
    }
  }
  return {
    push: (chunk) => each((check) => check.push(chunk)),
    finish: () => each((check) => check.finish()),
    stop,
  };
}

/** A check that ends with the caller's signal. No listener stays on it. */
function following(check: ContentCheck, signal: AbortSignal | undefined): ContentCheck {
  if (signal === undefined) return check;
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const onAbort = () => {
    check.stop(signal.reason);
    aborted.reject(signal.reason);
  };
  const leave = () => signal.removeEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    push: (chunk) =>
      Promise.race([check.push(chunk), aborted.promise]).catch((error: unknown) => {
        leave();
        throw error;
      }),
    finish: () => Promise.race([check.finish(), aborted.promise]).finally(leave),
    stop(reason) {
      leave();
      check.stop(reason);
    },
  };
}
