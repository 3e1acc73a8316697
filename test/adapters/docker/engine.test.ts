// What a call costs us, whatever else is open to the same engine.
import { inspect } from 'node:util'
import t from 'tap'
import { Engine } from '../../../src/adapters/docker/engine.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'

t.test('what docker-modem writes out of each call does not grow with what is open', async (t) => {
  const engine = new Engine({ clock: systemClock() })
  t.teardown(() => engine.close())
  const written = await engine.call('look', { timeoutMs: 1_000 }, async ({ modem }) =>
    inspect((modem as { agent?: unknown }).agent, { showHidden: true, depth: null }),
  )
  t.equal(written, 'Agent')
})
