import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { FleetError } from '../../src/ports/errors.ts'
import { testApp } from './app.ts'

t.test('text, the last lines', async (t) => {
  const { call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  for (const line of ['one', 'two', 'three']) fleet.print('anna', line)
  const log = await call('GET', '/gateways/anna/logs?tail=2')
  t.equal(log.status, 200)
  t.match(log.headers['content-type'], /^text\/plain; charset=utf-8/)
  t.equal(log.text, 'two\nthree\n')
  t.equal((await call('GET', '/gateways/anna/logs?follow=false')).text, 'one\ntwo\nthree\n')
  t.equal((await call('GET', '/gateways/nobody/logs')).status, 404)
  t.equal((await call('GET', '/gateways/nobody/logs?follow=1')).status, 404)
  t.equal((await call('GET', '/gateways/anna/logs?tail=all')).status, 400)
  t.equal((await call('GET', '/gateways/anna/logs?follow=maybe')).status, 400)
  t.equal((await call('HEAD', '/gateways/anna/logs?tail=1')).status, 200)
  t.equal(fleet.readers, 0)
})

t.test('followed over a socket', async (t) => {
  await t.test('lines as they come, a comment while quiet, until the client leaves', async (t) => {
    const { fleet, stream } = await following(t)
    t.equal(stream.headers['content-type'], 'text/event-stream')
    await stream.until('data: one\n\n')
    fleet.print('anna', 'two\nlines')
    await stream.until('data: two\ndata: lines\n\n')
    await stream.until(':\n\n:\n\n')
    t.equal(fleet.readers, 1)
    stream.leave()
    while (fleet.readers > 0) await new Promise(setImmediate)
  })

  await t.test('until the app closes', async (t) => {
    const { app, fleet, stream } = await following(t)
    await stream.until('data: one\n\n')
    await app.close()
    await stream.ended
    t.equal(fleet.readers, 0)
  })

  await t.test('until it breaks, which it says without saying too much', async (t) => {
    const { fleet, stream, logged } = await following(t)
    fleet.print('anna', 'BREAK')
    t.match(await stream.ended, 'event: error\ndata: {"code":"INTERNAL"')
    t.notMatch(await stream.ended, 'a secret detail')
    t.match(JSON.stringify(logged), 'a secret detail')
  })

  await t.test('with the reason, where there is one', async (t) => {
    const { fleet, stream } = await following(t)
    fleet.outage = new FleetError('ENGINE_UNAVAILABLE', 'Docker went away.')
    fleet.print('anna', 'BREAK')
    t.match(await stream.ended, 'data: {"code":"ENGINE_UNAVAILABLE","detail":"Docker went away."}')
  })
})

t.test('a client that leaves is not waited for', async (t) => {
  const { app, call, fleet } = await testApp(t)
  await call('POST', '/followers', { id: 'anna' })
  const { port } = await listening(app)
  const held = request({ port, method: 'POST', path: '/api/v1/gateways/anna/launch?wait=600' }).end()
  held.on('error', () => {})
  while (fleet.held === 0) await new Promise(setImmediate)
  held.destroy()
  while (fleet.held > 0) await new Promise(setImmediate)
})

async function following(t: Test) {
  const { app, call, fleet, logged } = await testApp(t, { streamHeartbeatMs: 5 })
  await call('POST', '/followers', { id: 'anna' })
  fleet.print('anna', 'one')
  const { port } = await listening(app)
  const sent = request({ port, path: '/api/v1/gateways/anna/logs?follow=true' }).end()
  const [response] = await once(sent, 'response')
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const ended = new Promise<string>((resolve) => response.once('close', () => resolve(text)))
  const until = async (part: string) => {
    while (!text.includes(part)) await once(response, 'data')
  }
  const leave = () => sent.destroy()
  response.on('error', () => {})
  return { app, fleet, logged, stream: { headers: response.headers, until, ended, leave } }
}

async function listening(app: Awaited<ReturnType<typeof testApp>>['app']): Promise<AddressInfo> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return app.server.address() as AddressInfo
}
