/** A request as a fault looks at it. */
export interface FaultedRequest {
  /** In capitals. */
  readonly method: string;
  /** Path and query as they were sent. */
  readonly path: string;
}

/** Which requests a fault hits. */
export interface FaultScope {
  /** Default: every request. */
  readonly match?: (request: FaultedRequest) => boolean;
  /** How many requests it hits before it is over. Default: all. */
  readonly times?: number;
}

/** The connection is reset before the server has seen anything of the request. */
export interface RefuseFault extends FaultScope {
  readonly kind: 'refuse';
}

/**
 * The server gets the head of the request and so much of its body, then both connections are reset:
 * always before the last byte. A request without a body is cut before its head.
 */
export interface CutRequestFault extends FaultScope {
  readonly kind: 'cut-request';
  /** Units: bytes of the body as it is sent, with the framing of chunks. */
  readonly afterBytes: number;
}

/**
 * The client gets the head of the reply and so much of its body, then the connection ends: always
 * before the last byte. A reply without a body is cut before its head. The server has done its work.
 */
export interface CutResponseFault extends FaultScope {
  readonly kind: 'cut-response';
  /** Units: bytes of the body as it is sent, with the framing of chunks. */
  readonly afterBytes: number;
}

/**
 * The server gets the request whole, and the reply stops: `before` its first byte, or in the `body`,
 * in its middle where its length is known. A reply without a body stops before its first byte.
 */
export interface StallFault extends FaultScope {
  readonly kind: 'stall';
  readonly where: 'before' | 'body';
  /** Goes on after this long. Units: ms. Default: never; the client has to leave. */
  readonly ms?: number;
}

/** The proxy answers by itself; the server sees nothing of the request. */
export interface StatusFault extends FaultScope {
  readonly kind: 'status';
  readonly status: number;
  /** The `Retry-After` header: seconds, or a date. Default: none. */
  readonly retryAfter?: number | string;
  /** Default: empty. */
  readonly body?: string;
  /** Default: `text/plain`. */
  readonly contentType?: string;
}

/** The proxy answers 200 with the login page of a network; the server sees nothing of the request. */
export interface HtmlFault extends FaultScope {
  readonly kind: 'html';
}

/**
 * The reply says a length that is not its own and ends with the connection. A chunked reply loses its
 * end instead; a reply that has no bytes to count passes unchanged.
 */
export interface WrongLengthFault extends FaultScope {
  readonly kind: 'wrong-length';
  /** How many bytes more (above 0) or fewer (below) than come are announced. */
  readonly by: number;
}

/** The server gets the request whole and answers; the answer is dropped and the connection reset. */
export interface LoseReplyFault extends FaultScope {
  readonly kind: 'lose-reply';
}

/** The proxy sends the client elsewhere; the server sees nothing of the request. */
export interface RedirectFault extends FaultScope {
  readonly kind: 'redirect';
  /** The `Location` header, such as an address that is no longer encrypted. */
  readonly location: string;
  /** Default: 307, which repeats method and body. */
  readonly status?: 301 | 302 | 303 | 307 | 308;
}

/** One thing that goes wrong between a client and a server. */
export type ProxyFault =
  | RefuseFault
  | CutRequestFault
  | CutResponseFault
  | StallFault
  | StatusFault
  | HtmlFault
  | WrongLengthFault
  | LoseReplyFault
  | RedirectFault;
