import {
  defineLayer,
  type LayerFactory,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { validateLayer } from './validate/layer.ts';
import { looksInside, ruleFinder, type ValidationRule } from './validate/rules.ts';

export type { ValidationCheck, ValidationFailure, ValidationRule } from './validate/rules.ts';
export type { ContentScanner, ScanContext, ScanResult } from './validate/scan.ts';

/** Options of {@link createValidated}. A rule that stands here itself holds for every key. */
export interface ValidateOptions extends ValidationRule {
  /**
   * Rules by key pattern, in which `*` stands for anything. All rules whose pattern matches a key
   * hold for it, so that a further rule never lets more in.
   */
  readonly rules?: Readonly<Record<string, ValidationRule>>;
  /**
   * Checks what is read too, such as objects from before the rules or from other programs. Content
   * that rules look into is then not read by ranges. Default: off.
   */
  readonly onRead?: boolean;
}

/**
 * A storage that takes only what its rules let in: names, sizes, media types, also by what the
 * content shows, JSON by a schema, and what a malware scanner calls clean. Nothing is stored unless
 * all of it has passed: streams are checked while they flow, and their last bytes are held back
 * until the verdict. Copies, moves, uploads, batches, restored versions and a changed content type
 * are held to the rules too.
 *
 * It looks at content as it is meant, so it stands over encryption and compression, and over the
 * retry loop, which then repeats no scan that refused.
 * Errors: `invalid-data` and `too-large` with the rule in `cause` ({@link ValidationFailure});
 * `unavailable` when a scanner gives no verdict; `unsupported` for presigned writes to keys with rules;
 * `invalid-config` for rules that make no sense.
 */
export const createValidated: LayerFactory<ValidateOptions> = /* @__PURE__ */ defineLayer({
  name: 'validated',
  layer: validatedProvider,
});

/** Puts rules for what may be stored over a provider. See {@link createValidated}. */
export function withValidate(provider: StorageProvider, options: ValidateOptions): StorageProvider {
  return createValidated.provider(provider, options);
}

function validatedProvider(below: StorageProvider, options: ValidateOptions): StorageProvider {
  const { rules = {}, onRead = false, ...general } = options;
  const rulesOf = ruleFinder(general, rules);
  const all = [general, ...Object.values(rules)].map((rule) => ({ pattern: '*', rule }));
  return validateLayer(below, {
    rulesOf,
    onRead,
    hasRules: all.some(({ rule }) => Object.keys(rule).length > 0),
    looksInside: looksInside(all),
  });
}
