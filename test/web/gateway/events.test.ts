import t from 'tap'
import { merged } from '../../../web/src/gateway/events.ts'

const event = (id: string) => ({ id, at: '2026-01-05T14:30:00.000Z', type: 'gateway.phase', message: id })

t.test('what was asked for and what came since are one list: newest first, each once', async (t) => {
  const events = merged([event('1'), event('2'), event('3')], [event('3'), event('4')])
  t.strictSame(
    events.map(({ id }) => id),
    ['4', '3', '2', '1'],
  )
})
