// A server opened on one address, or the reason why not in words.
import type { AddressInfo, Server } from 'node:net'
import { FleetError } from '../ports/errors.ts'
import { type Endpoint, endpointText } from './addresses.ts'

/** Resolves to where it listens. FleetError PORT_IN_USE, or INVALID_REQUEST for an address that cannot be listened on. */
export async function openServer(server: Server, wanted: Endpoint): Promise<Endpoint> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, wanted)))
    server.listen({ ...wanted, exclusive: true, backlog: 511 }, resolve)
  })
  // Nothing is known that a server reports later; it must not end the process.
  server.on('error', () => {})
  return { host: wanted.host, port: (server.address() as AddressInfo).port }
}

function cannotListen(error: NodeJS.ErrnoException, wanted: Endpoint): FleetError {
  const where = endpointText(wanted)
  if (error.code === 'EADDRINUSE') {
    return new FleetError(
      'PORT_IN_USE',
      `Something else listens on ${where}. Stop it, or forward from another port.`,
      { cause: error },
    )
  }
  const why = reasons[error.code ?? '']?.replace('PORT', String(wanted.port))
  return new FleetError(
    'INVALID_REQUEST',
    `It is not possible to listen on ${where}: ${why ?? `${error.message}.`}`,
    { cause: error },
  )
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'port PORT is for root. Take one above 1023.',
  EADDRNOTAVAIL: 'this machine has no such address. Name one that it has.',
}
