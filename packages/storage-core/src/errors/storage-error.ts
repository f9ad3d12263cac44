import type { Usage } from '../contract/operations.ts';
import { ERROR_CODES, type ErrorCategory, type ErrorCode } from './error-codes.ts';

const BRAND: symbol = Symbol.for('@granary/storage-core/error');

/** What a {@link StorageError} can be told besides its code and message. */
export interface StorageErrorFields {
  readonly provider?: string | undefined;
  readonly operation?: string | undefined;
  readonly key?: string | undefined;
  /** HTTP status, or what the service has in its place. */
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  /** Default: what the code says. */
  readonly retryable?: boolean | undefined;
  /** Units: ms. */
  readonly retryAfterMs?: number | undefined;
  /** What is known of a write that failed. Default: nothing said. */
  readonly outcome?: 'not-applied' | 'unknown' | undefined;
  /** The upload session is lost: begin a new one. */
  readonly restart?: boolean | undefined;
  /** How full the store is, where it is full. */
  readonly usage?: Usage | undefined;
  /** What the caller can do next. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The one error that Granary throws. Tell errors apart by `code` and with {@link isStorageError},
 * never by `instanceof`: two copies of this package in one application are normal.
 * Its message and fields hold no credential, signed URL or content; `toJSON` leaves `cause` out.
 */
export class StorageError extends Error {
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  readonly provider: string | undefined;
  readonly operation: string | undefined;
  readonly key: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly outcome: 'not-applied' | 'unknown' | undefined;
  readonly restart: boolean | undefined;
  readonly usage: Usage | undefined;
  readonly hint: string | undefined;
  /** The message without place and hint. */
  readonly #reason: string;

  constructor(code: ErrorCode, reason: string, fields: StorageErrorFields = {}) {
    super(
      sentence(reason, fields),
      fields.cause === undefined ? undefined : { cause: fields.cause },
    );
    const facts = ERROR_CODES[code];
    this.name = 'StorageError';
    this.code = code;
    this.category = facts.category;
    this.provider = fields.provider;
    this.operation = fields.operation;
    this.key = fields.key;
    this.status = fields.status;
    this.requestId = fields.requestId;
    this.retryable = fields.retryable ?? facts.retryable;
    this.retryAfterMs = fields.retryAfterMs;
    this.outcome = fields.outcome;
    this.restart = fields.restart;
    this.usage = fields.usage;
    this.hint = fields.hint;
    this.#reason = reason;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** The same error with more said about it; what was known already stays. */
  with(fields: StorageErrorFields): StorageError {
    return this.#copy({
      provider: this.provider ?? fields.provider,
      operation: this.operation ?? fields.operation,
      key: this.key ?? fields.key,
      status: this.status ?? fields.status,
      requestId: this.requestId ?? fields.requestId,
      retryable: fields.retryable ?? this.retryable,
      retryAfterMs: this.retryAfterMs ?? fields.retryAfterMs,
      outcome: fields.outcome ?? this.outcome,
      restart: this.restart ?? fields.restart,
      usage: this.usage ?? fields.usage,
      hint: this.hint ?? fields.hint,
      cause: this.cause ?? fields.cause,
    });
  }

  /** The same error about a key as it is called above a layer that changes keys. */
  forKey(key: string): StorageError {
    return this.#copy({ ...this.toJSON(), key, cause: this.cause });
  }

  /** The same error as one of the operation that a layer made it of. */
  forOperation(operation: string): StorageError {
    return this.#copy({ ...this.toJSON(), operation, cause: this.cause });
  }

  #copy(fields: StorageErrorFields): StorageError {
    const error = new StorageError(this.code, this.#reason, fields);
    if (this.stack !== undefined) error.stack = this.stack.replace(this.message, error.message);
    return error;
  }

  toJSON(): Record<string, unknown> {
    const { name, message, code, category, provider, operation, key } = this;
    const { status, requestId, retryable, retryAfterMs, outcome, restart, usage, hint } = this;
    return {
      ...{ name, message, code, category, provider, operation, key },
      ...{ status, requestId, retryable, retryAfterMs, outcome, restart, usage, hint },
    };
  }
}

/** Whether a thrown value is a {@link StorageError} of any copy of this package, and of this code. */
export function isStorageError(error: unknown, code?: ErrorCode): error is StorageError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as { readonly [name: symbol]: unknown })[BRAND] === true &&
    (code === undefined || (error as StorageError).code === code)
  );
}

function sentence(reason: string, { provider, operation, key, hint }: StorageErrorFields): string {
  const place = [provider, operation].filter((word) => word !== undefined).join(' ');
  const subject = key === undefined ? place : `${place} ${JSON.stringify(key)}`.trimStart();
  const head = subject === '' ? reason : `${subject}: ${reason}`;
  return hint === undefined ? head : `${head} ${hint}`;
}
