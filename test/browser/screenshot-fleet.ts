// The fleet of the pictures in docs/: simulated gateways in every state that a person meets, a day of history behind them, and market data.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Alert } from '../../schemas/alert.ts'
import type { GatewayPhase } from '../../schemas/gateway.ts'
import type { ReasonCode } from '../../schemas/reason.ts'
import { readProcesses } from '../../src/adapters/embedded/processes.ts'
import { openEmbeddedStores } from '../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { eventId } from '../../src/fleet/history/event-id.ts'
import { until } from '../fleet/world.ts'
import { type Product, type ProductOwner, startProduct } from './dashboard-world.ts'

interface Member {
  readonly id: string
  readonly name: string
  readonly username?: string
  readonly tradingMode?: 'live'
  readonly accounts?: readonly string[]
  /** What happens to it once it runs, and where it is then. */
  readonly fate?: readonly [fault: string, phase: GatewayPhase]
}

const members: readonly Member[] = [
  { id: 'atlas', name: 'Atlas Growth', tradingMode: 'live' },
  { id: 'borealis', name: 'Borealis Income', tradingMode: 'live', username: 'boris-2fa' },
  { id: 'cobalt', name: 'Cobalt Paper', username: 'cora-badpass' },
  { id: 'dune', name: 'Dune Capital', tradingMode: 'live' },
  { id: 'ember', name: 'Ember Futures', fate: ['mute', 'reconnecting'] },
  { id: 'fathom', name: 'Fathom Trust', tradingMode: 'live', fate: ['1100', 'upstream-lost'] },
  { id: 'garnet', name: 'Garnet Family Office', fate: ['nightly-restart', 'restarting'] },
  { id: 'harbor', name: 'Harbor Pension', tradingMode: 'live' },
  { id: 'indigo', name: 'Indigo Test', fate: ['farm-down', 'degraded'] },
  { id: 'juniper', name: 'Juniper' },
  { id: 'kestrel', name: 'Kestrel Options', tradingMode: 'live' },
  { id: 'lumen', name: 'Lumen Research' },
  { id: 'meridian', name: 'Meridian', accounts: ['DU1234567'] },
  { id: 'nimbus', name: 'Nimbus Macro', tradingMode: 'live', username: 'nina-2fa' },
]

/** Hours ago, and what began then. */
const day: ReadonlyArray<readonly [hoursAgo: number, phase: GatewayPhase, reason?: ReasonCode]> = [
  [24, 'ready'],
  [20.4, 'reconnecting', 'SESSION_LOST'],
  [20.3, 'ready'],
  [17.6, 'restarting', 'PLANNED_RESTART'],
  [17.5, 'ready'],
  [9.9, 'upstream-lost', 'UPSTREAM_LOST'],
  [9.2, 'ready'],
  [3.1, 'degraded', 'HEARTBEAT_LOST'],
  [3, 'ready'],
]

const series = [
  ['AAPL', '30m'],
  ['BRK B', '1h'],
  ['MSFT', '15m'],
  ['QQQ', '1h'],
  ['SPY', '1d'],
  ['SPY', '1h'],
] as const

/** Starts it all; resolves when every gateway is where it is to be. */
export async function startScreenshotFleet(owner: ProductOwner, dataDir: string): Promise<Product> {
  await writeHistory(dataDir, 'atlas')
  const product = await startProduct(owner, {
    env: {
      DATA_DIR: dataDir,
      DATA_FOLLOWER: 'atlas',
      IB_PACING: 'relaxed',
      HEARTBEAT_INTERVAL: '1s',
      HEARTBEAT_TIMEOUT: '500ms',
      SIM_RESTART_SECONDS: '300',
      SIM_TWOFA_SECONDS: '180',
      HEALTHCHECK_INTERVAL: '5s',
      RECONNECT_WINDOW: '10m',
    },
  })
  for (const { id, username, ...more } of members) {
    const { fate: _, ...record } = more
    await product.add(id, username, record)
  }
  await product.reach('atlas', 'ready')
  for (const [symbol, timeframe] of series) await product.call('POST', '/series', { symbol, timeframe })
  await leaseFor(product, owner, 'atlas')
  for (const { id, fate } of members) {
    if (!fate) continue
    await product.reach(id, 'ready')
    await product.fault(id, fate[0])
  }
  await product.call('POST', '/gateways/juniper/stop?wait=10')
  for (const { id, fate } of members) if (fate) await product.reach(id, fate[1])
  await product.reach('nimbus', 'awaiting-2fa')
  await product.fault('nimbus', 'approve-2fa')
  await product.reach('nimbus', 'ready')
  await product.reach('cobalt', 'locked')
  await acknowledge(product, 'meridian')
  await product.reach('borealis', 'awaiting-2fa')
  return product
}

