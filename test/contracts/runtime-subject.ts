// What the tests of runtimes share: a gateway to run, and ways to wait for what it says and does.
import { connect, createServer, type Server } from 'node:net'
import type {
  GatewayCredentials,
  GatewayPlacement,
  GatewayRuntime,
  GatewaySpec,
  RuntimeSignal,
} from '../../src/ports/runtime.ts'

export interface RuntimeSubject {
  readonly runtime: GatewayRuntime
  readonly image: string
  /** Unlike any other test's, for engines are shared. */
  readonly prefix: string
}

/** Longer than any step takes on a busy machine; a wait that reaches it fails. */
export const boundMs = 20_000
export const anySignal = new AbortController().signal
export const goodLogin: GatewayCredentials = { username: 'alice', password: 'sim' }

/** A bound for what must end by itself. */
export const bounded = () => AbortSignal.timeout(boundMs)

export function specOf(
  subject: RuntimeSubject,
  followerId: string,
  over: Partial<GatewaySpec> = {},
): GatewaySpec {
  return {
    followerId,
    containerName: `${subject.prefix}-${followerId}`,
    image: subject.image,
    tradingMode: 'paper',
    timeZone: 'America/New_York',
    autoRestartTime: '04:30 PM',
    readOnlyApi: false,
    javaHeapMb: 1024,
    memoryMb: 512,
    existingSession: 'primary',
    vnc: false,
    specHash: 'spec-1',
    ...over,
  }
}

export async function placementOf(over: Partial<GatewayPlacement> = {}): Promise<GatewayPlacement> {
  return { hostPort: await freePort(), clientId: 1001, usernameHash: 'user-hash', ...over }
}

/** Below the ports that the system hands out for connections, so that none takes it meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const server = await listenOn(port).catch(() => undefined)
    if (!server) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

export function listenOn(port: number): Promise<Server> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** The first line that matches; rejects when the log ends, or the bound passes, without one. */
export async function lineOf(runtime: GatewayRuntime, id: string, pattern: RegExp): Promise<string> {
  for await (const { text } of runtime.logs(id, { follow: true }, bounded()))
    if (pattern.test(text)) return text
  throw new Error(`the log never said ${pattern}`)
}

/** Reads signals until one fits. */
export async function until(
  signals: AsyncIterator<RuntimeSignal>,
  fits: (signal: RuntimeSignal) => boolean,
): Promise<RuntimeSignal[]> {
  const seen: RuntimeSignal[] = []
  for (;;) {
    const { value, done } = await signals.next()
    if (done) throw new Error(`the watch ended after ${JSON.stringify(seen)}`)
    seen.push(value)
    if (fits(value)) return seen
  }
}

export const isEvent = (action: string, containerId: string) => (signal: RuntimeSignal) =>
  signal.kind === 'event' && signal.event.action === action && signal.event.containerId === containerId
