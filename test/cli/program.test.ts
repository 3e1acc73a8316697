// What every command shares: usage, reaching the manager, problems, colours.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { closedUrl, gateway, ibgm, problem, stubApi } from './harness.ts'

t.test('wrong usage is 2 and says so', async (t) => {
  for (const argv of [
    [],
    ['nonsense'],
    ['launch'],
    ['launch', 'alpha', '--nonsense'],
    ['restart', 'alpha', '--mode', 'hard'],
    ['launch', 'alpha', '--wait', '5parsecs'],
    ['logs', 'alpha', '--tail', 'all'],
    ['alerts', '--limit', '0'],
    ['status', '..'],
    ['status', '--url', 'ftp://somewhere'],
  ]) {
    const { code, stderr } = await ibgm(argv)
    t.equal(code, 2, argv.join(' '))
    t.not(stderr, '', `words for: ${argv.join(' ')}`)
  }
})

t.test('help and version are 0', async (t) => {
  const help = await ibgm(['--help'])
  t.equal(help.code, 0)
  t.match(help.stdout, /Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 not reachable/)
  for (const command of 'status health launch stop restart reconnect logs followers alerts events series gaps bars fault simulator check explain-log cleanup openapi'.split(
    ' ',
  )) {
    t.match(help.stdout, new RegExp(`^  ${command}`, 'm'), command)
    t.equal((await ibgm([command, '--help'])).code, 0, `${command} --help`)
  }
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.equal((await ibgm(['--version'])).stdout, `${version}\n`)
})

t.test('the help of a group has the options of the command that may be left out', async (t) => {
  const alerts = (await ibgm(['alerts', '--help'])).stdout
  t.match(alerts, /^Options of list, .*:\n {2}--open +only those .*\n {2}--follower <id> +about/m)
  t.match((await ibgm(['gaps', '--help'])).stdout, /^ {2}--symbol <symbol> +of this symbol$/m)
  t.notMatch((await ibgm(['series', '--help'])).stdout, 'Options of list')
  t.notMatch((await ibgm(['gaps', 'scan', '--help'])).stdout, '--symbol')
})

t.test('no manager is 3, with the way to start one', async (t) => {
  const { code, stderr } = await ibgm(['status', '--url', await closedUrl()])
  t.equal(code, 3)
  t.match(stderr, /no manager answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/)
  t.match(stderr, /start it with `npm start` or `npm run demo`/)
})

t.test('something else than the manager is 3 too', async (t) => {
  const html = { 'content-type': 'text/html' }
  for (const answer of [
    { status: 404, body: '<h1>nginx</h1>', headers: html },
    { status: 200, body: '<h1>hello</h1>', headers: html },
  ]) {
    const api = await stubApi(t, () => answer)
    const { code, stderr } = await ibgm(['status'], { env: { IBGM_URL: api.url } })
    t.equal(code, 3)
    t.match(stderr, /is not IB Gateway Manager/)
  }
})

t.test('a problem is told with its code, its faults and what to do', async (t) => {
  const api = await stubApi(t, () =>
    problem(404, 'FOLLOWER_NOT_FOUND', 'There is no follower "nobody".', {
      errors: [{ path: '/id', message: 'unknown' }],
    }),
  )
  const asText = await ibgm(['status', 'nobody', '--url', api.url])
  t.equal(asText.code, 1)
  t.equal(asText.stdout, '')
  t.match(asText.stderr, /There is no follower "nobody"\./)
  t.match(asText.stderr, /\/id: unknown/)
  t.match(asText.stderr, /code: FOLLOWER_NOT_FOUND/)
  t.match(asText.stderr, /what to do: .*ibgm followers list/)
  const asJson = await ibgm(['status', 'nobody', '--json'], { env: { IBGM_URL: api.url } })
  t.equal(asJson.code, 1)
  t.match(JSON.parse(asJson.stderr), { status: 404, code: 'FOLLOWER_NOT_FOUND' })
})

t.test('wrong usage that only the manager can tell is 2 too', async (t) => {
  for (const [code, ...argv] of [
    ['INVALID_REQUEST', 'bars', 'SPY', '2h'],
    ['INVALID_REQUEST', 'series', 'add', 'SPY', '2h'],
    ['INVALID_REQUEST', 'followers', 'create', 'Bad Id'],
    ['UNKNOWN_FAULT', 'fault', 'alpha', 'bogus'],
  ] as const) {
    const api = await stubApi(t, () => problem(400, code, 'No such thing.'))
    const ran = await ibgm([...argv, '--url', api.url])
    t.match(ran, { code: 2, stderr: /No such thing\./ }, argv.join(' '))
  }
})

t.test('Retry-After becomes what to do, and a 500 names the request in the log', async (t) => {
  const busy = await stubApi(t, () => ({
    ...problem(503, 'PORT_EXHAUSTED', 'All ports are taken.'),
    headers: { 'retry-after': '7' },
  }))
  t.match((await ibgm(['launch', 'a', '--url', busy.url])).stderr, /try again in 7 s/)
  const broken = await stubApi(t, () => problem(500, 'INTERNAL', 'Something broke.'))
  t.match((await ibgm(['launch', 'a', '--url', broken.url])).stderr, /look for request req-1/)
})

t.test('the token goes in the header only', async (t) => {
  const api = await stubApi(t, () => ({ body: gateway() }))
  await ibgm(['status', 'alpha'], { env: { IBGM_URL: `${api.url}/`, IBGM_TOKEN: 'secret' } })
  await ibgm(['--token', 'other', '--url', api.url, 'status', 'alpha'])
  t.match(api.asked, [
    { path: '/gateways/alpha', headers: { authorization: 'Bearer secret' } },
    { path: '/gateways/alpha', headers: { authorization: 'Bearer other' } },
  ])
})

t.test('colours on a terminal only, and not against NO_COLOR', async (t) => {
  const dataConnection = { state: 'disabled', reconnects: 0 }
  const api = await stubApi(t, () => ({ body: { items: [gateway()], counts: {}, dataConnection } }))
  const env = { IBGM_URL: api.url }
  t.match((await ibgm(['status'], { env, tty: true })).stdout, '\x1b[32mRUNNING\x1b[0m')
  for (const options of [
    { env },
    { env: { ...env, NO_COLOR: '1' }, tty: true },
    { env: { ...env, TERM: 'dumb' }, tty: true },
  ]) {
    t.notMatch((await ibgm(['status'], options)).stdout, '\x1b')
  }
})

t.test('the executable hands on the exit code', async (t) => {
  const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
  const ran = spawnSync(process.execPath, [main, 'status', '--url', await closedUrl()], {
    encoding: 'utf8',
  })
  t.equal(ran.status, 3)
  t.match(ran.stderr, /NOT_REACHABLE/)
})
