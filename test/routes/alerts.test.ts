// Pages of alerts over HTTP: every alert once, also of those that were raised in one moment.
import t, { type Test } from 'tap'
import type { Alert } from '../../schemas/alert.ts'
import { AlertBook } from '../../src/alerts/alert-book.ts'
import type { AlertStore } from '../../src/ports/stores.ts'
import { FakeClock } from '../fake-clock.ts'
import { silent } from '../fleet/looks.ts'
import { testApp } from './app.ts'

/** Raised so many seconds after the epoch. */
const alert = (id: string, second: number): Alert => {
  const at = new Date(second * 1000).toISOString()
  const words = { level: 'ERROR', code: 'CRASH_LOOP', title: 'x', message: 'x' } as const
  return { id, key: `k-${id}`, ...words, count: 1, raisedAt: at, lastRaisedAt: at }
}

/** The API over the alerts, which the store has in their order by time alone. */
async function apiOf(t: Test, alerts: Alert[]) {
  const list: AlertStore['list'] = async ({ open, limit }) =>
    alerts
      .filter(({ resolvedAt }) => open === undefined || open === (resolvedAt === undefined))
      .sort((a, b) => b.raisedAt.localeCompare(a.raisedAt))
      .slice(0, limit)
  const store: AlertStore = { put: async () => {}, get: async () => null, list, sweep: async () => 0 }
  const book = new AlertBook({ store, sinks: [], clock: new FakeClock(), log: silent })
  const { call, fleet } = await testApp(t)
  fleet.listAlerts = (query) => book.list(query)
  return call
}

t.test('a list that is cut short says where it goes on, and goes on there', async (t) => {
  const alerts = [alert('new', 9), ...['c', 'a', 'd', 'b'].map((id) => alert(id, 5)), alert('old', 1)]
  const call = await apiOf(t, alerts)
  const inOrder = ['new', 'a', 'b', 'c', 'd', 'old']
  for (const limit of [1, 2, 3, 5, 6]) {
    const pages: string[][] = []
    let more = ''
    do {
      const { body } = await call('GET', `/alerts?open=true&limit=${limit}${more}`)
      pages.push(body.items.map(({ id }: Alert) => id))
      more = body.nextCursor === undefined ? '' : `&cursor=${encodeURIComponent(body.nextCursor)}`
    } while (more !== '')
    t.strictSame(pages.flat(), inOrder, `by ${limit}`)
    t.equal(pages.length, Math.ceil(inOrder.length / limit), 'no empty page at the end')
  }
})

t.test('what is resolved between two pages takes no other with it', async (t) => {
  const alerts = ['a', 'b', 'c'].map((id) => alert(id, 5))
  const call = await apiOf(t, alerts)
  const { body } = await call('GET', '/alerts?open=true&limit=1')
  alerts.shift()
  const next = await call('GET', `/alerts?open=true&limit=1&cursor=${encodeURIComponent(body.nextCursor)}`)
  t.match(next.body.items, [{ id: 'b' }])
})

t.test('a cursor that no list gave is refused', async (t) => {
  const call = await apiOf(t, [alert('a', 1)])
  for (const cursor of ['zzz', 'never/a', '2026-01-05T14:30:00.000Z/', '2026-13-05T14:30:00.000Z/a'])
    t.match(await call('GET', `/alerts?cursor=${encodeURIComponent(cursor)}`), {
      status: 400,
      body: { code: 'INVALID_REQUEST', errors: [{ path: 'query/cursor' }] },
    })
})
