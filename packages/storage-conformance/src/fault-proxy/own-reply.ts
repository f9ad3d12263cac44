import type { ProxyFault } from './faults.ts';

const LOGIN_PAGE = `<!DOCTYPE html>
<html><head><title>Sign in to this network</title></head>
<body><form method="post"><input name="password" type="password"></form></body></html>
`;

/** The reply that the proxy gives by itself, or undefined where the server is asked. */
export function ownReply(
  fault: ProxyFault | undefined,
  request: { readonly method: string; readonly staysOpen: boolean },
): Buffer | undefined {
  if (fault === undefined) return undefined;
  if (fault.kind === 'status') {
    const { status, retryAfter, body = '', contentType = 'text/plain' } = fault;
    const fields = {
      'Content-Type': contentType,
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    };
    return reply(request, status, fields, body);
  }
  if (fault.kind === 'html') {
    return reply(request, 200, { 'Content-Type': 'text/html; charset=utf-8' }, LOGIN_PAGE);
  }
  if (fault.kind === 'redirect') {
    return reply(request, fault.status ?? 307, { Location: fault.location }, '');
  }
  return undefined;
}

function reply(
  { method, staysOpen }: { readonly method: string; readonly staysOpen: boolean },
  status: number,
  fields: Readonly<Record<string, string>>,
  body: string,
): Buffer {
  const lines = [
    `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Fault'}`,
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Connection: ${staysOpen ? 'keep-alive' : 'close'}`,
    '',
    method === 'HEAD' ? '' : body,
  ];
  return Buffer.from(lines.join('\r\n'));
}
