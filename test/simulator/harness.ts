// Gateways and raw clients for the simulator's tests.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import {
  type SimulatedGateway,
  type SimulatedGatewayOptions,
  startSimulatedGateway,
} from '../../src/simulator/gateway.ts'
import { encodeFrame, type Field } from '../../src/simulator/wire.ts'

/** A gateway that logs in at once, with what it printed and how it ended. */
export interface StartedGateway extends SimulatedGateway {
  readonly log: string[]
  readonly stderr: string[]
  readonly exits: number[]
}

export async function startGateway(
  t: Test,
  options: Partial<SimulatedGatewayOptions> = {},
): Promise<StartedGateway> {
  const log: string[] = []
  const stderr: string[] = []
  const exits: number[] = []
  const gateway = await startSimulatedGateway({
    username: 'alice',
    password: 'sim',
    tradingMode: 'paper',
    loginSeconds: 0.01,
    restartSeconds: 0.05,
    twofaSeconds: 60,
    onLog: (line, stream) => (stream === 'stdout' ? log : stderr).push(line),
    onExit: (code) => exits.push(code),
    ...options,
  })
  t.teardown(() => gateway.kill())
  return Object.defineProperties(
    { log, stderr, exits } as unknown as StartedGateway,
    Object.getOwnPropertyDescriptors(gateway),
  )
}

export async function startLoggedIn(
  t: Test,
  options: Partial<SimulatedGatewayOptions> = {},
): Promise<StartedGateway> {
  const gateway = await startGateway(t, options)
  await until(() => gateway.loggedIn)
  return gateway
}

/** Waits until `check` holds; throws with its source after `boundMs`. */
export async function until(check: () => boolean, boundMs = 5_000): Promise<void> {
  const deadline = Date.now() + boundMs
  while (!check()) {
    if (Date.now() > deadline) throw new Error(`never came true: ${check}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** A client of a few lines that shares no code with any library: raw frames out, fields in. */
export class RawClient {
  readonly frames: string[][] = []
  readonly socket: Socket
  ended = false
  #bytes = Buffer.alloc(0)

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (chunk) => this.#receive(chunk))
    this.socket.on('end', () => {
      this.ended = true
    })
    this.socket.on('error', () => {})
  }

  /** Through the handshake and START_API up to nextValidId. */
  static async ready(t: Test, port: number, clientId = 1, versions = 'v100..200'): Promise<RawClient> {
    const client = new RawClient(port)
    t.teardown(() => client.socket.destroy())
    client.greet(versions)
    await until(() => client.frames.length > 0)
    client.startApi(clientId)
    await until(() => client.frames.some(([id]) => id === '9'))
    return client
  }

  greet(versions: string): void {
    const payload = Buffer.from(versions)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(payload.length)
    this.socket.write(Buffer.concat([Buffer.from('API\0'), length, payload]))
  }

  startApi(clientId: number): void {
    this.send(71, 2, clientId, '')
  }

  send(...fields: Field[]): void {
    this.socket.write(encodeFrame(fields))
  }

  /** The first message with this id, once it has come. */
  async message(id: number): Promise<string[]> {
    await until(() => this.frames.some(([first]) => first === String(id)))
    return this.frames.find(([first]) => first === String(id)) ?? []
  }

  /** The codes of all error messages so far; their place moved with version 194. */
  errors(): number[] {
    const at = Number(this.frames[0]?.[0]) >= 194 ? 2 : 3
    return this.frames.filter(([id], index) => index > 0 && id === '4').map((fields) => Number(fields[at]))
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await once(this.socket, 'close')
  }

  #receive(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readUInt32BE(0)
      if (this.#bytes.length < end) return
      this.frames.push(this.#bytes.toString('utf8', 4, end).split('\0').slice(0, -1))
      this.#bytes = this.#bytes.subarray(end)
    }
  }
}
