// Alerts of a whole fleet: a second factor from its first request to the lock under one key, and bots merged with their gateway.
import t from 'tap'
import type { Alert } from '../../../schemas/alert.ts'
import { createSimulatedRuntime } from '../../../src/adapters/simulated/runtime.ts'
import { GatewayManager } from '../../../src/fleet/manager.ts'
import type { AlertSink } from '../../../src/ports/alerts.ts'
import type { BotAnswer } from '../../../src/ports/bot-health.ts'
import { makeWorld, until } from '../world.ts'

const lifecycle = {
  maxStartupMs: 20_000,
  twofaTimeoutMs: 300,
  twofaMaxPushes: 1,
  crashLoop: { limit: 5, windowMs: 600_000 },
}

t.test(
  'a second factor that nobody approves is one alert that escalates, and a launch ends it',
  async (t) => {
    const { deps } = await makeWorld(t, { lifecycle })
    const pace = { loginSeconds: 0.05, restartSeconds: 0.2, twofaSeconds: 0.3 }
    const runtime = createSimulatedRuntime({ clock: deps.clock, log: deps.log, pace })
    const told: string[] = []
    const sink: AlertSink = {
      name: 'words',
      deliver: async ({ key, level, code }, change) => void told.push(`${change} ${level} ${code} ${key}`),
    }
    const manager = new GatewayManager({ ...deps, runtime, sinks: [sink] })
    t.teardown(async () => {
      await manager.stop()
      await runtime.close()
    })
    await manager.start()
    await manager.createFollower({ id: 'a' })
    await manager.putCredentials('a', { username: 'someone-2fa', password: 'sim' })
    const phase = (wanted: string) =>
      until(
        () => manager.getGateway('a').phase,
        (found) => found === wanted,
        wanted,
      )
    await phase('locked')
    await manager.launchGateway('a')
    await phase('awaiting-2fa')
    await runtime.injectFault('a', 'approve-2fa', undefined)
    await phase('ready')
    await manager.stop()
    const key = 'gateway:a:AWAITING_2FA'
    const levels = told.filter((line) => line.endsWith(key)).map((line) => line.slice(0, -key.length - 1))
    // Whether half of the time is over before the request ends is a matter of milliseconds here.
    const stages = levels.filter((line) => !line.includes('ERROR'))
    t.strictSame(stages, [
      'raised WARNING AWAITING_2FA',
      'raised CRITICAL TWOFA_TIMEOUT',
      'resolved CRITICAL TWOFA_TIMEOUT',
      'raised WARNING AWAITING_2FA',
      'resolved WARNING AWAITING_2FA',
    ])
  },
)

t.test(
  'a bot that is not well is told while its gateway is RUNNING, and resolved when it is well',
  async (t) => {
    const world = await makeWorld(t)
    let answer: BotAnswer = { healthy: true }
    const manager = new GatewayManager({ ...world.deps, askBot: async () => answer })
    t.teardown(() => manager.stop())
    await manager.start()
    await manager.createFollower({ id: 'a' })
    await manager.putCredentials('a', { username: 'someone', password: 'sim' })
    const running = () =>
      until(
        () => manager.getGateway('a').status,
        (status) => status === 'RUNNING',
        'RUNNING',
      )
    await running()
    const healthUrl = 'http://127.0.0.1:9/health'
    await manager.lease('a', { purpose: 'algo', healthUrl, ttlSeconds: 600 }, { actor: 'test' })
    const open = () => manager.listAlerts({ open: true, limit: 9 })
    const has = (count: number) => until(open, (alerts: Alert[]) => alerts.length === count, `${count} open`)
    answer = { healthy: false, detail: 'says: no data' }
    t.match(await has(1), [
      {
        key: 'gateway:a:BOT_UNHEALTHY:algo',
        code: 'BOT_UNHEALTHY',
        followerId: 'a',
        message: /says: no data/,
      },
    ])
    answer = { healthy: true }
    await has(0)
  },
)
