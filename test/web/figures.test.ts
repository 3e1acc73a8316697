// Figures of machines and connections in words.
import t from 'tap'
import type { IbStatus, SystemStatus } from '../../schemas/system.ts'
import {
  botHealth,
  bytes,
  dataConnectionWords,
  milliseconds,
  percent,
  sessionCounts,
  sessionsOfNote,
} from '../../web/src/system/figures.ts'

const asOf = '2026-11-20T12:00:00Z'
const session = (followerId: string, more: Partial<IbStatus['sessions'][number]> = {}) => ({
  followerId,
  state: 'ready' as const,
  accounts: [],
  uptimeSeconds: 1,
  requests: 0,
  errors: 0,
  reconnects: 0,
  ...more,
})
const lastError = (at: string) => ({ lastError: { code: 504, message: 'Not connected', at } })

t.test('memory in the units that it is sold in', async (t) => {
  t.strictSame([0, 999, 812 * 2 ** 20, 1.6 * 2 ** 30, 24 * 2 ** 30, 2 ** 40].map(bytes), [
    '0 B',
    '999 B',
    '812 MB',
    '1.6 GB',
    '24 GB',
    '1.0 TB',
  ])
})

t.test('a share of nothing is nothing', async (t) => {
  t.strictSame([percent(1, 4), percent(1, 0)], [25, 0])
  t.strictSame([milliseconds(0.04), milliseconds(250.6)], ['0.0 ms', '251 ms'])
})

t.test('sessions that a person might ask about', async (t) => {
  const sessions = [
    session('well'),
    session('away', { state: 'reconnecting' }),
    session('complains', lastError('2026-11-20T11:55:00Z')),
    session('complained', lastError('2026-11-20T11:00:00Z')),
  ]
  t.strictSame(
    sessionsOfNote(sessions, asOf).map(({ followerId }) => followerId),
    ['away', 'complains'],
  )
  t.equal(sessionCounts(sessions), '3 ready, 1 reconnecting')
})

t.test('what a bot says of itself', async (t) => {
  const bot: SystemStatus['bots'][number] = {
    followerId: 'a',
    purpose: 'bot',
    clientId: 7,
    expiresAt: asOf,
  }
  const healthUrl = 'http://127.0.0.1:8081/health'
  t.match(botHealth(bot), { tone: 'off' })
  t.match(botHealth({ ...bot, healthUrl }), { words: 'not asked yet' })
  t.match(botHealth({ ...bot, healthUrl, checkedAt: asOf, healthy: true }), { tone: 'good' })
  t.match(botHealth({ ...bot, healthUrl, checkedAt: asOf, healthy: false }), { tone: 'trouble' })
})

t.test('a data connection without IBKR behind it is not well', async (t) => {
  const words = (connection: Partial<IbStatus['dataConnection']>) =>
    dataConnectionWords({ state: 'connected', reconnects: 0, ...connection })
  t.match(words({}), { words: 'up', tone: 'good' })
  t.match(words({ upstream: 'lost' }), { tone: 'trouble' })
  t.match(words({ state: 'waiting' }), { words: 'down', tone: 'trouble' })
  t.match(words({ state: 'connecting' }), { tone: 'moving' })
  t.match(words({ state: 'disabled' }), { words: 'not configured', tone: 'off' })
})
