import { StorageError } from '@granary/storage-core/provider';
import type { ValidateOptions, ValidationRule } from '@granary/storage-layers/validate';

/** A rule as a file writes it. */
interface WrittenRule extends Omit<ValidationRule, 'name'> {
  readonly name?: string;
}

/** The options of the layer as a file writes them. */
interface WrittenOptions extends WrittenRule {
  readonly rules?: Readonly<Record<string, WrittenRule>>;
  readonly onRead?: boolean;
}

/** Options of the layer from those of a file. Errors: `invalid-config` for what is no regular expression. */
export function toValidation(options: Readonly<Record<string, unknown>>): ValidateOptions {
  const { rules = {}, onRead = false, ...general } = options as WrittenOptions;
  const written = Object.entries(rules);
  return {
    ...toRule(general),
    onRead,
    rules: Object.fromEntries(written.map(([pattern, rule]) => [pattern, toRule(rule)])),
  };
}

function toRule({ name, ...rule }: WrittenRule): ValidationRule {
  return name === undefined ? rule : { ...rule, name: toPattern(name) };
}

function toPattern(name: string): RegExp {
  try {
    return new RegExp(name, 'u');
  } catch {
    throw new StorageError('invalid-config', 'the option "name" is not a regular expression.');
  }
}
