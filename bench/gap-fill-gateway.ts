// A simulated gateway in a process of its own for bench/gap-fill: sends its port, and when asked what clients did.
import { startSimulatedGateway } from '../src/simulator/gateway.ts'

export interface GatewayReport {
  /** When each message came, epoch milliseconds, oldest first; handshakes and heartbeats left out. */
  readonly asked: readonly number[]
  /** Broken limits of IBKR's. */
  readonly violations: number
}

const gateway = await startSimulatedGateway({
  username: 'bench',
  password: 'sim',
  tradingMode: 'paper',
  loginSeconds: 0,
  pacing: 'relaxed',
  onLog() {},
  onExit() {},
})
while (!gateway.loggedIn) await new Promise((resolve) => setTimeout(resolve, 5))
process.on('message', () => {
  const asked = gateway.requests.filter(({ name }) => name !== 'reqCurrentTime').map(({ time }) => time)
  process.send?.({ asked, violations: gateway.violations.length } satisfies GatewayReport)
})
process.on('disconnect', () => process.exit())
process.send?.(gateway.port)
