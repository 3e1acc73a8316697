// The adapter over @stoqey/ib under the contract of its port, against the simulated gateway.
import t from 'tap'
import { ibConnector } from '../../../src/adapters/ib/connector.ts'
import { ibContract, watch } from '../../contracts/ib.ts'
import { startLoggedIn, until } from '../../simulator/harness.ts'
import { testFolder } from '../../test-folder.ts'

const connector = ibConnector()

for (const serverVersion of [200, 178])
  t.test(`server version ${serverVersion}`, async (t) => {
    ibContract(t, connector, (t) => startLoggedIn(t, { serverVersion }))
  })

for (const [mode, step] of [
  ['A', 'handshake'],
  ['C', 'accounts'],
  ['F1', 'order-id'],
  ['F2', 'accounts'],
  ['F3', 'accounts'],
] as const)
  t.test(`handshake fault ${mode}: still waits, for ${step}`, async (t) => {
    const gateway = await startLoggedIn(t)
    gateway.fault('handshake', mode)
    const watched = watch(t, connector, gateway.port)
    await until(() => watched.steps.at(-1) === step)
    await new Promise((resolve) => setTimeout(resolve, 30))
    t.equal(watched.steps.at(-1), step)
    t.strictSame([watched.welcome, watched.error], [undefined, undefined])
  })

for (const [mode, message] of [
  ['B', /before the API handshake/],
  ['D', /before it named its accounts/],
  ['G', /Unsupported Version 225/],
] as const)
  t.test(`handshake fault ${mode}: closed, and why`, async (t) => {
    const gateway = await startLoggedIn(t)
    gateway.fault('handshake', mode)
    await t.rejects(watch(t, connector, gateway.port).ready, { code: 'CONNECTION_CLOSED', message })
  })

for (const mode of ['G2', 'H', 'I'])
  t.test(`handshake fault ${mode} is none for us`, async (t) => {
    const gateway = await startLoggedIn(t)
    gateway.fault('handshake', mode)
    t.ok(await watch(t, connector, gateway.port).ready)
  })

t.test("the library's configuration, and with it `.env`, is left alone", async (t) => {
  const directory = testFolder(t, { '.env': 'IBGM_TEST_LEAK=1\nIB_HOST=192.0.2.1\n' })
  const before = process.cwd()
  process.chdir(directory)
  t.teardown(() => process.chdir(before))
  const gateway = await startLoggedIn(t)
  await watch(t, connector, gateway.port).ready
  t.equal(process.env.IBGM_TEST_LEAK, undefined)
  t.equal(process.env.IB_HOST, undefined)
})
