// `ibgm forward`: passes TCP connections on to a gateway that only listens on its own loopback, until Ctrl-C.
import { systemClock } from '../../adapters/system-clock.ts'
import { type Cidr, parseCidr, parseEndpoint, parseListen } from '../../forwarder/addresses.ts'
import { eventText, isTrouble } from '../../forwarder/events.ts'
import { type Forwarder, startForwarder } from '../../forwarder/forwarder.ts'
import { isFleetError } from '../../ports/errors.ts'
import type { ForwardOptions } from '../commands/serverless.ts'
import { CliError, type ExitCode, exitCodes } from '../io.ts'
import { printable } from '../terminal.ts'
import type { Toolbox } from '../toolbox.ts'

/** Runs until the signal aborts. CliError: usage for what may not be listened on, failed when the port is taken. */
export async function forward(
  tools: Toolbox,
  listen: string,
  target: string,
  options: ForwardOptions,
): Promise<ExitCode> {
  const { io, json } = tools
  const forwarder = await start({
    listen: endpoint('LISTEN', listen, parseListen),
    target: endpoint('TARGET', target, parseEndpoint),
    ...(options.interface === undefined ? {} : { interfaceName: options.interface }),
    ...(options.allow === undefined ? {} : { allow: options.allow.map(network) }),
    clock: systemClock(),
    tell(event) {
      if (json) io.stdout.write(`${JSON.stringify(event)}\n`)
      else if (isTrouble(event)) io.stderr.write(`${printable(eventText(event))}\n`)
      else tools.say(eventText(event))
    },
  })
  await interrupted(io.signal)
  await forwarder.close()
  return exitCodes.ok
}

function start(options: Parameters<typeof startForwarder>[0]): Promise<Forwarder> {
  return startForwarder(options).catch((cause) => {
    if (!isFleetError(cause)) throw cause
    const kind = cause.code === 'INVALID_REQUEST' ? 'usage' : 'failed'
    throw new CliError(kind, cause.message, { code: cause.code, cause })
  })
}

function interrupted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve()
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}

function endpoint<E>(name: string, text: string, parse: (text: string) => E | undefined): E {
  const parsed = parse(text)
  if (parsed !== undefined) return parsed
  throw new CliError('usage', `${name} takes a port or address:port, got "${text}"`, {
    hint: 'like 4003, 127.0.0.1:4003 or [::1]:4003',
  })
}

function network(text: string): Cidr {
  const parsed = parseCidr(text)
  if (parsed) return parsed
  throw new CliError('usage', `--allow takes a network or an address, got "${text}"`, {
    hint: 'like 172.17.0.0/16, fd00::/64 or 172.17.0.5',
  })
}
