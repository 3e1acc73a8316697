// Alerts of the whole product at their webhooks, posted over HTTP; a webhook that is broken is nobody's trouble.
import { rm } from 'node:fs/promises'
import { pino } from 'pino'
import t from 'tap'
import { startServer } from '../../src/server/server.ts'
import { canary, receiver } from '../adapters/webhook/receiver.ts'
import { until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'

t.test(
  'a follower without a login is told to both webhooks, and the log carries neither address',
  async (t) => {
    const discord = await receiver(t)
    const json = await receiver(t)
    const lines: string[] = []
    const env = {
      PORT: '0',
      DATA_DIR: testFolder(t),
      RUNTIME: 'simulated',
      DISCORD_WEBHOOK_URL: discord.url,
      ALERT_WEBHOOK_URL: json.url,
    }
    const server = await startServer({
      env,
      log: pino({ level: 'trace' }, { write: (line) => void lines.push(line) }),
    })
    t.teardown(async () => {
      await server.close()
      await rm(env.DATA_DIR, { recursive: true, force: true })
    })
    const body = JSON.stringify({ id: 'alpha' })
    const headers = { 'content-type': 'application/json' }
    t.equal((await fetch(`${server.url}/api/v1/followers`, { method: 'POST', headers, body })).status, 201)
    const [alert] = await until(
      () => json.bodies,
      ({ length }) => length > 0,
      'the JSON webhook is told',
    )
    t.match(alert, { change: 'raised', followerId: 'alpha', code: 'CREDENTIALS_MISSING' })
    const [message] = await until(
      () => discord.bodies,
      ({ length }) => length > 0,
      'Discord is told',
    )
    t.match(message.content, `${alert.level}: ${alert.title}`)
    t.match(message.content, '**Action Required:** ')
    t.notMatch(lines.join(), canary)
  },
)
