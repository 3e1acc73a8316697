// The dashboard as it is served: open to all, cached as it should be, and under a policy that admits nothing from elsewhere.
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { TokenBook } from '../../src/doors/token-book.ts'
import { hashToken } from '../../src/doors/tokens.ts'
import { FakeClock } from '../fake-clock.ts'
import { testFolder } from '../test-folder.ts'
import { testApp } from './app.ts'

const script = 'console.log(1)'

const built = (t: Test) =>
  testFolder(t, {
    'index.html': '<!doctype html><script type="module" src="./assets/index-abc.js"></script>',
    'icon.svg': '<svg/>',
    assets: { 'index-abc.js': script, 'index-abc.js.gz': gzipSync(script), 'icon-abc.svg': '<svg/>' },
  })

t.test('the page is asked for anew each time, its assets never again', async (t) => {
  const { call } = await testApp(t, { webDir: built(t) })
  const page = await call('GET', '//')
  t.match(page, {
    status: 200,
    headers: { 'content-type': /^text\/html/, 'cache-control': 'no-cache', etag: /./ },
    text: /index-abc\.js/,
  })
  const unchanged = await call('GET', '//', undefined, { 'if-none-match': String(page.headers.etag) })
  t.equal(unchanged.status, 304)
  t.match(await call('GET', '//assets/index-abc.js'), {
    status: 200,
    headers: { 'content-type': /javascript/, 'cache-control': 'public, max-age=31536000, immutable' },
    text: script,
  })
  t.equal((await call('HEAD', '//')).status, 200)
  t.match(await call('GET', '//icon.svg'), {
    status: 200,
    headers: { 'content-type': 'image/svg+xml', 'cache-control': 'no-cache' },
  })
})

t.test('an asset goes out compressed to who takes it so', async (t) => {
  const { call } = await testApp(t, { webDir: built(t) })
  t.match(await call('GET', '//assets/index-abc.js', undefined, { 'accept-encoding': 'gzip, br' }), {
    status: 200,
    headers: { 'content-encoding': 'gzip', 'content-type': /javascript/, vary: /accept-encoding/i },
  })
  t.match(await call('GET', '//assets/icon-abc.svg', undefined, { 'accept-encoding': 'gzip' }), {
    status: 200,
    headers: { 'content-encoding': undefined, 'content-type': 'image/svg+xml' },
  })
})

t.test('the policy admits nothing inline and nothing from elsewhere', async (t) => {
  const { call } = await testApp(t, { webDir: built(t) })
  const { headers } = await call('GET', '//')
  const policy = String(headers['content-security-policy'])
  t.match(policy, "default-src 'self'")
  t.match(policy, "frame-ancestors 'none'")
  t.notMatch(policy, /unsafe|https?:|data:|\*/)
  t.equal(headers['strict-transport-security'], undefined)
  t.equal(headers['x-content-type-options'], 'nosniff')
})

t.test('paths that are not there are problems; nothing beside the assets comes out', async (t) => {
  const { call } = await testApp(t, { webDir: built(t) })
  for (const path of ['//assets/none.js', '//assets', '//index.html', '//none', '//assets/../index.html'])
    t.match(await call('GET', path), { status: 404, body: { code: 'NOT_FOUND' } }, path)
  for (const path of [
    '//assets/..%2findex.html',
    '//assets/%2e%2e/index.html',
    '//assets/%2e%2e%2findex.html',
  ])
    t.notMatch((await call('GET', path)).text, 'doctype', path)
  t.match(await call('POST', '//'), { status: 405, headers: { allow: 'GET, HEAD' } })
  t.match(await call('POST', '//assets/index-abc.js'), { status: 405, headers: { allow: 'GET, HEAD' } })
})

t.test('who has no token may load the page, and nothing of the API', async (t) => {
  const clock = new FakeClock()
  const tokens = new TokenBook({
    tokens: [{ name: 'desk', role: 'viewer', hash: hashToken('secret') }],
    clock,
    log: { info() {}, warn() {}, error() {} } as never,
  })
  const { call } = await testApp(t, { webDir: built(t), doors: { clock, tokens } })
  t.equal((await call('GET', '//')).status, 200)
  t.equal((await call('GET', '//assets/index-abc.js')).status, 200)
  t.equal((await call('GET', '/gateways')).status, 401)
})

t.test('without a build the page says how to make one', async (t) => {
  for (const webDir of [undefined, testFolder(t)]) {
    const { call } = await testApp(t, webDir === undefined ? {} : { webDir })
    t.match(await call('GET', '//'), {
      status: 200,
      headers: { 'content-type': /^text\/html/, 'content-security-policy': /default-src 'self'/ },
      text: /npm run build/,
    })
    t.equal((await call('GET', '//assets/index-abc.js')).status, 404)
  }
})
