// One simulated gateway on a port of this process, without a container around it: for the bot's demo and tests.
import type { Clock } from '../../ports/clock.ts'
import { type SimulatedGateway, startSimulatedGateway } from '../../simulator/gateway.ts'
import { simulatorClock } from './runtime-container.ts'

export interface BareGatewayOptions {
  readonly clock: Clock
  /** 0 takes any free one. */
  readonly port: number
  /** Its end picks a scenario, such as -badpass [sim-bot]. */
  readonly username?: string
  readonly loginSeconds?: number
  readonly restartSeconds?: number
  readonly onExit?: () => void
}

/** Resolves once its port listens, before anyone is logged in; rejects with EADDRINUSE. */
export function startBareGateway({
  clock,
  onExit,
  username = 'sim-bot',
  ...options
}: BareGatewayOptions): Promise<SimulatedGateway> {
  return startSimulatedGateway({
    loginSeconds: 1,
    restartSeconds: 3,
    ...options,
    username,
    password: 'sim',
    tradingMode: 'paper',
    host: '127.0.0.1',
    clock: simulatorClock(clock),
    onLog() {},
    onExit: () => onExit?.(),
  })
}
