// Why connections end, in words that tell a person where to look.
import type { ErrorCode } from '../../ports/errors.ts'
import type { IbStep } from '../../ports/ib.ts'

const stepNames: Record<IbStep, string> = {
  socket: 'before the TCP connection was there',
  handshake:
    'before the API handshake: a port forward accepts with no gateway behind it, and a gateway refuses untrusted addresses',
  accounts: 'before it named its accounts',
  'order-id': 'before it gave the next order id',
}

/** The gateway closed it: before `step` was done, or after all were. */
export function closedBefore(step: IbStep | undefined): string {
  return step ? `the gateway closed it ${stepNames[step]}` : 'the gateway closed it'
}

/** What the socket's own error means while connecting, and after. */
export function socketFailure(
  error: NodeJS.ErrnoException,
  connecting: boolean,
): { code: ErrorCode; detail: string } {
  // Both families of `localhost` refusing make an AggregateError without a message.
  const detail = error.message || error.code || 'refused'
  if (!connecting) return { code: 'CONNECTION_CLOSED', detail: `the connection broke (${detail})` }
  if (error.code === 'ETIMEDOUT') return { code: 'CONNECTION_TIMEOUT', detail: `no answer (${detail})` }
  return { code: 'CONNECTION_REFUSED', detail: `nothing accepts connections there (${detail})` }
}
