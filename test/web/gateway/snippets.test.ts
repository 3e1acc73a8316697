import t from 'tap'
import { snippetsFor } from '../../../web/src/gateway/snippets.ts'

const target = { followerId: 'alpha-1', manager: 'http://127.0.0.1:8080', needsToken: false }

t.test('each program leases a client id of its own at this manager, for this gateway', async (t) => {
  const snippets = snippetsFor(target)
  t.strictSame(
    snippets.map(({ name }) => name),
    ['ib_async', '@stoqey/ib', 'curl'],
  )
  for (const { name, code } of snippets) {
    t.ok(code.includes('http://127.0.0.1:8080/api/v1/gateways/alpha-1/clients'), name)
    t.match(code, /"?purpose"?: ["']my-bot["']/, name)
    t.notMatch(code, /authorization|IBGM_TOKEN|import os/, `${name}: no token where none is needed`)
    t.ok(code.endsWith('\n'), name)
  }
})

t.test('where a token is needed it comes from the environment', async (t) => {
  for (const { name, code } of snippetsFor({ ...target, needsToken: true })) t.match(code, /IBGM_TOKEN/, name)
})
