// What it usually means when a connection to an IB API ends where it ends. Pure.
import type { IbNotice, IbStep } from '../../ports/ib.ts'
import { classifyIbCode } from '../../session/codes.ts'
import { afterNotice, fairWeather } from '../../session/conditions.ts'
import { type ExitCode, exitCodes } from '../io.ts'

/** Where connecting stopped, and how. */
export interface Trouble {
  readonly step: IbStep
  readonly how: 'closed' | 'timeout' | 'interrupted'
  readonly error?: Error
  /** What the gateway said before. */
  readonly notices: readonly IbNotice[]
}

export interface Diagnosis {
  readonly detail: string
  readonly action: string
  readonly exitCode: ExitCode
}

// IB Gateway's and TWS's own defaults; 4003 and 4004 are socat's in the image, in front of 4001 and 4002.
const usualPorts = 'IB Gateway 4001 live, 4002 paper; in its container 4003 and 4004; TWS 7496 and 7497'
// IB: "Unable to connect as the client id is already in use".
const clientIdInUse = 326

export function diagnose(
  trouble: Trouble,
  target: { host: string; port: number; clientId: number; timeoutMs: number },
): Diagnosis {
  const where = `${target.host}:${target.port}`
  const waited = `${target.timeoutMs / 1000} s`
  if (trouble.how === 'interrupted') {
    return { detail: 'interrupted', action: 'run it again', exitCode: exitCodes.failed }
  }
  if (trouble.step === 'socket') {
    const late = trouble.how === 'timeout'
    return {
      detail: late
        ? `${where} did not take the connection within ${waited}`
        : noConnection(where, trouble.error),
      action: late
        ? 'check the host, and what filters the way there (firewall, VPN, docker network)'
        : `start the gateway, or check the port (${usualPorts})`,
      exitCode: exitCodes.unreachable,
    }
  }
  const { detail, action } =
    trouble.step === 'handshake' ? noHandshake(trouble, where, waited) : noLogin(trouble, target, waited)
  return { detail, action, exitCode: exitCodes.failed }
}

function noConnection(where: string, error: Error | undefined): string {
  const code = causeCode(error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host of ${where} has no address (${code})`
  if (code === undefined || code === 'ECONNREFUSED') return `nothing listens on ${where} (connection refused)`
  return `${where} cannot be reached (${code})`
}

function causeCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? at.code : undefined
    if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) return code
  }
  return undefined
}

function noHandshake({ how }: Trouble, where: string, waited: string): Omit<Diagnosis, 'exitCode'> {
  if (how === 'closed') {
    return {
      detail: `${where} accepts, then closes without a byte: a forwarder with no gateway behind it (socat in the gateway's container)`,
      action:
        'the gateway is not logged in yet: see its log (`docker logs CONTAINER`, `ibgm explain-log`), approve its 2FA, or wait',
    }
  }
  return {
    detail: `${where} accepts and stays mute for ${waited}: a hanging gateway, or no IB API at all`,
    action: `check the port (${usualPorts}); restart the gateway if it is the right one`,
  }
}

function noLogin(
  { how, error, notices }: Trouble,
  { clientId }: { clientId: number },
  waited: string,
): Omit<Diagnosis, 'exitCode'> {
  if (notices.some(({ code }) => code === clientIdInUse)) {
    return {
      detail: `client id ${clientId} is already in use on this gateway (IB error ${clientIdInUse})`,
      action: 'pick another with --client-id',
    }
  }
  const said = notices.at(-1)
  return {
    detail: [
      how === 'timeout'
        ? `an IB API answers, but names no accounts within ${waited}`
        : `an IB API answered, then closed the connection: ${error?.message ?? 'no reason given'}`,
      ...(said ? [`it said ${said.code}: ${said.text}`] : []),
    ].join('; '),
    action:
      'the login is not complete, or the gateway does not trust this address: see its window or its log',
  }
}

/** The login is complete and no price came; `notices` are all that the gateway said. */
export function noQuote(what: string, notices: readonly IbNotice[]): Diagnosis {
  const classes = notices.map(({ code, text }) => classifyIbCode(code, text))
  const { upstream } = classes.reduce((before, each) => afterNotice(before, each, 0), fairWeather)
  if (upstream === 'up') {
    return {
      detail: what,
      action:
        'login and API are fine; check the market-data subscription, or ask for another symbol with --symbol',
      exitCode: exitCodes.failed,
    }
  }
  const said = notices.findLast((_, at) => classes[at]?.kind === 'upstream-lost')
  return {
    detail: `${what}; the gateway has lost IB (it said ${said?.code}: ${said?.text})`,
    action:
      "login and API are fine; IB usually comes back by itself: run it again, and see IB's system status and the gateway's own way to the internet if it lasts",
    exitCode: exitCodes.failed,
  }
}