/** A day as it could have been, for a timeline that shows something. */
async function writeHistory(dataDir: string, followerId: string): Promise<void> {
  const clock = systemClock()
  const log = pino({ level: 'silent' })
  const stores = await openEmbeddedStores({
    dataDir,
    clock,
    log,
    processes: readProcesses(),
    onLockLost() {},
  })
  for (const [hoursAgo, phase, reason] of day) {
    const at = clock.now() - hoursAgo * 3_600_000
    await stores.events.append({
      id: eventId(at, 0),
      at: new Date(at).toISOString(),
      type: 'gateway.phase',
      followerId,
      message: `Gateway ${phase}`,
      data: { to: phase, ...(reason && { reason }) },
    })
  }
  await stores.close()
}

async function acknowledge(product: Product, followerId: string): Promise<void> {
  const alert = await until(
    async () =>
      (await product.call<{ items: Alert[] }>('GET', '/alerts')).body.items.find(
        (one) => one.followerId === followerId,
      ),
    (one) => one !== undefined,
    `an alert of ${followerId}`,
  )
  await product.call('POST', `/alerts/${alert?.id}/acknowledge`)
}

/** A bot that says that it is well. */
async function leaseFor(product: Product, owner: ProductOwner, id: string): Promise<void> {
  const bot = createServer((_request, response) => response.end('{}'))
  await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve))
  owner.teardown(() => void bot.close())
  const healthUrl = `http://127.0.0.1:${(bot.address() as AddressInfo).port}/health`
  await product.call('POST', `/gateways/${id}/clients`, {
    purpose: 'momentum-bot',
    healthUrl,
    ttlSeconds: 3600,
  })
}

/** Takes days out of the files of bars once they are whole, and has the filler begin to bring them back. */
export async function breakBars(product: Product, dataDir: string): Promise<void> {
  const status = async () =>
    (await product.call<{ running: boolean; series: number }>('GET', '/system/gap-filler-status')).body
  const gaps = async () => (await product.call<{ items: unknown[] }>('GET', '/gaps')).body.items
  const listed = async () =>
    (await product.call<{ items: Array<{ scannedAt?: string }> }>('GET', '/series')).body.items
  await until(
    async () =>
      !(await status()).running &&
      (await gaps()).length === 0 &&
      (await listed()).every((one) => one.scannedAt),
    (whole) => whole,
    'every series is whole',
    240_000,
    500,
  )
  const folder = join(dataDir, 'bars')
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.csv'),
  )) {
    const [head = '', ...bars] = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')
    // Of each file other days, so that no row of the map is like another.
    const first = 2 + ([...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 5)
    const days = [...new Set(bars.map((bar) => bar.slice(0, 10)))]
    const lost = new Set(days.filter((_, index) => index % 6 === first || index % 9 === first))
    const kept = bars.filter((bar) => !lost.has(bar.slice(0, 10)))
    writeFileSync(join(folder, name), `${[head, ...kept].join('\n')}\n`)
  }
  await until(
    async () => (await product.call('POST', '/system/gap-filler/force-scan')).status,
    (code) => code === 202,
    'a scan',
  )
}
