// ib_async, a client that shares no code with @stoqey/ib, goes through everything the simulated gateway answers.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { gate, pythonWithIbAsync } from '../integration-gate.ts'
import { startLoggedIn } from '../simulator/harness.ts'

// The script stays in the source tree, two levels above the compiled test's own folder.
const script = fileURLToPath(new URL('../../../test/conformance/ib_async_tour.py', import.meta.url))

t.test('ib_async connects at once and every answer decodes', async (t) => {
  if (!(await gate(t, 'python'))) return
  const python = (await pythonWithIbAsync()) ?? ''
  const positions = [{ symbol: 'AAPL', quantity: 100, averageCost: 150.25 }]
  const gateway = await startLoggedIn(t, { positions, pacing: 'relaxed', fills: 'any-hour' })
  const { stdout } = await promisify(execFile)(python, [script, String(gateway.port)], { timeout: 30_000 })
  const { connectSeconds, complaints } = JSON.parse(stdout)
  t.strictSame(complaints, [])
  t.ok(connectSeconds < 0.5, `connected in ${connectSeconds} s`)
  t.ok(gateway.requests.some(({ name }) => name === 'reqAccountUpdatesMulti'))
})
